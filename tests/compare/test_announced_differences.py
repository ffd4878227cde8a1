"""Which differences of a native DAG its translation has announced."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sfn_provider.asl import parse
from sfn_provider.cli.commands.compare import compare
from sfn_provider.compare.announced_differences import ANNOUNCEMENTS, AnnouncedDifferences
from sfn_provider.compare.calls.call_findings import CallFinding, DagSide, FindingKind, TaskRun
from sfn_provider.compare.dag_comparison import CaseComparison
from sfn_provider.compare.machine_analysis.coverage import CoverageObserver
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine import simulate
from sfn_provider.translate import translate
from sfn_provider.translate.native.report import differences
from tests.golden import DAGS


def function(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:{name}", **fields}


Answers = dict[str, tuple[Any, ...]]

RETRY = [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}]
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Repair"}]
BRANCHES = [{"StartAt": name, "States": {name: function(name.lower(), End=True)}} for name in ("Left", "Right")]
MACHINE = {
    "StartAt": "First",
    "States": {
        "First": function("first", Retry=RETRY, Catch=CATCH, Next="Which"),
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Both"}],
            "Default": "Second",
        },
        "Both": {"Type": "Parallel", "Branches": BRANCHES, "Next": "Second"},
        "Second": function("second", Parameters={}, End=True),
        "Repair": function("repair", Parameters={}, End=True),
    },
}
FAILS: Answers = {"First": ("Down",)}
BOTH_FAIL: Answers = {"First": ("Down",), "Repair": ("Down",)}
RIGHT_FAILS: Answers = {"First": ({"n": 2},), "Right": ("Down",)}


@dataclass(frozen=True)
class Case:
    """A difference in an execution, and the codes that announce it.

    Args:
        answers: what tasks answer, an error's name for a failure; else they succeed.
        failed: the tasks of the DAG that failed.
        beside: the kinds of other differences about the state.
    """

    name: str
    kind: FindingKind
    state: str | None
    task: str | None
    codes: tuple[str, ...]
    answers: Answers = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    beside: tuple[FindingKind, ...] = ()


RETRIED: tuple[FindingKind, ...] = ("number of calls",)
CASES = [
    Case("retries of the state itself", "number of calls", "First", "First", ("RETRY_BY_NAME",), FAILS),
    Case("retries of another state", "number of calls", "Second", "Second", ()),
    Case("a call after retries", "unexpected call", "Second", "Second", ("RETRY_BY_NAME",), FAILS, (), RETRIED),
    Case("a call that no retry leads to", "unexpected call", "Second", "Second", (), FAILS),
    Case("a handler that does not run", "missing call", "Repair", None, ("RETRY_BY_NAME",), FAILS, (), RETRIED),
    Case("a failure after retries", "different outcome", "Repair", None, ("RETRY_BY_NAME",), BOTH_FAIL, (), RETRIED),
    Case("a failure that no retry prevents", "different outcome", "Repair", None, (), BOTH_FAIL),
    Case("a handler that runs for no error", "unexpected call", "Repair", "Repair", ()),
    Case("a caught error", "different outcome", None, "First", ("CATCH_RUN_STATE",), FAILS, ("First",)),
    Case("a task that fails where its state does not", "different outcome", None, "First", (), {}, ("First",)),
    Case("one for another task, too", "different outcome", None, "First", (), FAILS, ("First", "Repair")),
    Case("a red run with nothing caught", "different outcome", None, "Second", (), {}, ("Second",)),
    Case("a Choice that fails", "different outcome", None, "Which", ("COMPARISON_TYPES",), {}, ("Which",)),
    Case("what would follow it", "missing call", "Second", None, ("COMPARISON_TYPES",), {}, ("Which",)),
    Case("what follows a Choice that has chosen", "missing call", "Second", None, ()),
    Case("a branch goes on", "unexpected call", "Left", "Left", ("PARALLEL_FAILURE",), RIGHT_FAILS, ("Right",)),
    Case("a branch beside one that does not", "unexpected call", "Left", "Left", (), {"First": ({"n": 2},)}),
    Case("a green run", "different outcome", "Right", None, (), RIGHT_FAILS),
    Case("an order", "wrong order", "Second", "Second", ()),
    Case("a connection", "refused", None, "First", ()),
    Case("a task of no state", "unexpected call", None, "Other", ()),
    Case("what cannot be compared", "not comparable", "First", None, ("NOT_COMPARABLE",)),
]  # fmt: skip


def compared(case: Case, difference: CallFinding) -> CaseComparison:
    def answer(given: Any) -> dict[str, Any]:
        return {"Throw": {"Error": given, "Cause": ""}} if isinstance(given, str) else {"Return": given}

    answers = dict.fromkeys(("First", "Left", "Right", "Second", "Repair"), ({"n": 1},)) | dict(case.answers)
    mocks = {name: [answer(given) for given in found] for name, found in answers.items()}
    tasks = tuple(TaskRun(task, -1, "failed", "It broke.") for task in case.failed)
    others = [CallFinding(kind, "First", None, None, kind) for kind in case.beside]
    findings = (difference, *others)
    observer = CoverageObserver(MachineParts(parse(MACHINE)))
    execution = simulate(MACHINE, {}, mocks=mocks, observer=observer)
    made = CaseComparison("c", execution, DagSide("failed", tasks, (), {}), (), findings, 0.0)
    return replace(made, coverage=observer.coverage)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_which_codes_announce_a_difference(case: Case) -> None:
    announced = AnnouncedDifferences(translate(MACHINE, dag_id="x", style="native", airflow_version="3.3.1"))
    difference = CallFinding(case.kind, case.state, case.task, None, "It differs.")
    comparison = compared(case, difference)
    assert announced.codes(difference, comparison) == case.codes
    assert (difference in announced.unannounced([comparison])) is not bool(case.codes)


@pytest.mark.parametrize(("message", "codes"), [(1, ("TEXT_OF_VALUES",)), ("one", ())], ids=["a number", "a text"])
def test_a_call_is_announced_where_the_state_fails_for_its_value_alone(message: Any, codes: tuple[str, ...]) -> None:
    parameters = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:tell", "Message.$": "$.message"}
    tell = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": parameters, "Next": "Then"}
    definition = {"StartAt": "Tell", "States": {"Tell": tell, "Then": function("then", End=True)}}
    announced = AnnouncedDifferences(translate(definition, dag_id="x", style="native", airflow_version="3.3.1"))
    mocks = {"Tell": [{"Return": {}}], "Then": [{"Throw": {"Error": "States.Runtime", "Cause": ""}}]}
    execution = simulate(definition, {"message": message}, mocks=mocks)
    for state in ("Tell", "Then"):
        difference = CallFinding("unexpected call", state, state, None, "It differs.")
        case = CaseComparison("c", execution, DagSide("failed", (), (), {}), (), (difference,), 0.0)
        assert announced.codes(difference, case) == codes


def test_a_red_run_is_announced_where_an_operator_fails_by_a_call_of_its_own() -> None:
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:redshiftdata:executeStatement",
        "Parameters": {"Database": "d", "WorkgroupName": "w", "Sql": "SELECT 1"},
        "Next": "Then",
    }
    definition = {"StartAt": "Start", "States": {"Start": start, "Then": function("then", End=True)}}
    announced = AnnouncedDifferences(translate(definition, dag_id="x", style="native", airflow_version="3.3.1"))
    execution = simulate(definition, {}, mocks={"Start": [{"Return": {"Id": "1"}}], "Then": [{"Return": {}}]})
    difference = CallFinding("different outcome", None, "Start", None, "It differs.")
    for task, codes in (("Start", ("OPERATOR_REDSHIFTDATA",)), ("Then", ())):
        failed = (TaskRun(task, -1, "failed", "It broke."),)
        case = CaseComparison("c", execution, DagSide("failed", failed, (), {}), (), (difference,), 0.0)
        assert announced.codes(difference, case) == codes


def test_a_difference_that_one_case_does_not_announce_is_unannounced() -> None:
    announced = AnnouncedDifferences(translate(MACHINE, dag_id="x", style="native", airflow_version="3.3.1"))
    known, unknown = (case for case in CASES if case.name in ("a call after retries", "a call that no retry leads to"))
    difference = CallFinding(known.kind, known.state, known.task, None, "It differs.")
    cases = [compared(known, difference), compared(unknown, difference)]
    assert difference not in announced.unannounced(cases[:1])
    assert difference in announced.unannounced(cases)
    assert difference in announced.unannounced(cases[::-1])


def test_each_code_of_a_native_translation_has_its_meaning() -> None:
    source = Path(differences.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'^ +"([A-Z_]+)",$', source, re.MULTILINE))
    without = {"HEARTBEAT", "ITEM_TIMEOUT", "ITEM_WAIT", "RETRY_DELAY", "TASK_TIMEOUT", "ALWAYS_FAILS"}  # time alone
    looks = {"NO_OUTPUT", "FROZEN_INPUT", "STAYS_EXACT"}
    assert codes - looks - without - set(ANNOUNCEMENTS) == set()


@pytest.mark.airflow
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
