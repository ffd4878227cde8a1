"""Which differences of a native DAG its translation has announced."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from sfn_provider.cli.commands.compare import compare
from sfn_provider.compare.announced_differences import AnnouncedDifferences
from sfn_provider.compare.calls.findings import Finding, FindingKind
from sfn_provider.translate import translate
from tests.golden import DAGS


def function(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:{name}", **fields}


RETRY = [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}]
MACHINE = {
    "StartAt": "First",
    "States": {
        "First": function(
            "first", Retry=RETRY, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Repair"}], Next="Second"
        ),
        "Second": function("second", Parameters={}, End=True),
        "Repair": function("repair", Parameters={}, End=True),
    },
}


@dataclass(frozen=True)
class Case:
    """A difference, and codes that announce it."""

    name: str
    kind: FindingKind
    state: str | None
    task: str | None
    codes: tuple[str, ...]


CASES = [
    Case("retries of the state itself", "number of calls", "First", "First", ("RETRY_BY_NAME",)),
    Case("retries of another state", "number of calls", "Second", "Second", ()),
    Case("a call that a handler makes", "unexpected call", "Repair", "Repair", ("RETRY_BY_NAME", "CATCH_RUN_STATE")),
    Case("a run that is red, by the task", "different outcome", None, "First", ("CATCH_RUN_STATE",)),
    Case("an order", "wrong order", "Second", "Second", ()),
    Case("a connection", "refused", None, "First", ()),
    Case("a task of no state", "unexpected call", None, "Other", ()),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_which_codes_announce_a_difference(case: Case) -> None:
    made = translate(MACHINE, dag_id="x", style="native", airflow_version="3.3.1")
    announced = AnnouncedDifferences(made)
    difference = Finding(case.kind, case.state, case.task, None, "It differs.")
    codes = announced.codes(difference)
    assert set(case.codes) <= set(codes)
    assert bool(codes) is bool(case.codes)
    assert announced.unannounced([difference]) == (() if case.codes else (difference,))


def test_the_command_compares_a_native_translation_and_names_what_was_announced() -> None:
    arguments = [
        str(DAGS / "sales_pipeline.asl.json"),
        *("--mock", f"{DAGS / 'sales_pipeline.mocks.json'}#QualityPasses"),
        *("--input", f"@{DAGS / 'sales_pipeline.input.json'}"),
        *("--style", "native", "--json"),
    ]
    done = CliRunner().invoke(compare, arguments, standalone_mode=False)
    found = json.loads(done.stdout)
    assert found["unannounced"] == [] and not found["agrees"]
    [codes] = [codes for text, codes in found["announced"].items() if "Payload.ExecutionTime" in text]
    assert "RESULT_PARTS" in codes
    assert done.return_value == 0


@pytest.mark.parametrize("others", [["--on", "aws"], ["--dag-file", "x.py"]], ids=["on aws", "dag file"])
def test_the_style_is_for_translations(others: list[str]) -> None:
    done = CliRunner().invoke(compare, [str(DAGS / "sales_pipeline.asl.json"), "--style", "native", *others])
    assert "leave one" in done.output
