from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from tests.asl.intrinsics.intrinsic_calls import Case, evaluate


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


ANSWERS = {
    "format": Case("States.Format('{} has {}', $.a, $.b)", {"a": "Ann", "b": 3}, "Ann has 3"),
    "format without a place": Case("States.Format('plain')", None, "plain"),
    "format nothing": Case("States.Format('')", None, ""),
    "format only places": Case("States.Format('{}{}', 1, 2)", None, "12"),
    "format scalars": Case("States.Format('{} {} {} {}', null, true, 2.50, 1e7)", None, "null true 2.5 1.0E7"),
    "format an object": Case("States.Format('<{}>', $)", {"a": {"b": [1, "x", None]}}, "<{a={b=[1, x, null]}}>"),
    "format escapes in the template": Case(r"States.Format('\{{}\} \'{}\' \\', 1, 2)", None, "{1} '2' \\"),
    "format escapes in an argument": Case(r"States.Format('{}', 'it\'s \{\}')", None, "it's {}"),
    "format does not read places in an argument": Case("States.Format('{}', '{}')", None, "{}"),
    "format a template from the data": Case("States.Format($.t, 5)", {"t": "no. {}"}, "no. 5"),
    "format escapes in the data": Case("States.Format($.t, 5)", {"t": r"\{{}\} c:\temp"}, r"{5} c:\temp"),
    "split": Case("States.StringSplit($, '-')", "a-b-c", ["a", "b", "c"]),
    "split at every one of several": Case("States.StringSplit($, '-_ ')", "a-b_c d", ["a", "b", "c", "d"]),
    "split drops empty pieces": Case("States.StringSplit($, '-')", "-a--b-", ["a", "b"]),
    "split of separators only": Case("States.StringSplit($, '-')", "---", []),
    "split of nothing": Case("States.StringSplit($, '-')", "", []),
    "split at nothing": Case("States.StringSplit($, '')", "abc", ["abc"]),
    "split at what is special elsewhere": Case("States.StringSplit($, '.|^')", "a.b|c^d", ["a", "b", "c", "d"]),
    "base64": Case("States.Base64Encode($)", "smörgås ✓", base64.b64encode("smörgås ✓".encode()).decode()),
    "base64 of nothing": Case("States.Base64Encode($)", "", ""),
    "base64 back": Case("States.Base64Decode($)", "c23DtnJnw6Vz", "smörgås"),
    "base64 back of nothing": Case("States.Base64Decode($)", "", ""),
    "base64 back without padding": Case("States.Base64Decode($)", "YWI", "ab"),
    "base64 back around blanks": Case("States.Base64Decode($)", " YW Jj\n", "abc"),
    "base64 back skips what it does not know": Case("States.Base64Decode($)", "!YW?Jj", "abc"),
    "base64 back ends at padding": Case("States.Base64Decode($)", "YWI=YWI=", "ab"),
    "base64 back of one letter": Case("States.Base64Decode($)", "Y", ""),
    "base64 back of the alphabet for addresses": Case("States.Base64Decode($)", "Pz8_Pj4-", "???>>>"),
    "base64 back of what is no text": Case("States.Base64Decode($)", "/w==", "\ufffd"),
    "hash": Case("States.Hash($, 'MD5')", "tea", md5("tea")),
    "hash of a number": Case("States.Hash($, 'MD5')", 12, md5("12")),
    "hash of an object": Case("States.Hash($, 'MD5')", {"a": 1}, md5("{a=1}")),
    "hash sha-1": Case("States.Hash('tea', 'SHA-1')", None, hashlib.sha1(b"tea").hexdigest()),
    "hash sha-256": Case("States.Hash('tea', 'SHA-256')", None, hashlib.sha256(b"tea").hexdigest()),
    "hash sha-384": Case("States.Hash('tea', 'SHA-384')", None, hashlib.sha384(b"tea").hexdigest()),
    "hash sha-512": Case("States.Hash('tea', 'SHA-512')", None, hashlib.sha512(b"tea").hexdigest()),
    "merge": Case(
        "States.JsonMerge($.a, $.b, false)", {"a": {"x": 1, "y": 1}, "b": {"y": 2, "z": 2}}, {"x": 1, "y": 2, "z": 2}
    ),
    "merge is shallow": Case(
        "States.JsonMerge($.a, $.b, false)", {"a": {"x": {"p": 1}}, "b": {"x": {"q": 2}}}, {"x": {"q": 2}}
    ),
    "merge takes other flags for false": Case("States.JsonMerge($, $, 'no')", {"x": 1}, {"x": 1}),
    "json": Case("States.StringToJson($)", ' {"a": [1, 2.5, null, "ü"]} ', {"a": [1, 2.5, None, "ü"]}),
    "json of nothing": Case("States.StringToJson($)", "", None),
    "json of a blank": Case("States.StringToJson($)", " ", None),
    "json of a scalar": Case("States.StringToJson('true')", None, True),
    "to json": Case(
        "States.JsonToString($)", {"b": [1, 2.5, None], "a": 'say "ü"'}, '{"b":[1,2.5,null],"a":"say \\"ü\\""}'
    ),
    "to json of doubles": Case("States.JsonToString($)", [1e7, 1e-5, 10000000], "[1.0E7,1.0E-5,10000000]"),
    "to json of text": Case("States.JsonToString('x')", None, '"x"'),
}


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS)
def test_answer(case: Case) -> None:
    found = evaluate(case.call, case.input)
    assert found == case.value
    assert type(found) is type(case.value)


