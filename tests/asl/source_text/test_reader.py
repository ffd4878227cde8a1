from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.source_text.json_positions import scan_positions
from sfn_provider.asl.source_text.reader import MAX_DEPTH, MAX_SIZE, parse_source


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    value: Any
    codes: list[str] = field(default_factory=list)


READABLE = [
    Case("plain JSON", '{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
    Case("byte order mark", '\ufeff{"a": 1}', {"a": 1}),
    Case("line comment", '{"a": 1 // one\n}', {"a": 1}, ["JSON_COMMENT"]),
    Case("comment before the object", '// head\n{"a": 1}', {"a": 1}, ["JSON_COMMENT"]),
    Case("block comment", '/* x\ny */ {"a": /* z */ 1}', {"a": 1}, ["JSON_COMMENT"]),
    Case("comment signs in a string", '{"a": "http://x/*y*/"}', {"a": "http://x/*y*/"}),
    Case("comment beside such a string", '{"a": "b//c" // d\n}', {"a": "b//c"}, ["JSON_COMMENT"]),
    Case("escaped quote before a comment sign", '{"a": "\\"//" /**/}', {"a": '"//'}, ["JSON_COMMENT"]),
    Case("trailing commas", '{"a": [1, 2,], }', {"a": [1, 2]}, ["JSON_TRAILING_COMMA"]),
    Case("comma in a string", '{"a": ",}"}', {"a": ",}"}),
    Case("comma, comment, bracket", '{"a": [1, // one\n]}', {"a": [1]}, ["JSON_COMMENT", "JSON_TRAILING_COMMA"]),
    Case("YAML", "a:\n  - 1\n  - b: ~\n", {"a": [1, {"b": None}]}),
    Case(
        "YAML words that 1.1 takes for booleans",
        "a: yes\nb: on\nc: n\nd: true",
        {"a": "yes", "b": "on", "c": "n", "d": True},
    ),
    Case("YAML date", "a: 2030-01-02\nb: 2030-01-02T03:04:05Z", {"a": "2030-01-02", "b": "2030-01-02T03:04:05Z"}),
    Case(
        "YAML numbers",
        "a: 012\nb: 0o17\nc: 0x1f\nd: 1_000\ne: 1.5e3\nf: .5",
        {"a": 12, "b": 15, "c": 31, "d": "1_000", "e": 1500.0, "f": 0.5},
    ),
    Case("YAML base 60", "a: 12:30:45", {"a": "12:30:45"}),
    Case("YAML quoted", "a: '1'\nb: \"true\"\nc: |\n  null\n", {"a": "1", "b": "true", "c": "null\n"}),
    Case("YAML explicit tags", "a: !!str 12\nb: !!int '12'", {"a": "12", "b": 12}),
    Case("YAML names that are no strings", "1: a\ntrue: b\nnull: c", {"1": "a", "true": "b", "null": "c"}),
    Case("YAML anchor and alias", "a: &x {n: 1}\nb: *x", {"a": {"n": 1}, "b": {"n": 1}}),
    Case("YAML after a document mark", "--- # start\na: 1\n", {"a": 1}),
    Case("YAML with CRLF", "a: 1\r\nb:\r\n  c: 2\r\n", {"a": 1, "b": {"c": 2}}),
    Case("YAML flow style inside", "a: {b: [c, 'd']}", {"a": {"b": ["c", "d"]}}),
]


@pytest.mark.parametrize("case", READABLE, ids=lambda case: case.name)
def test_readable_text(case: Case) -> None:
    document = parse_source(case.text)
    assert document.value == case.value
    assert [diagnostic.code for diagnostic in document.diagnostics] == case.codes
    assert all(diagnostic.level == "warning" for diagnostic in document.diagnostics)


@dataclass(frozen=True)
class Refused:
    name: str
    source: Any
    code: str
    words: str
    place: tuple[int | None, int | None] = (None, None)
    location: str = ""


REFUSED = [
    Refused("empty", "", "MISSING_DESCRIPTION", "empty", (1, 1)),
    Refused("blank", " \r\n\t", "SCHEMA_VALIDATION_FAILED", "empty", (1, 1)),
    Refused("comment alone", "// nothing", "SCHEMA_VALIDATION_FAILED", "empty", (1, 1)),
    Refused("a list", "[1]", "SCHEMA_VALIDATION_FAILED", "not a list", (1, 1)),
    Refused("a JSON string", '"x"', "SCHEMA_VALIDATION_FAILED", "not a string", (1, 1)),
    Refused("a number", "7", "SCHEMA_VALIDATION_FAILED", "not a number", (1, 1)),
    Refused("words", "no definition at all", "INVALID_JSON_DESCRIPTION", "not a string", (1, 1)),
    Refused("a file name", "machines/order.asl.json", "INVALID_JSON_DESCRIPTION", "looks like a file name", (1, 1)),
    Refused("null as source", None, "SCHEMA_VALIDATION_FAILED", "not null"),
    Refused("a list as source", [], "SCHEMA_VALIDATION_FAILED", "not a list"),
    Refused("bytes as source", b"{}", "SCHEMA_VALIDATION_FAILED", "a Python bytes"),
    Refused("missing comma", '{\n "a": 1\n "b": 2}', "INVALID_JSON_DESCRIPTION", "',' delimiter", (3, 2)),
    Refused("cut off", '{"a": ', "INVALID_JSON_DESCRIPTION", "the end of the text", (1, 7)),
    Refused("single quotes", "{'a': 1}", "INVALID_JSON_DESCRIPTION", "double quotes", (1, 2)),
    Refused("Python words", '{"a": True}', "INVALID_JSON_DESCRIPTION", "true, false and null", (1, 7)),
    Refused("names without quotes", "{a: 1}", "INVALID_JSON_DESCRIPTION", "field names", (1, 2)),
    Refused("error behind comments", '// x\n{"a" 1}', "INVALID_JSON_DESCRIPTION", "':' delimiter", (2, 6)),
    Refused("unclosed block comment", '{"a": 1} /* x', "INVALID_JSON_DESCRIPTION", "extra data", (1, 10)),
    Refused("NaN", '{"a": NaN}', "INVALID_JSON_DESCRIPTION", "NaN is no JSON number", (1, 7)),
    Refused("number beyond doubles", '{"a":\n 1e999}', "SCHEMA_VALIDATION_FAILED", "inf", (1, 2), "/a"),
    Refused("very long integer", '{"a": ' + "9" * 5000 + "}", "INVALID_JSON_DESCRIPTION", "digits", (1, 1)),
    Refused("broken YAML", "a: [1\nb: 2", "INVALID_JSON_DESCRIPTION", "neither JSON nor YAML", (2, 2)),
    Refused("YAML control character", "a: \x01", "INVALID_JSON_DESCRIPTION", "neither JSON nor YAML", (1, 1)),
    Refused("YAML tag", "a: 1\nb: !Sub x", "INVALID_JSON_DESCRIPTION", "!Sub", (2, 4)),
    Refused("YAML wrong tag", "a: !!int x", "INVALID_JSON_DESCRIPTION", "'x' is no int", (1, 4)),
    Refused(
        "YAML repeated field",
        "a: 1\nb:\n  c: 1\n  c: 2",
        "INVALID_JSON_DESCRIPTION",
        "'c' stands twice",
        (4, 3),
        "/b/c",
    ),
    Refused("YAML two documents", "a: 1\n---\nb: 2", "INVALID_JSON_DESCRIPTION", "more than one document", (2, 1)),
    Refused("YAML name that is a list", "? [a]\n: 1", "INVALID_JSON_DESCRIPTION", "a field name must be", (1, 3)),
    Refused("YAML alias of itself", "a: &x [*x]", "INVALID_JSON_DESCRIPTION", "*x", (1, 8)),
    Refused("YAML alias without anchor", "a: *x", "INVALID_JSON_DESCRIPTION", "*x", (1, 4)),
    Refused("name that is no string", {"a": {1: 2}}, "SCHEMA_VALIDATION_FAILED", "not a string", location="/a"),
    Refused("a set inside", {"a": [{1}]}, "SCHEMA_VALIDATION_FAILED", "a Python set", location="/a/0"),
    Refused("huge integer", {"a": 10**400}, "SCHEMA_VALIDATION_FAILED", "too large", location="/a"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refused(case: Refused) -> None:
    document = parse_source(case.source)
    assert document.value is None
    (found,) = document.diagnostics
    assert (found.level, found.code, found.location) == ("error", case.code, case.location)
    assert case.words in found.message
    assert (found.line, found.column) == case.place


def test_alias_bomb() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (found,) = parse_source("\n".join(lines)).diagnostics
    assert "aliases stand for more than" in found.message


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 50_000 + "1" + "}" * 50_000, '{"a":' * 500 + "1" + "}" * 500, "- " * 5_000 + "x"],
    ids=["deep JSON", "somewhat deep JSON", "deep YAML"],
)
def test_deep_text(text: str) -> None:
    (found,) = parse_source(text).diagnostics
    assert found.code == "TOO_DEEPLY_NESTED"
    assert str(MAX_DEPTH) in found.message


def test_deep_object() -> None:
    value: dict[str, Any] = {}
    for _ in range(10_000):
        value = {"a": value}
    (found,) = parse_source(value).diagnostics
    assert (found.code, found.location) == ("TOO_DEEPLY_NESTED", "/a" * MAX_DEPTH)


def test_nesting_up_to_the_limit() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = {"a": value}
    assert parse_source(value).diagnostics == ()


@pytest.mark.parametrize("size, accepted", [(MAX_SIZE, True), (MAX_SIZE + 1, False)])
def test_size(size: int, accepted: bool) -> None:
    text = json.dumps({"Comment": ""}, separators=(",", ":"))
    text = text.replace('""', f'"{"x" * (size - len(text))}"')
    assert len(text) == size
    codes = [diagnostic.code for diagnostic in parse_source(text).diagnostics]
    assert codes == ([] if accepted else ["DEFINITION_TOO_LARGE"])
    assert [entry.code for entry in parse_source(json.loads(text)).diagnostics] == codes


def test_blanks_do_not_count_for_the_size() -> None:
    assert parse_source('{"a": 1' + " " * MAX_SIZE + "}").diagnostics == ()


def test_duplicate_fields_are_errors_where_they_stand() -> None:
    document = parse_source('{"a": 1,\n "States": {"x": {}, "x": {}},\n "a": 2}')
    assert document.value == {"a": 2, "States": {"x": {}}}
    assert document.diagnostics == (
        Diagnostic("error", "DUPLICATE_STATE_NAME", "two states are named 'x'; rename one", "/States/x", 2, 22),
        Diagnostic(
            "error",
            "INVALID_JSON_DESCRIPTION",
            "the field 'a' stands twice in the same object, and only one can count; remove one",
            "/a",
            3,
            2,
        ),
    )


JSON_TEXT = """\
// machine
{
  "a": [10, {"b~/c": "x"}],   /* here */
  "d": {"": true, "é": [ ]},
}"""
YAML_TEXT = "# machine\na:\n- 10\n- b~/c: x\n  d: 1\ne: [1, {f: 2}]\n"


@pytest.mark.parametrize(
    "text, location, place",
    [
        (JSON_TEXT, "", (2, 1)),
        (JSON_TEXT, "/a", (3, 3)),
        (JSON_TEXT, "/a/0", (3, 9)),
        (JSON_TEXT, "/a/1", (3, 13)),
        (JSON_TEXT, "/a/1/b~0~1c", (3, 14)),
        (JSON_TEXT, "/d/", (4, 9)),
        (JSON_TEXT, "/d/é", (4, 19)),
        (JSON_TEXT, "/d/é/7/x", (4, 19)),
        (JSON_TEXT, "/missing", (2, 1)),
        (JSON_TEXT.replace("\n", "\r\n"), "/a/1", (3, 13)),
        ("\ufeff" + JSON_TEXT, "", (2, 1)),
        (YAML_TEXT, "", (2, 1)),
        (YAML_TEXT, "/a", (2, 1)),
        (YAML_TEXT, "/a/0", (3, 3)),
        (YAML_TEXT, "/a/1/b~0~1c", (4, 3)),
        (YAML_TEXT, "/a/1/d", (5, 3)),
        (YAML_TEXT, "/e/1/f", (6, 9)),
        (YAML_TEXT, "/e/1/missing", (6, 8)),
    ],
)
def test_locate(text: str, location: str, place: tuple[int, int]) -> None:
    assert parse_source(text).locate(location) == place


def test_object_has_no_lines() -> None:
    assert parse_source({"a": 1}).locate("/a") is None


def test_every_value_of_a_large_text_is_found() -> None:
    value = {f"key {n}": [n, {"x": "y" * 40}, None] for n in range(15_000)}
    text = json.dumps(value, indent=1)
    assert len(text) > 1_048_576
    positions, duplicates = scan_positions(text)
    assert duplicates == []
    assert len(positions) == 1 + 5 * len(value)
    assert text[positions["/key 14999/1/x"] :].startswith('"x"')
