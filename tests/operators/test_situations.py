"""Every operator in the same situations: denied, throttled, given a wrong value, killed, without XComs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_provider._compat import DAG, AirflowFailException
from sfn_provider.operators.step_function import (
    StepFunctionCreateOrUpdateStateMachineOperator,
    StepFunctionDescribeExecutionOperator,
    StepFunctionGetExecutionOutputOperator,
    StepFunctionRedriveExecutionOperator,
    StepFunctionSendTaskFailureOperator,
    StepFunctionSendTaskHeartbeatOperator,
    StepFunctionSendTaskSuccessOperator,
    StepFunctionStartExecutionOperator,
    StepFunctionStartSyncExecutionOperator,
    StepFunctionStopExecutionOperator,
    StepFunctionValidateStateMachineOperator,
)
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
ENDED = {"executionArn": ARN, "stateMachineArn": MACHINE, "startDate": 1.0, "stopDate": 2.0, "name": "one"}
SUCCEEDED = ENDED | {"status": "SUCCEEDED", "output": '{"n": 1}', "input": "{}"}
PASS = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
EXPRESS = {"executionArn": f"{ARN.replace(':execution:', ':express:')}:4f5a", "startDate": 1.0, "stopDate": 2.0}


@dataclass(frozen=True)
class Case:
    """An operator.

    Args:
        operator: the class.
        arguments: its arguments.
        calls: the calls that its task makes, in order, each with its response.
        stops: whether it stops its execution when it is killed.
    """

    operator: Any
    arguments: dict[str, Any]
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    stops: bool = False

    def make(self, **arguments: Any) -> Any:
        """Make a task."""
        return self.operator(task_id="task", **self.arguments, **arguments)

    def script(self, aws: ScriptedAws, *before: Any) -> None:
        """Script its calls; the first one fails before as given."""
        for number, (action, response) in enumerate(self.calls.items()):
            aws.script(action, *(before if number == 0 else ()), response)


CASES = {
    "start": Case(
        StepFunctionStartExecutionOperator,
        {"state_machine_arn": MACHINE},
        {"StartExecution": {"executionArn": ARN, "startDate": 1.0}, "DescribeExecution": SUCCEEDED},
        stops=True,
    ),
    "start_sync": Case(
        StepFunctionStartSyncExecutionOperator,
        {"state_machine_arn": MACHINE},
        {"StartSyncExecution": EXPRESS | {"status": "SUCCEEDED", "output": "{}"}},
    ),
    "redrive": Case(
        StepFunctionRedriveExecutionOperator,
        {"execution_arn": ARN},
        {"RedriveExecution": {"redriveDate": 1.0}, "DescribeExecution": SUCCEEDED},
        stops=True,
    ),
    "stop": Case(
        StepFunctionStopExecutionOperator,
        {"execution_arn": ARN},
        {"StopExecution": {"stopDate": 1.0}, "DescribeExecution": SUCCEEDED},
    ),
    "describe": Case(StepFunctionDescribeExecutionOperator, {"execution_arn": ARN}, {"DescribeExecution": SUCCEEDED}),
    "output": Case(StepFunctionGetExecutionOutputOperator, {"execution_arn": ARN}, {"DescribeExecution": SUCCEEDED}),
    "success": Case(StepFunctionSendTaskSuccessOperator, {"task_token": "t"}, {"SendTaskSuccess": {}}),
    "failure": Case(StepFunctionSendTaskFailureOperator, {"task_token": "t"}, {"SendTaskFailure": {}}),
    "heartbeat": Case(StepFunctionSendTaskHeartbeatOperator, {"task_token": "t"}, {"SendTaskHeartbeat": {}}),
    "validate": Case(
        StepFunctionValidateStateMachineOperator,
        {"definition": PASS},
        {"ValidateStateMachineDefinition": {"result": "OK", "diagnostics": []}},
    ),
    "deploy": Case(
        StepFunctionCreateOrUpdateStateMachineOperator,
        {"name": "Orders", "definition": PASS, "role_arn": "arn:aws:iam::123456789012:role/orders"},
        {
            "DescribeStateMachine": {
                "stateMachineArn": MACHINE,
                "name": "Orders",
                "definition": '{"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": true}}}',
                "roleArn": "arn:aws:iam::123456789012:role/orders",
                "type": "STANDARD",
                "creationDate": 1.0,
            }
        },
    ),
}
"""Every operator of the module, by a short name."""

WITH_ARN = [name for name, case in CASES.items() if "execution_arn" in case.arguments]

every = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def test_every_operator_is_in_the_table() -> None:
    from sfn_provider.operators import step_function

    assert {case.operator.__name__ for case in CASES.values()} == set(step_function.__all__)


@every
def test_a_missing_permission_fails_at_once_and_names_the_action(scripted_aws: ScriptedAws, case: Case) -> None:
    action = next(iter(case.calls))
    scripted_aws.script(action, ErrorResponse("AccessDeniedException"))
    task = case.make()
    with pytest.raises(AirflowFailException, match=f"states:{action}"):
        task.execute(context_of(task))
    assert scripted_aws.actions() == [action]


@pytest.mark.parametrize(
    ("case", "error"),
    [
        pytest.param(case, error, id=f"{name}-{kind}")
        for name, case in CASES.items()
        for kind, error in {"throttled": ErrorResponse("ThrottlingException"), "lost": NO_RESPONSE}.items()
        if (name, kind) != ("start_sync", "lost")  # it would run twice: test_sync_execution.py
    ],
)
def test_what_passes_is_waited_out(scripted_aws: ScriptedAws, case: Case, error: Any) -> None:
    case.script(scripted_aws, error)
    task = case.make()
    task.execute(context_of(task))
    first = next(iter(case.calls))
    assert scripted_aws.actions()[:2] == [first, first]


@every
def test_without_xcoms_the_task_pushes_none(scripted_aws: ScriptedAws, case: Case) -> None:
    case.script(scripted_aws)
    task = case.make(do_xcom_push=False)
    context = context_of(task)
    task.execute(context)
    assert context["ti"].xcoms == {}


@every
def test_a_killed_task_stops_what_it_waits_for_and_nothing_else(scripted_aws: ScriptedAws, case: Case) -> None:
    case.script(scripted_aws)
    scripted_aws.script("StopExecution", {"stopDate": time.time()})
    task = case.make()
    task.execute(context_of(task))
    before = scripted_aws.actions()
    task.on_kill()
    assert scripted_aws.actions()[len(before) :] == ["StopExecution"] * case.stops


@every
@pytest.mark.parametrize("ti", [{"try_number": 2}, {"try_number": 2, "max_tries": 1}], ids=["retried", "cleared"])
def test_a_task_that_runs_again_does_the_same(scripted_aws: ScriptedAws, case: Case, ti: dict[str, Any]) -> None:
    """The execution that a start finds or not: test_execution_names.py."""
    case.script(scripted_aws)
    first, again = case.make(), case.make()
    expected, before = first.execute(context_of(first)), scripted_aws.actions()
    assert again.execute(context_of(again, **ti)) == expected
    assert scripted_aws.actions() == before * 2


def template_of(case: Case) -> tuple[str, Any]:
    """A template field that a task needs, or else one that it may have, and a value."""
    required = [item for item in case.arguments.items() if item[0] in case.operator.template_fields]
    return required[0] if required else ("region_name", "us-east-1")


@every
def test_a_mapped_task_does_what_a_task_does(scripted_aws: ScriptedAws, case: Case) -> None:
    case.script(scripted_aws)
    task = case.make()
    expected = task.execute(context_of(task))
    name, value = template_of(case)
    others = {key: each for key, each in case.arguments.items() if key != name}
    with DAG("mapped", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None):
        mapped = case.operator.partial(task_id="task", **others).expand(**{name: [value] * 3})
    unmapped: Any = mapped.unmap({name: value})
    context = context_of(unmapped, map_index=2)
    assert unmapped.execute(context) == expected


@every
def test_a_native_dag_does_what_another_one_does(scripted_aws: ScriptedAws, case: Case) -> None:
    case.script(scripted_aws)
    task = case.make()
    expected = task.execute(context_of(task))
    name, value = template_of(case)
    native = {"render_template_as_native_obj": True, "schedule": None}
    with DAG("native", start_date=datetime(2025, 3, 1, tzinfo=UTC), **native):
        rendered = case.operator(task_id="task", **case.arguments | {name: "{{ given }}"})
    context = context_of(rendered) | {"given": value}
    rendered.render_template_fields(context)
    assert rendered.execute(context) == expected


@pytest.mark.parametrize("name", WITH_ARN)
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("arn:aws:s3:::orders/2025", "'arn:aws:s3:::orders/2025'"),
        (MACHINE, "stateMachine:Orders'"),
        ("arn:aws:states:us-east-1:123456789012:mapRun:Orders/Each:one", "StepFunctionMapRunSensor"),
        ({"n": 1}, "{'n': 1}"),
        ("", "''"),
        ("a word", "'a word'"),
    ],
    ids=["object in S3", "state machine", "Map Run", "output", "empty", "word"],
)
def test_a_value_that_is_no_execution_is_refused_by_name(
    scripted_aws: ScriptedAws, name: str, value: Any, shown: str
) -> None:
    task = CASES[name].operator(task_id="task", **CASES[name].arguments | {"execution_arn": value})
    with pytest.raises(AirflowFailException, match=r"task: execution_arn: .* is not the ARN of an execution") as caught:
        task.execute(context_of(task))
    assert shown in str(caught.value)
    assert scripted_aws.calls == []
