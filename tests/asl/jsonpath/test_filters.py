from __future__ import annotations

from dataclasses import dataclass

import pytest

from sfn_provider.asl.paths import PathNotFound, compile_path
from sfn_provider.asl.scope import Json, Scope

GOODS: Json = {
    "all": [
        {"name": "tea", "price": 3, "tags": ["hot", "leaf"], "origin": {"code": "CN"}},
        {"name": "mug", "price": 12.5, "fragile": True},
        {"name": "mat", "price": 1.5, "fragile": False, "odd-name": "x", "sold": None},
    ],
    "limit": 3,
    "wanted": "mug",
    "mixed": ["1", 1, 1.0, "one", True, None, [1], {"a": 1}],
    "numbers": [1, 2, 1.0, 1e23, 100000000000000000000000],
}


@dataclass(frozen=True)
class Case:
    condition: str
    found: list[Json]


NAMES = {
    "exists": Case("@.fragile", ["mug", "mat"]),
    "null is nothing": Case("@.sold", []),
    "not": Case("!@.fragile", ["tea"]),
    "number": Case("@.price > 2", ["tea", "mug"]),
    "number without blanks": Case("@.price>2", ["tea", "mug"]),
    "number in quotes": Case("@.price >= '12.50'", ["mug"]),
    "negative number": Case("@.price > -1e0", ["tea", "mug", "mat"]),
    "no whole number": Case("@.price == 1", []),
    "text": Case("@.name == 'mug'", ["mug"]),
    "text without quotes": Case("@.name == mug", ["mug"]),
    "text without quotes or blanks": Case("@.name==mug", ["mug"]),
    "text in double quotes has them in it": Case('@.name == "mug"', []),
    "text in order": Case("@.name >= 'mug'", ["tea", "mug"]),
    "text on the left": Case("'mug' == @.name", ["mug"]),
    "number on the left is a text that nothing compares with": Case("3 == @.price", []),
    "true": Case("@.fragile == true", ["mug"]),
    "true in quotes": Case("@.fragile == 'TRUE'", ["mug"]),
    "any other text is false": Case("@.fragile == no", ["mat"]),
    "false comes before true": Case("@.fragile < true", ["mat"]),
    "null": Case("@.sold == null", ["mat"]),
    "not null": Case("@.name != null", ["tea", "mug", "mat"]),
    "a missing member is not equal and not unequal": Case("@.sold != 1", ["mat"]),
    "everything is more than the text null": Case("@.price > null", ["tea", "mug", "mat"]),
    "null is not less": Case("@.sold < 1", []),
    "other path": Case("@.price >= $.limit", ["tea", "mug"]),
    "other path on the left": Case("$.wanted == @.name", ["mug"]),
    "a path that finds nothing": Case("@.price == $.nothing", []),
    "path to an array or object is not compared": Case("@.origin != $.limit", []),
    "same node": Case("@.origin == @.origin", ["tea"]),
    "last item": Case("@.tags[(@.length-1)] == leaf", ["tea"]),
    "and": Case("@.price > 2 && @.name == 'tea'", ["tea"]),
    "or": Case("@.price < 2 || @.name == 'tea'", ["tea", "mat"]),
    "and before or": Case("@.price < 2 || @.price > 2 && @.fragile == true", ["mug", "mat"]),
    "or before and": Case("@.price > 2 && @.fragile == true || @.price < 2", ["mug", "mat"]),
    "parentheses mean nothing": Case("(@.price < 2 || @.price > 2) && @.fragile == true", ["mug", "mat"]),
    "dash": Case("@.odd-name == 'x'", ["mat"]),
    "brackets": Case("@['odd-name'] == 'x'", ["mat"]),
    "deep": Case("@.origin.code == 'CN' && @.tags[1] == 'leaf'", ["tea"]),
    "index of what has none": Case("@.tags[5] == 'leaf'", []),
    "regular expression matches the whole": Case("@.name =~ /m.*/", ["mug", "mat"]),
    "regular expression of a part": Case("@.name =~ /m/", []),
    "regular expression in any case": Case("@.name =~ /M.T/i", ["mat"]),
    "regular expression on a number": Case("@.price =~ /\\d+\\.5/", ["mug", "mat"]),
    "regular expression on the left": Case("/t../ =~ @.name", ["tea"]),
    "$ alone tests the value": Case("$.fragile", ["mug", "mat"]),
}


