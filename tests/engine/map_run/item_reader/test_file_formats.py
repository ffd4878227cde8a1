from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.asl.model import ReaderConfig
from sfn_provider.engine.map_run.item_reader.chunk_parser import read_dataset
from sfn_provider.exceptions import StatesError
from sfn_provider.text_files import TOO_MANY_DIGITS


@dataclass(frozen=True)
class Case:
    id: str
    content: Any
    config: dict[str, Any] = field(default_factory=dict)
    items: Any = None
    headers: list[str] | None = None


CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
GIVEN = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["id", "name"]}
JSON = {"InputType": "JSON"}
LINES = {"InputType": "JSONL"}

CASES = [
    Case("JSON array", '[1, {"a": null}]', JSON, [1, {"a": None}]),
    Case("JSON object", '{"north": 1, "south": 2}', JSON, {"north": 1, "south": 2}),
    Case("JSON without a ReaderConfig", "[true]", {}, [True]),
    Case("JSON that was parsed already", [1, 2], JSON, [1, 2]),
    Case("pointer to an array", '{"shop": {"shelf": [3, 4]}}', JSON | {"ItemsPointer": "/shop/shelf"}, [3, 4]),
    Case("pointer to an object", '{"a/b": {"x~y": {"k": 1}}}', JSON | {"ItemsPointer": "/a~1b/x~0y"}, {"k": 1}),
    Case("pointer through an array", "[[1], [2, 3]]", JSON | {"ItemsPointer": "/1"}, [2, 3]),
    Case("empty pointer", "[5]", JSON | {"ItemsPointer": ""}, [5]),
    Case("JSON lines", '{"n": 1}\n[2]\n\n"three"\n', LINES, [{"n": 1}, [2], "three"]),
    Case("a line separator inside a JSON line", '{"t": "a\u2028b"}\r\n', LINES, [{"t": "a\u2028b"}]),
    Case("CSV", "id,name\n1,ann\n", CSV, [{"id": "1", "name": "ann"}]),
    Case("CSV with given headers", "1,ann\n2,bob\n", GIVEN, [{"id": "1", "name": "ann"}, {"id": "2", "name": "bob"}]),
    Case("CSV with a short row", "id,name\n1\n", CSV, [{"id": "1", "name": ""}]),
    Case("CSV with a long row", "id,name\n1,ann,x,y\n", CSV, [{"id": "1", "name": "ann"}]),
    Case("CSV with an empty line", "id,name\n\n2,bob\n", CSV, [{"id": "", "name": ""}, {"id": "2", "name": "bob"}]),
    Case("CSV of no rows", "", CSV, []),
    Case("CSV of headers alone", "id,name\n", CSV, []),
    Case("CSV with semicolons", "id;name\n1;a,b\n", CSV | {"CSVDelimiter": "SEMICOLON"}, [{"id": "1", "name": "a,b"}]),
    Case("CSV of a manifest", "1,ann\n", {"InputType": "MANIFEST"}, [{"Key": "1", "Size": "ann"}], ["Key", "Size"]),
    Case("headers given beside a manifest", "1,ann\n", GIVEN, [{"id": "1", "name": "ann"}], ["Key", "Size"]),
    Case("Parquet rows", [{"a": 1}], {"InputType": "PARQUET"}, [{"a": 1}]),
]

FAILURES = [
    Case("JSON text", '"text"', JSON, "Attempting to map over non-iterable node."),
    Case("JSON null", "null", JSON, "Attempting to map over non-iterable node."),
    Case("no JSON", "[1,", JSON, "The object is not valid JSON: "),
    Case("JSON with NaN", "[NaN]", JSON, "The object is not valid JSON: NaN"),
    *(
        Case(f"{name} in {text}", text.format(value), {"InputType": kind}, f"{place} is not valid JSON: {problem}")
        for name, value, problem in (
            ("a double too large", "1e999", "1e999 is too large for a number"),
            ("an integer too long", "1" * 4_301, TOO_MANY_DIGITS),
        )
        for kind, place, text in (
            ("JSON", "The object", "[{}]"),
            ("JSON", "The object", '{{"a": {}}}'),
            ("JSONL", "Line 1", "{}"),
        )
    ),
    Case("a line that is no JSON", "1\n{\n", LINES, "Line 2 is not valid JSON: "),
    Case(
        "pointer to nothing",
        '{"a": {}}',
        JSON | {"ItemsPointer": "/a/b"},
        "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON structure.",
    ),
    Case(
        "pointer beyond an array",
        "[[]]",
        JSON | {"ItemsPointer": "/1"},
        "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON structure.",
    ),
    Case("pointer to a number", '{"a": 1}', JSON | {"ItemsPointer": "/a"}, "Attempting to map over non-iterable node."),
    Case("equal headers", "id,id\n1,2\n", CSV, "CSV headers cannot contain duplicates."),
    Case("no header location", "1,2\n", {"InputType": "CSV"}, "ReaderConfig.CSVHeaderLocation must be FIRST_ROW"),
    Case("a field too long", f"id\n{'x' * 8_388_609}", CSV, "The object is not valid CSV: field larger"),
    Case("unknown delimiter", "1\n", CSV | {"CSVDelimiter": "DOT"}, "ReaderConfig.CSVDelimiter 'DOT' is none of COMMA"),
    Case(
        "unknown type", "1\n", {"InputType": "XML"}, "ReaderConfig.InputType 'XML' is none of CSV, JSON, JSONL, PARQUET"
    ),
    Case("Parquet as text", "PAR1", {"InputType": "PARQUET"}, "A Parquet object must be answered with the list"),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
def test_read_dataset(case: Case) -> None:
    config = ReaderConfig.model_validate(case.config)
    assert read_dataset(case.content, config, case.headers) == case.items


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in FAILURES])
def test_read_dataset_fails(case: Case) -> None:
    with pytest.raises(StatesError) as failure:
        read_dataset(case.content, ReaderConfig.model_validate(case.config), case.headers)
    assert failure.value.error == "States.ItemReaderFailed"
    assert (failure.value.cause or "").startswith(case.items)
