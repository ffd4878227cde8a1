"""ItemReader, run by the simulator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.exceptions import UsageError
from tests.fixtures.machines.distributed_maps import GET_OBJECT, LIST_OBJECTS, PASS, each, event_types, reading

CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
INVENTORY = json.dumps(
    {
        "destinationBucket": "arn:aws:s3:::reports",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key",
        "files": [{"key": "1.csv.gz"}, {"key": "2.csv.gz"}],
    }
)


@dataclass(frozen=True)
class Reading:
    id: str
    reader: dict[str, Any]
    objects: dict[str, str]
    output: Any
    input: dict[str, Any] = field(default_factory=dict)


READINGS = [
    Reading("JSON", reading({"InputType": "JSON"}), {"s3://data/items": "[1, 2]"}, [1, 2]),
    Reading("JSON lines", reading({"InputType": "JSONL"}), {"s3://data/items": "1\n2\n"}, [1, 2]),
    Reading("CSV", reading(CSV), {"s3://data/items": "a,b\n1,2\n"}, [{"a": "1", "b": "2"}]),
    Reading(
        "key from the input",
        {
            "Resource": GET_OBJECT,
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "data", "Key.$": "$.which"},
        },
        {"s3://data/here": "[3]"},
        [3],
        {"which": "here"},
    ),
    Reading("MaxItems", reading(CSV | {"MaxItems": 1}), {"s3://data/items": "a\n1\n2\n"}, [{"a": "1"}]),
    Reading("MaxItems 0", reading(CSV | {"MaxItems": 0}), {"s3://data/items": "a\n1\n2\n"}, [{"a": "1"}, {"a": "2"}]),
    Reading(
        "MaxItemsPath",
        reading({"InputType": "JSON", "MaxItemsPath": "$.most"}),
        {"s3://data/items": "[1, 2, 3]"},
        [1, 2],
        {"most": 2},
    ),
    Reading(
        "MaxItemsPath to text",
        reading({"InputType": "JSON", "MaxItemsPath": "$.most"}),
        {"s3://data/items": "[1, 2, 3]"},
        [1],
        {"most": "1"},
    ),
    Reading(
        "MaxItems of an object",
        reading({"InputType": "JSON", "MaxItems": 1}),
        {"s3://data/items": '{"a": 1, "b": 2}'},
        [{"Key": "a", "Value": 1}],
    ),
    Reading(
        "objects under a prefix, flattened",
        reading({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}, LIST_OBJECTS, Prefix="in/"),
        {"s3://data/in/": "", "s3://data/in/2": "[3]", "s3://data/in/1": "[1, 2]", "s3://data/other": "[9]"},
        [1, 2, 3],
    ),
    Reading(
        "objects flattened up to MaxItems",
        reading({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN", "MaxItems": 3}, LIST_OBJECTS),
        {"s3://data/1": "[1, 2]", "s3://data/2": "[3, 4]", "s3://data/3": "no JSON"},
        [1, 2, 3],
    ),
    Reading(
        "inventory",
        reading({"InputType": "MANIFEST"}),
        {"s3://data/items": INVENTORY, "s3://reports/1.csv.gz": '"p","k1"\n', "s3://reports/2.csv.gz": '"p","k 2"\n'},
        [{"Bucket": "p", "Key": "k1"}, {"Bucket": "p", "Key": "k 2"}],
    ),
    Reading(
        "inventory by ManifestType",
        reading({"ManifestType": "S3_INVENTORY", "MaxItems": 1}),
        {"s3://data/items": INVENTORY, "s3://reports/1.csv.gz": '"p","k1"\n'},
        [{"Bucket": "p", "Key": "k1"}],
    ),
    Reading(
        "Athena manifest",
        reading({"ManifestType": "ATHENA_DATA", "InputType": "JSONL"}),
        {"s3://data/items": "s3://lake/a\ns3://lake/b\n", "s3://lake/a": "1\n", "s3://lake/b": "2\n"},
        [1, 2],
    ),
    Reading(
        "Athena manifest of CSV",
        reading(
            {
                "ManifestType": "ATHENA_DATA",
                "InputType": "CSV",
                "CSVHeaderLocation": "GIVEN",
                "CSVHeaders": ["n"],
            }
        ),
        {"s3://data/items": "s3://lake/a\n", "s3://lake/a": "1\n2\n"},
        [{"n": "1"}, {"n": "2"}],
    ),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in READINGS])
def test_item_reader(case: Reading) -> None:
    execution = simulate(each(ItemReader=case.reader), case.input, objects=case.objects)
    assert (execution.error, execution.cause) == (None, None)
    assert execution.output == case.output
    assert execution.events[2]["mapStateStartedEventDetails"] == {"length": 0}


def test_item_reader_in_jsonata() -> None:
    reader = {
        "Resource": GET_OBJECT,
        "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% $states.input.most %}"},
        "Arguments": {"Bucket": "data", "Key": "{% 'items' %}"},
    }
    machine = {"QueryLanguage": "JSONata", **each(ItemReader=reader)}
    assert simulate(machine, {"most": 2}, objects={"s3://data/items": "[1, 2, 3]"}).output == [1, 2]


def test_items_know_the_object_they_are_from() -> None:
    selector = {"at.$": "$$.Map.Item.Index", "from.$": "$$.Map.Item.Source"}
    reader = reading({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}, LIST_OBJECTS)
    objects = {"s3://data/x/1": "[7, 8]", "s3://data/x/2": "[9]"}
    assert simulate(each(ItemReader=reader, ItemSelector=selector), {}, objects=objects).output == [
        {"at": 0, "from": "S3://data/x/1"},
        {"at": 1, "from": "S3://data/x/1"},
        {"at": 2, "from": "S3://data/x/2"},
    ]
    listed = {"Resource": LIST_OBJECTS, "Parameters": {"Bucket": "data"}}
    selector = {"key.$": "$$.Map.Item.Value.Key", "from.$": "$$.Map.Item.Source"}
    assert simulate(each(ItemReader=listed, ItemSelector=selector), {}, objects=objects).output == [
        {"key": "x/1", "from": "S3://data"},
        {"key": "x/2", "from": "S3://data"},
    ]


def test_parquet_rows_come_from_a_mock() -> None:
    machine = each(ItemReader=reading({"InputType": "PARQUET"}))
    assert simulate(machine, {}, mocks={"Each": [{"Return": [{"a": 1}]}]}).output == [{"a": 1}]
    with pytest.raises(UsageError, match="state 'Each' reads the Parquet object s3://data/items"):
        simulate(machine, {})


@dataclass(frozen=True)
class Unreadable:
    id: str
    reader: dict[str, Any]
    cause: str
    content: str | None = "[1]"
    input: dict[str, Any] = field(default_factory=dict)
    language: str = "JSONPath"


UNREADABLE = [
    Unreadable("no such object", reading({"InputType": "JSON"}), "The specified key does not exist.", None),
    Unreadable("no items", reading({"InputType": "JSON"}), "Attempting to map over non-iterable node.", "1"),
    Unreadable("equal headers", reading(CSV), "CSV headers cannot contain duplicates.", "a,a\n1,2\n"),
    Unreadable(
        "negative MaxItemsPath",
        reading({"InputType": "JSON", "MaxItemsPath": "$.most"}),
        "field MaxItems must be positive",
        input={"most": -1},
    ),
    Unreadable(
        "no bucket",
        {
            "Resource": GET_OBJECT,
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket.$": "$.none", "Key": "k"},
        },
        "ItemReader/Parameters/Bucket must be text, but was 5",
        input={"none": 5},
    ),
    Unreadable(
        "no key",
        {"Resource": GET_OBJECT, "ReaderConfig": {"InputType": "JSON"}, "Arguments": "{% {'Bucket': 'b'} %}"},
        "ItemReader/Arguments must name a Key.",
        language="JSONata",
    ),
    Unreadable(
        "a prefix that is no text",
        {"Resource": LIST_OBJECTS, "Parameters": {"Bucket": "data", "Prefix.$": "$.under"}},
        'ItemReader/Parameters/Prefix must be text, but was ["a"]',
        input={"under": ["a"]},
    ),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in UNREADABLE])
def test_item_reader_fails(case: Unreadable) -> None:
    objects = {} if case.content is None else {"s3://data/items": case.content}
    execution = simulate(each(ItemReader=case.reader, QueryLanguage=case.language), case.input, objects=objects)
    assert (execution.status, execution.error) == ("FAILED", "States.ItemReaderFailed")
    assert (execution.cause or "").startswith(case.cause)
    kinds = event_types(execution)
    assert kinds[2:] == ["MapStateStarted", "MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    details = execution.events[4]["mapRunFailedEventDetails"]
    assert details == {"error": execution.error, "cause": execution.cause}


def test_a_failed_read_can_be_mocked_and_caught() -> None:
    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Sorry"}]
    machine = each(ItemReader=reading({"InputType": "JSON"}), Catch=catch, Next="Sorry")
    machine["States"]["Sorry"] = PASS
    mocks = {"Each": [{"Throw": {"Error": "S3.AccessDenied", "Cause": "no"}}]}
    execution = simulate(machine, {}, mocks=mocks)
    assert execution.output == {"Error": "States.ItemReaderFailed", "Cause": "no"}
