"""The fixtures that run Step Functions on this machine, as a user's tests take them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.exceptions import InvalidDefinition, UsageError
from tests.fixtures.machines.definitions import END, call, machine
from tests.golden import DAGS

pytest.importorskip("uvicorn", reason="the server needs Starlette and uvicorn, which Airflow 2 does not bring")

SALES = DAGS / "sales_pipeline.asl.json"
MOCKS = str(DAGS / "sales_pipeline.mocks.json")
INPUT = (DAGS / "sales_pipeline.input.json").read_text()
GREET = machine({"Greet": call("Done"), "Done": END})

StateMachine = Callable[..., str]


def _start(stepfunctions: Any, arn: str, input: str = "{}") -> str:
    return str(stepfunctions.client.start_execution(stateMachineArn=arn, input=input)["executionArn"])


def test_clients_of_this_process_come_here(stepfunctions: Any, state_machine: StateMachine) -> None:
    import boto3

    arn = state_machine(GREET, name="Greet")
    assert arn == "arn:aws:states:us-east-1:123456789012:stateMachine:Greet"
    assert [
        each["stateMachineArn"] for each in boto3.client("stepfunctions").list_state_machines()["stateMachines"]
    ] == [arn]
    assert os.environ["AWS_ENDPOINT_URL_SFN"] == stepfunctions.endpoint_url


@pytest.mark.stepfunctions(region="eu-central-1", account_id="210987654321", time="real")
def test_the_marker_says_where_it_is(stepfunctions: Any, state_machine: StateMachine, assert_execution: Any) -> None:
    waits = machine({"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    arn = state_machine(waits)
    assert arn == "arn:aws:states:eu-central-1:210987654321:stateMachine:StateMachine"
    execution = assert_execution(_start(stepfunctions, arn), status="RUNNING")
    assert execution.states == ["Wait"] and os.environ["AWS_DEFAULT_REGION"] == "eu-central-1"


def test_mocks_by_state_and_what_an_execution_did(
    stepfunctions: Any, state_machine: StateMachine, assert_execution: Any
) -> None:
    arn = state_machine(GREET, mocks={"Greet": [{"Return": {"hello": "Ada"}}, {"Throw": {"Error": "Rude"}}]})
    first = _start(stepfunctions, arn, '{"name": "Ada"}')
    execution = assert_execution(arn, input={"name": "Ada"}, output={"hello": "Ada"}, states=["Greet", "Done"])
    assert (execution.arn, execution.status, execution.error) == (first, "SUCCEEDED", None)
    assert execution.events[0]["type"] == "ExecutionStarted"


def test_a_mock_file_with_a_case_and_with_cases_by_arn(
    stepfunctions: Any, state_machine: StateMachine, assert_execution: Any
) -> None:
    fixed = state_machine(SALES, name="Fixed", mocks=f"{MOCKS}#QualityFails")
    assert_execution(_start(stepfunctions, fixed, INPUT)).check(status="SUCCEEDED")
    arn = state_machine(SALES, name="SalesPipeline", mocks=MOCKS)
    failed = assert_execution(
        _start(stepfunctions, f"{arn}#GlueFailsForGood", INPUT), status="FAILED", cause="Rate exceeded"
    )
    assert failed.states == ["ValidateInputFile", "RunGlueTransform"]
    assert_execution(_start(stepfunctions, arn, INPUT), status="FAILED", error="States.Runtime")


def test_functions_and_made_results(stepfunctions: Any, state_machine: StateMachine, assert_execution: Any) -> None:
    arn = state_machine(GREET, name="Called", functions={"work": lambda event, context: [event, context.function_name]})
    assert_execution(_start(stepfunctions, arn, "5"), output=[5, "work"])
    assert_execution(_start(stepfunctions, state_machine(SALES, name="Made"), INPUT))


def test_a_file_beside_the_test_is_found(stepfunctions: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "greet.asl.json").write_text(json.dumps(GREET))
    monkeypatch.chdir(tmp_path)
    assert stepfunctions.create_state_machine("greet.asl.json").endswith(":stateMachine:greet")


def test_failures_say_how_the_execution_went(
    stepfunctions: Any, state_machine: StateMachine, assert_execution: Any
) -> None:
    arn = state_machine(GREET, mocks={"Greet": [{"Throw": {"Error": "Rude", "Cause": "no manners"}}]})
    with pytest.raises(AssertionError, match="has 0 executions, not one: none"):
        assert_execution(arn)
    _start(stepfunctions, arn)
    with pytest.raises(AssertionError) as failure:
        assert_execution(arn)
    assert str(failure.value).splitlines()[1:] == [
        "  states: Greet",
        "  error: Rude",
        "  cause: no manners",
        'Expected the status "SUCCEEDED"',
    ]
    with pytest.raises(AssertionError, match='Expected the error "Kind"'):
        assert_execution(arn, status="FAILED", error="Kind")
    with pytest.raises(UsageError, match="give its status, too"):
        assert_execution(arn, error="Rude")
    _start(stepfunctions, arn)
    with pytest.raises(AssertionError, match="has 2 executions, not one"):
        assert_execution(arn, status="FAILED")


def test_an_output_that_differs_is_shown_by_member(
    stepfunctions: Any, state_machine: StateMachine, assert_execution: Any
) -> None:
    arn = state_machine(GREET, mocks={"Greet": [{"Return": {"a": 1, "b": {"c": True}}}]})
    _start(stepfunctions, arn)
    with pytest.raises(AssertionError, match=r"\$\.b\.c: true, expected 1"):
        assert_execution(arn, output={"a": 1, "b": {"c": 1}})


def test_what_cannot_be_is_refused(state_machine: StateMachine) -> None:
    with pytest.raises(InvalidDefinition, match="MISSING_TRANSITION_TARGET"):
        state_machine(machine({"A": {"Type": "Pass", "Next": "B"}}))
    with pytest.raises(UsageError, match="'Gret', which the machine does not have; did you mean 'Greet'"):
        state_machine(GREET, mocks={"Gret": []})
    with pytest.raises(UsageError, match="no such file"):
        state_machine("none.asl.json")
    with pytest.raises(UsageError, match="there is no test case 'No'"):
        state_machine(SALES, mocks=f"{MOCKS}#No")


@pytest.mark.parametrize("functions", [None, {"work": lambda event, context: event}], ids=["made answers", "functions"])
def test_a_test_case_without_a_mock_file_fails_the_execution(
    stepfunctions: Any, state_machine: StateMachine, functions: Any
) -> None:
    """Made answers would let a test pass that asks for a case by mistake."""
    arn = _start(stepfunctions, state_machine(GREET, functions=functions) + "#Polite")
    execution = stepfunctions.find_execution(arn)
    assert execution.status == "FAILED"
    assert "no mock file is given (mocks=FILE): there is no test case 'Polite'" in execution.cause


PROBLEMS = """
import sys
import pytest

@pytest.fixture
def without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)

def test_without(without_the_extra, stepfunctions):
    pass

@pytest.mark.stepfunctions(zone=1)
def test_zone(stepfunctions):
    pass
"""


def test_a_missing_extra_and_a_wrong_marker_are_one_clear_failure_each(tmp_path: Path) -> None:
    (tmp_path / "test_problems.py").write_text(PROBLEMS)
    others = ("cacheprovider", "xdist", "anyio", "hypothesispytest")
    command = [sys.executable, "-m", "pytest", "-q", *(f"-pno:{name}" for name in others), "test_problems.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "2 errors" in done.stdout or "2 failed" in done.stdout, done.stdout + done.stderr
    assert "the fixture stepfunctions: The server needs Starlette and uvicorn" in done.stdout
    assert "install airflow-provider-sfn[serve]" in done.stdout and "Traceback" not in done.stdout
    assert "'zone'" in done.stdout