@pytest.mark.parametrize("case", NAMES.values(), ids=NAMES)
def test_condition_on_objects(case: Case) -> None:
    assert compile_path(f"$.all[?({case.condition})].name").read(Scope(GOODS)) == case.found


VALUES = {
    "equal to a number": Case("@ == 1", ["1", 1, 1.0]),
    "unequal to a text": Case("@ != 'one'", []),  # which is no number, and Jayway gives up at the first one
    "equal to null": Case("@ == null", [None]),
    "exists": Case("@", ["1", 1, 1.0, "one", True, [1], {"a": 1}]),
    "matches": Case("@ =~ /1(\\.0)?/", ["1", 1, 1.0]),
}


@pytest.mark.parametrize("case", VALUES.values(), ids=VALUES)
def test_condition_on_values(case: Case) -> None:
    assert compile_path(f"$.mixed[?({case.condition})]").read(Scope(GOODS)) == case.found


FAILING = {
    "a number against a text that is none": "@.price > 'a'",
    "an index of an object": "@.origin[0] == 1",
    "several names that are not the last": "@.origin['code','x'].y == 1",
    "no regular expression on either side": "@.name =~ 'm.*'",
}


@pytest.mark.parametrize("condition", FAILING.values(), ids=FAILING)
def test_a_condition_that_jayway_fails_at_selects_nothing_at_all(condition: str) -> None:
    assert compile_path(f"$.all[?(@.name == tea || {condition})]").read(Scope(GOODS)) == []
    assert compile_path("$.all[?(@.name == tea)].name").read(Scope(GOODS)) == ["tea"]


def test_conditions_are_tested_from_the_last_one_on() -> None:
    """The last alternative fails for every item, the first one is not asked."""
    assert compile_path("$.all[?(@.price > 'a' || @.name)].name").read(Scope(GOODS)) == ["tea", "mug", "mat"]
    assert compile_path("$.all[?(@.name || @.price > 'a')].name").read(Scope(GOODS)) == []


def test_numbers_are_compared_as_decimals() -> None:
    found = compile_path("$.numbers[?(@ == 1e23)]").read(Scope(GOODS))
    assert found == [1e23, 10**23] and [type(value) for value in found] == [float, int]


def test_text_is_in_the_order_of_java() -> None:
    """U+FF5E comes before U+1F600 by code point, and after it by units of UTF-16."""
    assert compile_path("$[?(@ < '\uff5e')]").read(Scope(["\U0001f600"])) == ["\U0001f600"]


def test_an_escaped_apostrophe_in_a_text() -> None:
    assert compile_path(r"$[?(@.a == 'it\'s')]").read(Scope([{"a": "it's"}])) == [{"a": "it's"}]


def test_dollar_is_the_document_that_the_path_reads() -> None:
    scope = Scope({"max": 1}, {"Limits": {"max": 2}, "rows": [{"n": 1}, {"n": 2}]}, {"rows": [{"n": 3}], "max": 3})
    assert compile_path("$$.rows[?(@.n == $.Limits.max)]").read(scope) == [{"n": 2}]
    assert compile_path("$rows[?(@.n == $.max)]").read(scope) == [{"n": 3}]


def test_a_regular_expression_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfn_provider.asl.jsonpath.filters.MAX_SECONDS", 0.01)
    with pytest.raises(PathNotFound, match=r"longer than 0\.01 s"):
        compile_path("$[?(@ =~ /(a|aa)+b/)]").read(Scope(["a" * 60]))
