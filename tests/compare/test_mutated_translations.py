"""Small edits of emitted DAGs, of both styles: each is found, by the kind of finding that fits it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.model import StateMachine
from sfn_provider.compare.airflow.runner import AirflowRunFailed
from sfn_provider.compare.calls.call_findings import FindingKind
from sfn_provider.compare.dag_comparison import compare_cases, make_mocks
from sfn_provider.engine import Mocks

GOLDEN = Path(__file__).parents[1] / "golden"


@dataclass(frozen=True)
class Mutation:
    """An edit of a golden file.

    Args:
        name: what is done.
        file: the golden machine and its file.
        old: the text that is replaced, once or wherever it stands.
        new: the text in its place.
        case: the made case that shows it.
        kind: the kind of a finding, or that the file is refused.
        text: what its sentence contains, or the reason.
    """

    name: str
    file: str
    old: str
    new: str
    case: str
    kind: FindingKind | Literal["does not import"]
    text: str


IMPORT: Literal["does not import"] = "does not import"
NATIVE, EXACT = "parcel_routing/native.py", "parcel_routing/dag.py"
NATIVE_LOOP, EXACT_LOOP = "export_polling/native.py", "export_polling/dag.py"

MUTATIONS = (
    Mutation("a dropped edge", NATIVE, "[night_train_task, freight_task] >> ", "night_train_task >> ", "Freight",
             "missing call", "State Customs calls lambda Invoke"),
    Mutation("swapped branches", NATIVE, 'return "Van"', 'return "Night_train"', "Zone", "unexpected call",
             "Task Customs calls lambda Invoke"),
    Mutation("a bound that does not count itself", NATIVE, '["kilograms"] <= 2', '["kilograms"] < 2', "Label",
             "different outcome", "task Zone failed: KeyError"),
    Mutation("another function", NATIVE, "function_name=DECLARE", "function_name=LABEL", "NightTrain",
             "different parameter", 'FunctionName is "declare" in the machine, "label" in the DAG'),
    Mutation("a renamed field", NATIVE, 'params["country"]', 'params["land"]', "Zone", "different outcome",
             "task Zone failed: KeyError"),
    Mutation("another value", NATIVE, 'return "van"', 'return "truck"', "Zone", "different parameter",
             'Payload.service is "van" in the machine, "truck" in the DAG'),
    Mutation("another error is handled", NATIVE, '"Customs.Forbidden"', '"Customs.Closed"', "ReturnToSender",
             "missing call", "State Label calls lambda Invoke"),
    Mutation("every error is handled", NATIVE,
             'raise AirflowFailException(f"No handler is for the error of Customs: {error}")',
             'return "Return_to_sender"', "CustomsThrowsUnexpectedError", "unexpected call",
             "Task Label calls lambda Invoke"),
    Mutation("another trigger rule", NATIVE, 'task_id="Label_payload", trigger_rule="one_success"',
             'task_id="Label_payload"', "Label", "missing call", "State Label calls lambda Invoke"),
    Mutation("nobody keeps the error", NATIVE, "        on_failure_callback=push_error,\n", "", "ReturnToSender",
             "missing call", "State Label calls lambda Invoke"),
    Mutation("a reversed condition", NATIVE, "if customs is not None", "if customs is None", "Freight",
             "different parameter", "Payload.declaration is {} in the machine, missing in the DAG"),
    Mutation("an edge less before the last task", NATIVE, "label_payload_task >> label\n", "label_payload_task\n",
             "Label", "different parameter", "Payload"),
    Mutation("a dropped edge", EXACT, "    freight >> customs\n", "", "Freight", IMPORT,
             "no edge leads to its task: add Freight >> Customs"),
    Mutation("a higher bound", EXACT, '"NumericLessThanEquals": 2,', '"NumericLessThanEquals": 3,', "NightTrain",
             "missing call", "State Customs calls lambda Invoke"),
    Mutation("another way, without mocks", EXACT, '"StringEquals": "CH"', '"StringEquals": "CHE"', "Zone",
             "unexpected call", "Task Customs calls lambda Invoke"),
    Mutation("another function", EXACT, "function:declare", "function:label", "NightTrain", "different parameter",
             'FunctionName is "declare" in the machine, "label" in the DAG'),
    Mutation("a skipped state", EXACT, '"train",\n        next="Customs"', '"train",\n        next="Label"',
             "NightTrain", IMPORT, "add Night_train >> Label"),
    Mutation("every error is handled", EXACT, '"ErrorEquals": ["Customs.Forbidden"]', '"ErrorEquals": ["States.ALL"]',
             "CustomsThrowsUnexpectedError", "unexpected call", "Task Label calls lambda Invoke"),
    Mutation("another value", EXACT, 'result="van"', 'result="truck"', "Zone", "different parameter",
             'Payload.service is "van" in the machine, "truck" in the DAG'),
    Mutation("another path", EXACT, 'result_path="$.declaration"', 'result_path="$.papers"', "NightTrain",
             "different parameter", "Payload.declaration is {} in the machine, missing in the DAG"),
    Mutation("another bucket", NATIVE_LOOP, 'S3Bucket="exports"', 'S3Bucket="export"', "Exported",
             "different parameter", 'S3Bucket is "exports" in the machine, "export" in the DAG'),
    Mutation("no retries", NATIVE_LOOP, "stop_after_attempt(3)", "stop_after_attempt(1)", "LookRetryHelps",
             "different outcome", "task Wait_a_minute failed"),
    Mutation("a failure that is an end", NATIVE_LOOP, '"Export failed": "Export_failed"', '"Export failed": None',
             "ExportFailed", "different outcome", "The execution ends as FAILED by ExportFailed"),
    Mutation("a failure for a success", NATIVE_LOOP, '"next": "Exported"', '"next": "Export failed"', "Exported",
             "different outcome", "task Export_failed failed"),
    Mutation("a retry less", EXACT_LOOP, '"MaxAttempts": 2', '"MaxAttempts": 1', "LookRetryFails", "different state",
             "State Look differs"),
    Mutation("a shorter loop", EXACT_LOOP, '"Default": "Wait a minute"', '"Default": "Look"', "WaitAMinuteTwoTurns",
             "different state", "State Wait a minute differs"),
    Mutation("another error", EXACT_LOOP, 'error="ExportFailed"', 'error="Exported"', "ExportFailed",
             "different failure", "error: 'ExportFailed' on Step Functions, 'Exported' on Airflow"),
)  # fmt: skip

SAMPLE = MUTATIONS if "SFN_PROVIDER_ALL_MUTATIONS" in os.environ else MUTATIONS[::3]
"""A third of them: each runs a DAG; ``make properties`` tries all."""


@cache
def machine_of(name: str) -> tuple[StateMachine, dict[str, Mocks]]:
    """A golden machine, and the cases that are made for it."""
    machine = parse((GOLDEN / name / "machine.asl.json").read_text(encoding="utf-8"))
    return machine, make_mocks(machine)


@pytest.mark.parametrize("mutation", SAMPLE, ids=lambda mutation: f"{mutation.file}: {mutation.name}")
def test_an_edit_is_found(mutation: Mutation, tmp_path: Path) -> None:
    source = (GOLDEN / mutation.file).read_text(encoding="utf-8")
    assert mutation.old in source
    mutated = tmp_path / "mutated.py"
    mutated.write_text(source.replace(mutation.old, mutation.new), encoding="utf-8")
    machine, cases = machine_of(mutation.file.partition("/")[0])
    if mutation.kind == IMPORT:
        with pytest.raises(AirflowRunFailed, match=re.escape(mutation.text)):
            list(compare_cases(machine, mutated, {mutation.case: cases[mutation.case]}, made=True))
        return
    (found,) = compare_cases(machine, mutated, {mutation.case: cases[mutation.case]}, made=True)
    texts = [finding.text for finding in found.findings if finding.kind == mutation.kind]
    assert any(mutation.text in text for text in texts), [(finding.kind, finding.text) for finding in found.findings]
