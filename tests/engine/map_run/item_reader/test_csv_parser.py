from __future__ import annotations

from dataclasses import dataclass

import pytest

from sfn_provider.engine.map_run.item_reader.csv_parser import DELIMITERS, parse_rows


@dataclass(frozen=True)
class Case:
    id: str
    text: str
    rows: list[list[str]]
    delimiter: str = ","


CASES = [
    Case("fields", "a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
    Case("no line feed at the end", "a,b\nc,d", [["a", "b"], ["c", "d"]]),
    Case("carriage returns", "a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
    Case("empty text", "", []),
    Case("empty line", "a\n\nb\n", [["a"], [""], ["b"]]),
    Case("blanks are kept", " a , b \n", [[" a ", " b "]]),
    Case("quoted delimiter", 'one,"two, three"\n', [["one", "two, three"]]),
    Case("quoted line feed", '"one\ntwo",three\n', [["one\ntwo", "three"]]),
    Case("doubled quotes inside", '"a ""b"" c"\n', [['a "b" c']]),
    Case("doubled quotes outside", 'x,{""k"":""v""}\n', [["x", '{"k":"v"}']]),
    Case("quoted JSON with an empty string", '"{""k"":""""}",""\n', [['{"k":""}', ""]]),
    Case("empty quoted field at the start", '"",b\n', [["", "b"]]),
    Case("backslash escapes delimiter", "a\\,b,c\n", [["a,b", "c"]]),
    Case("backslash escapes quote", 'a\\"b\n', [['a"b']]),
    Case("backslash escapes backslash", "C:\\\\tmp\\\\x,1\n", [["C:\\tmp\\x", "1"]]),
    Case("other backslashes vanish", "a\\qb\n", [["aqb"]]),
    Case("escaped quote before a doubled one", 'a\\\\,b""c\n', [["a\\", 'b"c']]),
    Case("single quotes mean nothing", "'a,b'\n", [["'a", "b'"]]),
    Case("tab", 'a b\t"c\td"\n', [["a b", "c\td"]], "\t"),
    Case("pipe", 'a,b|x""y""|"c|d"\n', [["a,b", 'x"y"', "c|d"]], "|"),
    Case("space", "a b\n", [["a", "b"]], " "),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_parse_rows(case: Case) -> None:
    assert list(parse_rows(case.text, case.delimiter)) == case.rows


def test_a_field_may_be_larger_than_the_csv_module_takes_by_default() -> None:
    large = "x" * 1_000_000
    assert list(parse_rows(f"{large},y\n", ",")) == [[large, "y"]]


def test_delimiters_are_one_character_each() -> None:
    assert sorted(DELIMITERS) == ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"]
    assert all(len(delimiter) == 1 for delimiter in DELIMITERS.values())