REFUSED = {
    "format of a number": Case("States.Format($)", 5),
    "split of a number": Case("States.StringSplit($, ',')", 5),
    "split of null": Case("States.StringSplit($, ',')", None),
    "split at a number": Case("States.StringSplit('a', $)", 1),
    "base64 of a number": Case("States.Base64Encode($)", 5),
    "base64 of too much": Case("States.Base64Encode($)", "a" * 10_001),
    "base64 back of an object": Case("States.Base64Decode($)", {}),
    "base64 back of too much": Case("States.Base64Decode($)", "A" * 10_001),
    "hash of too much": Case("States.Hash($, 'MD5')", "a" * 10_001),
    "hash by an unknown algorithm": Case("States.Hash('a', 'CRC32')", None),
    "hash by an algorithm without its dash": Case("States.Hash('a', 'SHA256')", None),
    "hash by an algorithm in small letters": Case("States.Hash('a', 'md5')", None),
    "hash by a list": Case("States.Hash('a', $)", ["MD5"]),
    "merge in depth": Case("States.JsonMerge($, $, true)", {}),
    "merge of an array": Case("States.JsonMerge($.a, $.b, false)", {"a": [], "b": {}}),
    "merge with null": Case("States.JsonMerge($.a, $.b, false)", {"a": {}, "b": None}),
    "json of a number": Case("States.StringToJson($)", 5),
    "json of an object": Case("States.StringToJson($)", {"a": 1}),
    "json that is none": Case("States.StringToJson($)", "{a: 1}"),
    "json that ends early": Case("States.StringToJson($)", '{"a": 1'),
    "json without a number": Case("States.StringToJson($)", "NaN"),
    "json nested too deep": Case("States.StringToJson($)", "[" * 100_000),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refusal(case: Case) -> None:
    name = case.call.split("(")[0]
    with pytest.raises(StatesError, match=f"Invalid arguments in {name}$"):
        evaluate(case.call, case.input)


COUNTS = "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}."
OPEN = "Invalid template in States.Format: matching '}' not found for '{'."
CLOSED = "Invalid template in States.Format: matching '{' not found for '}'."
TEMPLATES = {
    "too few": ("States.Format('{} {}', 1)", COUNTS),
    "too many": ("States.Format('{}', 1, 2)", COUNTS),
    "none wanted": ("States.Format('x', 1)", COUNTS),
    "open brace": ("States.Format('a { b', 1)", OPEN),
    "word in braces": ("States.Format('{name}', 1)", OPEN),
    "brace in braces": ("States.Format('{{}}', 1)", OPEN),
    "closing brace": ("States.Format('a } b')", CLOSED),
    "escaped opening brace": (r"States.Format('\{}', 1)", CLOSED),
}


@pytest.mark.parametrize(("call", "detail"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_wrong_template_fails_when_it_runs(call: str, detail: str) -> None:
    with pytest.raises(StatesError) as caught:
        evaluate(call)
    assert caught.value.cause == f"The function '{call}' had the following error: {detail}"


def test_longest_texts() -> None:
    longest = "a" * 10_000
    assert evaluate("States.Base64Decode(States.Base64Encode($.a))", {"a": "a" * 7_500}) == "a" * 7_500
    assert len(evaluate("States.Base64Encode($)", longest)) == 13_336
    assert evaluate("States.Hash($, 'MD5')", longest) == md5(longest)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_json_there_and_back(value: Json) -> None:
    assert evaluate("States.StringToJson(States.JsonToString($))", value) == value


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_base64_there_and_back(value: str) -> None:
    assert evaluate("States.Base64Decode(States.Base64Encode($))", value) == value


@given(st.lists(st.text(st.characters(exclude_characters="{}\\"))), st.text(st.characters(exclude_characters="{}\\")))
def test_format_fills_its_places_in_order(values: list[str], between: str) -> None:
    data = {"template": between.join(["{}"] * len(values)), "values": values}
    places = "".join(f", $.values[{index}]" for index in range(len(values)))
    assert evaluate(f"States.Format($.template{places})", data) == between.join(values)


@given(st.text("ab,;", max_size=12), st.text(",;", min_size=1, max_size=2))
def test_split_gives_what_is_between_separators(value: str, separators: str) -> None:
    pieces = evaluate("States.StringSplit($.v, $.s)", {"v": value, "s": separators})
    assert all(pieces)
    assert "".join(pieces) == "".join(char for char in value if char not in separators)


@pytest.mark.parametrize(
    "expression",
    [
        f"States.Format('{'{}' * 300}'{', $.a' * 300})",
        f"States.JsonToString(States.Array($.a{', $.a' * 300}))",
        f"States.ArrayContains(States.Array($.a{', $.a' * 300}), 1)",
        f"States.ArrayUnique(States.Array($.a{', $.a' * 300}))",
        f"States.Hash(States.Array($.a{', $.a' * 300}), 'MD5')",
    ],
    ids=["Format", "JsonToString", "ArrayContains", "ArrayUnique", "Hash"],
)
def test_a_text_that_would_be_very_long_is_not_made(expression: str) -> None:
    with pytest.raises(StatesError, match="too large"):
        evaluate(expression, {"a": "x" * 200_000})
