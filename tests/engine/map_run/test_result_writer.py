"""ResultWriter, run by the simulator."""

from __future__ import annotations

import json
from typing import Any

from sfn_provider.engine import simulate
from sfn_provider.engine.simulation.mocks import Mocks
from tests.fixtures.machines.distributed_maps import FAIL_ON_BAD, WRITER, each, goods


def written(machine: dict[str, Any], input: Any, answers: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
    """Run a machine; the execution, and what it has written by the last part of the key."""
    mocks = Mocks.from_mapping(answers or {})
    execution = simulate(machine, input, mocks=mocks)
    return execution, {uri.rpartition("/")[2]: text for uri, text in mocks.objects.items()}


def test_results_are_exported() -> None:
    execution, files = written(each(ResultWriter=WRITER), ["a", "b"])
    arn = execution.output["MapRunArn"]
    name = arn.rpartition(":")[2]
    assert execution.output == {
        "MapRunArn": arn,
        "ResultWriterDetails": {"Bucket": "out", "Key": f"jobs/{name}/manifest.json"},
    }
    assert sorted(files) == ["SUCCEEDED_0.json", "manifest.json"]
    records = json.loads(files["SUCCEEDED_0.json"])
    assert [(record["Input"], record["Output"]) for record in records] == [('"a"', '"a"'), ('"b"', '"b"')]
    manifest = json.loads(files["manifest.json"])
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == ("out", arn)


def test_exported_failures_and_items_that_were_never_started() -> None:
    states = {**FAIL_ON_BAD, "Good": {"Type": "Wait", "Seconds": 60, "End": True}}
    execution, files = written(each(states, ResultWriter=WRITER, MaxConcurrency=3), goods(2, count=5))
    assert execution.error == "States.ExceedToleratedFailureThreshold"
    assert sorted(files) == ["FAILED_0.json", "PENDING_0.json", "manifest.json"]
    assert [record["Status"] for record in json.loads(files["FAILED_0.json"])] == ["ABORTED", "ABORTED", "FAILED"]
    assert [json.loads(record["Input"])["n"] for record in json.loads(files["PENDING_0.json"])] == [3, 4]


def test_the_output_may_be_formatted_without_an_export() -> None:
    flat = {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}
    assert simulate(each(ResultWriter=flat), [[1, 2], [3]]).output == [1, 2, 3]
    plain = {"WriterConfig": {"Transformation": "NONE", "OutputType": "JSON"}}
    (record,) = simulate(each(ResultWriter=plain), ["x"]).output
    assert (record["Output"], record["Status"]) == ('"x"', "SUCCEEDED")


def test_a_writer_that_names_no_bucket() -> None:
    writer = {**WRITER, "Parameters": {"Bucket.$": "$[0]"}}
    execution = simulate(each(ResultWriter=writer), [5])
    assert execution.error == "States.ResultWriterFailed"
