"""Runs of workflows on the service against executions: tasks count, whatever the run says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.cli import run_command
from sfn_provider.compare.serverless.service_comparison import ServiceComparison, compare_service_run
from sfn_provider.compare.serverless.service_runs import ServiceRun, ServiceTask
from sfn_provider.engine import Execution, simulate
from sfn_provider.exceptions import UsageError
from sfn_provider.translate import Translation, translate
from tests.aws.scripted import ScriptedAws
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.recorded_histories import ARN as EXECUTION

WORKFLOW = "arn:aws:airflow-serverless:eu-central-1:210987654321:workflow/orders-abcdefghij"
MACHINE = "arn:aws:states:eu-central-1:210987654321:stateMachine:Orders"
ORDERS = machine(
    {
        "Kind": choose("$.kind", {"paid": "Pack"}, "Refuse"),
        "Pack": call("Done", ResultPath="$.packed"),
        "Done": END,
        "Refuse": {"Type": "Fail", "Error": "Unpaid"},
    }
)
CAUGHT = machine(
    {
        "Pack": call("Done", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]),
        "Done": call(Parameters={"a": 1}),
        "Tell": call(Parameters={"a": 1}),
    }
)
CODE = translate(ORDERS, dag_id="orders", target="mwaa-serverless")
OPERATORS = translate(CAUGHT, dag_id="orders", target="mwaa-serverless", way="operators")


def execution(definition: Any = ORDERS, kind: str = "paid", **answers: Any) -> Execution:
    mocks = {state: [answer] for state, answer in answers.items()}
    return simulate(definition, {"kind": kind}, mocks=mocks)


def chosen(task_id: str, output: Any, next: str | None, **fields: Any) -> ServiceTask:
    return ServiceTask(task_id, "SUCCESS", xcoms={"return_value": output, "token": {"next": next}}, **fields)


def ended(task_id: str) -> ServiceTask:
    return ServiceTask(task_id, "SUCCESS")


PAID = {"kind": "paid"}
PACKED = {**PAID, "packed": {"kg": 2}}
PACK = {"Return": {"kg": 2}}
GOOD = [chosen("Kind", PAID, "Pack"), chosen("Pack", PACKED, "Done"), chosen("Done", PACKED, None), ended("Refuse")]


def compare(
    tasks: list[ServiceTask], expected: Execution, state: str = "SUCCESS", translation: Translation = CODE
) -> ServiceComparison:
    return compare_service_run(translation, expected, ServiceRun("r1", state, "", tuple(tasks)))


def differences(result: ServiceComparison) -> dict[str, list[str]]:
    return {task.task_id: list(task.differences) for task in result.tasks if task.differences}


def changed(*tasks: ServiceTask) -> list[ServiceTask]:
    return list(({task.task_id: task for task in GOOD} | {task.task_id: task for task in tasks}).values())


def test_the_same_on_both_sides_agrees() -> None:
    result = compare(GOOD, execution(Pack=PACK))
    assert result.agrees and result.succeeded and not result.notes
    assert [(task.task_id, task.entered) for task in result.tasks][:2] == [("Kind", ("Kind",)), ("Pack", ("Pack",))]
    assert result.verdict == "MWAA Serverless did what Step Functions did, in 4 tasks."


def test_other_values_do_not_count_and_other_members_do() -> None:
    expected = execution(Pack={"Return": {"kg": 3}})
    result = compare(GOOD, expected)
    assert result.agrees
    [note] = result.tasks[1].notes
    assert note == "output /packed/kg: 3 on Step Functions, 2 on MWAA Serverless"
    result = compare(changed(chosen("Done", PAID, None)), expected)
    assert differences(result) == {
        "Done": ['output /packed: {"kg":3} on Step Functions, nothing on MWAA Serverless'],
    }
    assert result.verdict == "MWAA Serverless did something else than Step Functions: 1 task differs."


def test_a_success_whose_task_has_failed_is_not_believed() -> None:
    tasks = changed(ServiceTask("Pack", "FAILED", "no stock"), ServiceTask("Done", "UPSTREAM_FAILED"))
    result = compare(tasks, execution(Pack=PACK))
    assert not result.succeeded and not result.agrees
    assert result.notes == ("The run says SUCCESS, but 1 task failed (Pack): it has failed.",)
    assert result.outcome == (
        "the execution ended as SUCCEEDED, and the run has failed (task Pack is FAILED: no stock); it says SUCCESS",
    )
    assert differences(result) == {
        "Pack": ["it is FAILED, and on Step Functions Pack did not fail: no stock"],
        "Done": ["Step Functions entered Done; the task is UPSTREAM_FAILED"],
    }


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED"])
def test_a_run_that_failed_without_a_failed_task_has_failed(state: str) -> None:
    result = compare(GOOD, execution(Pack=PACK), state)
    assert not result.succeeded and len(result.outcome) == 1


def test_both_fail_by_the_same_error_or_by_another_one() -> None:
    refused = execution(kind="other")
    error = {"Error": "Unpaid", "Cause": ""}
    way = [chosen("Kind", {"kind": "other"}, "Refuse"), ended("Pack"), ended("Done")]
    assert compare([*way, ServiceTask("Refuse", "FAILED", xcoms={"error": error})], refused, "FAILED").agrees
    other = ServiceTask("Refuse", "FAILED", xcoms={"error": {**error, "Error": "Crash"}})
    assert compare([*way, other], refused, "FAILED").outcome == (
        "the execution failed by Unpaid, task Refuse by Crash",
    )
    succeeded = compare([*way, chosen("Refuse", {}, None)], refused)
    assert differences(succeeded) == {"Refuse": ["it has succeeded, and on Step Functions Refuse failed"]}
    assert len(succeeded.outcome) == 1


def test_another_way_is_told() -> None:
    result = compare(changed(ended("Pack"), chosen("Refuse", {}, None)), execution(Pack=PACK))
    assert differences(result) == {
        "Pack": ["it has ended without running a state, and Step Functions entered Pack"],
        "Refuse": ["it is SUCCESS, and Step Functions entered none of its states"],
    }


def test_without_xcoms_statuses_alone_are_compared() -> None:
    result = compare([ended(task.task_id) for task in GOOD], execution(Pack=PACK))
    assert result.agrees
    assert result.notes == (
        "The service returned no XComs: which tasks were chosen, and their outputs, were not compared.",
    )


def test_an_output_in_s3_is_named() -> None:
    token = {"next": "Done", "address": "s3://b/o.json"}
    result = compare(changed(ServiceTask("Pack", "SUCCESS", xcoms={"token": token})), execution(Pack=PACK))
    assert result.agrees and result.tasks[1].notes == ("its output is at s3://b/o.json, and was not compared",)


def test_a_caught_failure_is_none_where_operators_have_a_handler() -> None:
    expected = execution(CAUGHT, Pack={"Throw": {"Error": "E"}}, Tell={"Return": 1})
    tasks = [ServiceTask("Pack", "FAILED"), ServiceTask("Done", "UPSTREAM_FAILED"), ended("Tell")]
    result = compare(tasks, expected, translation=OPERATORS)
    assert result.succeeded and result.agrees, (result.outcome, differences(result))
    assert not compare(tasks, execution(CAUGHT, Pack=PACK, Done=PACK), translation=OPERATORS).succeeded


def test_a_run_of_another_workflow_is_refused() -> None:
    with pytest.raises(UsageError, match="has tasks that the translation does not have: Other"):
        compare([ended("Other")], execution(Pack=PACK))


# The command, with clients of boto3 --------------------------------------------------------------------------------


def script_service(aws: ScriptedAws, tasks: list[ServiceTask], state: str = "SUCCESS") -> None:
    """Answer as the service: a page for each task; XComs as JSON text."""
    started = datetime(2026, 11, 29, tzinfo=UTC).isoformat()
    aws.script("StartWorkflowRun", {"RunId": "r1", "Status": "STARTING"})
    aws.script("GetWorkflowRun", {"RunDetail": {"RunState": state}})
    pages = [{"TaskInstances": [{"TaskInstanceId": f"i-{n}"}], "NextToken": str(n)} for n in range(len(tasks))]
    aws.script("ListTaskInstances", *pages[:-1], {"TaskInstances": pages[-1]["TaskInstances"]})
    named = {"WorkflowArn": WORKFLOW, "RunId": "r1"}
    found = [
        {
            **named,
            "TaskInstanceId": f"i-{number}",
            "TaskId": task.task_id,
            "Status": task.status,
            "AttemptNumber": 1,
            "StartedAt": started,
            "Xcom": {key: json.dumps(value) for key, value in task.xcoms.items()},
        }
        for number, task in enumerate(tasks)
    ]
    aws.script("GetTaskInstance", *found)


def script_step_functions(aws: ScriptedAws, ran: Execution) -> None:
    aws.script("StartExecution", {"executionArn": EXECUTION, "startDate": 1.0})
    described = {"executionArn": EXECUTION, "stateMachineArn": MACHINE, "startDate": 1.0}
    aws.script("DescribeExecution", {**described, "status": ran.status})
    aws.script("DescribeStateMachineForExecution", {"definition": json.dumps(ORDERS)})
    events = [{**event, "timestamp": event["timestamp"].timestamp()} for event in ran.events]
    aws.script("GetExecutionHistory", {"events": events})


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The command without options for its output."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    definition = tmp_path / "orders.asl.json"
    definition.write_text(json.dumps(ORDERS))
    named = ["--state-machine-arn", MACHINE, "--workflow-arn", WORKFLOW, "--input", json.dumps(PAID)]
    return ["compare", str(definition), "--on", "aws", *named]


def test_both_are_started_waited_for_and_compared(
    scripted_aws: ScriptedAws, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    script_step_functions(scripted_aws, execution(Pack=PACK))
    script_service(scripted_aws, GOOD)
    assert run_command(arguments) == 0
    assert "MWAA Serverless did what Step Functions did, in 4 tasks." in capsys.readouterr().out
    [sent] = scripted_aws.bodies("StartWorkflowRun")
    assert {**sent, "ClientToken": ""} == {"WorkflowArn": WORKFLOW, "OverrideParameters": PAID, "ClientToken": ""}
    assert scripted_aws.bodies("StartExecution") == [{"stateMachineArn": MACHINE, "input": json.dumps(PAID)}]
    assert [body.get("NextToken") for body in scripted_aws.bodies("ListTaskInstances")] == [None, "0", "1", "2"]


def test_a_success_with_a_failed_task_exits_with_1(
    scripted_aws: ScriptedAws, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    script_step_functions(scripted_aws, execution(Pack=PACK))
    script_service(scripted_aws, changed(ServiceTask("Done", "FAILED")))
    assert run_command([*arguments, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["agrees"], told["run"]) == (False, {"id": "r1", "says": "SUCCESS", "succeeded": False})


def test_what_aws_refuses_is_told(
    scripted_aws: ScriptedAws, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    assert f"{WORKFLOW}: AWS refuses: " in capsys.readouterr().err


def test_a_botocore_without_the_service_is_told(
    scripted_aws: ScriptedAws,
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sfn_provider.compare.serverless.service_runs.SERVICE", "mwaa-without-servers")
    assert run_command(arguments) == 2
    assert "does not know MWAA Serverless: pip install 'boto3>=1.43.124'" in capsys.readouterr().err


TARGET = ["--target", "mwaa-serverless"]
MISUSES: dict[str, tuple[list[str], str]] = {
    "an ARN of something else": (["--on", "aws", "--workflow-arn", MACHINE], "not the ARN of a workflow"),
    "a workflow on the engine": (["--workflow-arn", WORKFLOW], "add --on aws"),
    "no workflow": ([*TARGET, "--on", "aws"], "name the workflow to start with --workflow-arn"),
    "mocks": (["--on", "aws", "--workflow-arn", WORKFLOW, "--mock", "m.json"], "real executions have no mocks"),
    "a page": (["--on", "aws", "--workflow-arn", WORKFLOW, "--html", "r.html"], "writes no report file"),
    "an input that is no object": (["--on", "aws", "--workflow-arn", WORKFLOW, "--input", "[1]"], "is a JSON object"),
    "an interpreter for a DAG": (["--python", "p"], "--python runs a workflow on this machine"),
    "a way of a DAG": (["--way", "code"], "--way is of workflows"),
    "a style": ([*TARGET, "--style", "native"], "take --way operators"),
    "a DAG file to write": ([*TARGET, "-o", "o.py"], "--output writes a DAG file"),
    "a DAG file to compare": ([*TARGET, "--dag-file", "d.py"], "--dag-file and --target mwaa-serverless"),
    "a batch": ([*TARGET, "--map-batch", "3"], "no mapped tasks"),
    "no interpreter": ([*TARGET, "--python", "/no/python"], "there is no such file"),
}


@pytest.mark.parametrize("case", MISUSES)
def test_a_misuse_says_what_to_do(case: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    options, message = MISUSES[case]
    assert run_command([*arguments[:2], "--state-machine-arn", MACHINE, *options]) == 2
    assert message in capsys.readouterr().err


def test_a_machine_that_cannot_run_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "token.asl.json"
    activity = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": True}
    file.write_text(json.dumps(machine({"A": activity})))
    assert run_command(["compare", str(file), *TARGET]) == 1
    told = capsys.readouterr().err
    assert "TASK_TOKEN /States/A" in told and "Refused" in told
