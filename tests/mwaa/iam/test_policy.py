"""The policy of DAG files names the resources that they name, and says where they do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.mwaa.dag_files import read_dag_file
from sfn_provider.mwaa.iam.policy import check_size, make_policy

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:Orders:e"
HEAD = "arn:aws:states:eu-west-1:123456789012"
EXECUTIONS = [f"{HEAD}:execution:Orders/*", f"{HEAD}:execution:Orders:*", f"{HEAD}:express:Orders/*"]
Policy = Callable[[str], tuple[dict[str, list[str]], list[Diagnostic]]]


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """Makes the policy of a DAG file; gives the resources by action, and the warnings."""

    def make(source: str) -> tuple[dict[str, list[str]], list[Diagnostic]]:
        file = tmp_path / "orders.py"
        file.write_text(f"from airflow import DAG\n{source}\n")
        made, found = make_policy([read_dag_file(str(file))])
        sids = [one["Sid"] for one in made["Statement"]]
        assert len(set(sids)) == len(sids) and all(sid.isalnum() for sid in sids)
        return {action: one["Resource"] for one in made["Statement"] for action in one["Action"]}, found

    return make


@dataclass(frozen=True)
class Case:
    """A DAG file, an action, and its resources."""

    source: str
    action: str
    resources: list[str]


START = f"StepFunctionStartExecutionOperator(task_id='start', state_machine_arn={MACHINE!r})"
OPERATORS = "sfn_provider.operators.step_function"
IMPORT_START = "from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator"
IMPORT_SENSOR = "from sfn_provider.sensors.step_function import StepFunctionExecutionSensor"
IMPORT_TASK = "from sfn_provider.operators.state_machine import TaskStateOperator, StatesOperator"
IMPORT_CREATE = (
    "from sfn_provider.operators.step_function import StepFunctionCreateOrUpdateStateMachineOperator as Create"
)
WAIT = f"{IMPORT_START}\n{IMPORT_SENSOR}\n"
WAIT_FOR_MANY = WAIT.replace("ExecutionSensor", "ExecutionsSensor")


def task(resource: str, parameters: str, more: str = "") -> str:
    call = f"TaskStateOperator(task_id='t', resource='arn:aws:states:::{resource}', parameters={parameters}{more})"
    return f"{IMPORT_TASK}\n{call}"


STATE = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
QUEUE = {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q"}
MACHINE_AND_ALIASES = [MACHINE, f"{MACHINE}:*"]

CASES = {
    "a literal": Case(f"{IMPORT_START}\n{START}", "states:StartExecution", MACHINE_AND_ALIASES),
    "what follows a start": Case(f"{IMPORT_START}\n{START}", "states:StopExecution", EXECUTIONS),
    "a constant and an f-string": Case(
        f"{IMPORT_START}\nREGION = 'eu-west-1'\n"
        "ARN = f'arn:aws:states:{REGION}:123456789012:' + 'stateMachine:Orders'\n"
        "StepFunctionStartExecutionOperator(task_id='s', state_machine_arn=ARN)",
        "states:StartExecution",
        MACHINE_AND_ALIASES,
    ),
    "a region that nobody knows": Case(
        f"{IMPORT_START}\nimport os\nREGION = os.environ['REGION']\n"
        "ARN = f'arn:aws:states:{REGION}:1:stateMachine:M'\n"
        "StepFunctionStartExecutionOperator(task_id='s', state_machine_arn=ARN)",
        "states:StartExecution",
        ["arn:aws:states:*:1:stateMachine:M", "arn:aws:states:*:1:stateMachine:M:*"],
    ),
    "a mapped operator": Case(
        f"{IMPORT_START}\nStepFunctionStartExecutionOperator.partial(task_id='s').expand(state_machine_arn=[{MACHINE!r}])",
        "states:StartExecution",
        MACHINE_AND_ALIASES,
    ),
    "by the module's name": Case(
        f"from sfn_provider.operators import step_function as sf\nsf.{START}",
        "states:StartExecution",
        MACHINE_AND_ALIASES,
    ),
    "by an import of the module": Case(
        f"import sfn_provider.operators.step_function\nsfn_provider.operators.step_function.{START}",
        "states:StartExecution",
        MACHINE_AND_ALIASES,
    ),
    "the execution of a start": Case(
        f"{WAIT}start = {START}\nStepFunctionExecutionSensor(task_id='w', execution_arn=start.output)",
        "states:DescribeExecution",
        EXECUTIONS,
    ),
    "a list of the start's machine": Case(
        f"{WAIT}start = {START}\nStepFunctionExecutionSensor(task_id='w', execution_arn=start.output)",
        "states:ListExecutions",
        [f"{HEAD}:mapRun:Orders/*", *MACHINE_AND_ALIASES],
    ),
    "the execution of a task": Case(
        f"{WAIT}{START}\nStepFunctionExecutionSensor(task_id='w', execution_arn=\"{{{{ ti.xcom_pull('start') }}}}\")",
        "states:DescribeExecution",
        EXECUTIONS,
    ),
    "the executions of a mapped start": Case(
        f"{WAIT_FOR_MANY}ARNS = [{MACHINE!r}]\n"
        "s = StepFunctionStartExecutionOperator.partial(task_id='s').expand(state_machine_arn=ARNS)\n"
        "StepFunctionExecutionsSensor(task_id='w', execution_arns=s.output)",
        "states:DescribeExecution",
        EXECUTIONS,
    ),
    "a machine that is created": Case(
        f"{IMPORT_CREATE}\nCreate(task_id='c', name='Orders', definition='', role_arn='arn:aws:iam::12:role/r')",
        "states:UpdateStateMachine",
        ["arn:aws:states:*:12:stateMachine:Orders", "arn:aws:states:*:12:stateMachine:Orders:*"],
    ),
    "its role": Case(
        f"{IMPORT_CREATE}\nCreate(task_id='c', name='Orders', definition='', role_arn='arn:aws:iam::12:role/r')",
        "iam:PassRole",
        ["arn:aws:iam::12:role/r"],
    ),
    "events of a machine": Case(
        "from sfn_provider.triggers.execution_events import StepFunctionExecutionEventTrigger\n"
        f"StepFunctionExecutionEventTrigger(state_machine_arn={MACHINE!r})",
        "states:ListExecutions",
        [f"{HEAD}:mapRun:Orders/*", *MACHINE_AND_ALIASES],
    ),
    "a status queue": Case(
        f"{WAIT}start = {START}\n"
        "StepFunctionExecutionSensor(task_id='w', execution_arn=start.output, deferrable=True,\n"
        "    status_queue_url='https://sqs.eu-west-1.amazonaws.com/12/ended')",
        "sqs:ReceiveMessage",
        ["arn:aws:sqs:eu-west-1:12:ended"],
    ),
    "a Task": Case(task("glue:startJobRun.sync", "{'JobName': 'j'}"), "glue:GetJobRun", ["arn:aws:glue:*:*:job/j"]),
    "a state within an operator": Case(
        f"{IMPORT_TASK}\nStatesOperator(task_id='s', states={{'A': {STATE | {'Parameters': QUEUE}}}})",
        "sqs:SendMessage",
        ["arn:aws:sqs:eu-west-1:1:q"],
    ),
    "JSONata's Arguments": Case(
        f"{IMPORT_TASK}\nStatesOperator(task_id='s', states={{'A': {STATE | {'Arguments': QUEUE}}}})",
        "sqs:SendMessage",
        ["arn:aws:sqs:eu-west-1:1:q"],
    ),
    "a function": Case(
        f"{IMPORT_TASK}\nTaskStateOperator(task_id='t', resource='arn:aws:lambda:x:1:function:f')",
        "lambda:InvokeFunction",
        ["arn:aws:lambda:x:1:function:f", "arn:aws:lambda:x:1:function:f:*"],
    ),
    "roles of a Task": Case(
        task("elasticmapreduce:createCluster", "{'Name': 'c', 'ServiceRole': 's', 'JobFlowRole': 'j'}"),
        "iam:PassRole",
        ["arn:aws:iam::*:role/j", "arn:aws:iam::*:role/s"],
    ),
    "a role that calls": Case(
        task("sns:publish", "{}", ", credentials={'RoleArn': 'arn:aws:iam::12:role/r'}"),
        "sts:AssumeRole",
        ["arn:aws:iam::12:role/r"],
    ),
    "the input of a model": Case(
        task("bedrock:invokeModel", "{'ModelId': 'm', 'Input': {'S3Uri': 's3://b/k'}}"),
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
    ),
    "a resource that no operator shows": Case(
        "RESOURCES = ['arn:aws:lambda:x:1:function:f']",
        "lambda:InvokeFunction",
        ["arn:aws:lambda:x:1:function:f", "arn:aws:lambda:x:1:function:f:*"],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_the_file_names_is_named(case: Case, policy: Policy) -> None:
    found, warnings = policy(case.source)
    assert found[case.action] == case.resources
    assert [found.message for found in warnings] == []


def test_a_role_that_calls_needs_no_permission_here(policy: Policy) -> None:
    source = task("sns:publish", "{'TopicArn.$': '$.t'}", ", credentials={'RoleArn': 'arn:aws:iam::12:role/r'}")
    assert [*policy(source)[0]] == ["sts:AssumeRole"]


WILDCARDS = {
    "a value of the surroundings": (
        f"import os\n{IMPORT_START}\nARN = os.environ.get('ARN', {MACHINE!r})\n"
        "StepFunctionStartExecutionOperator(task_id='s', state_machine_arn=ARN)",
        "states:StartExecution",
        "DriveStepFunctions",
        "orders.py, line 5: the state_machine_arn of StepFunctionStartExecutionOperator is known only in a run",
    ),
    "a name that is assigned twice": (
        f"{IMPORT_START}\nARN = {MACHINE!r}\nARN = input()\n"
        "StepFunctionStartExecutionOperator(task_id='s', state_machine_arn=ARN)",
        "states:StartExecution",
        "DriveStepFunctions",
        "orders.py, line 5: the state_machine_arn",
    ),
    "the argument of a function": (
        f"{IMPORT_START}\ndef make(arn):\n    StepFunctionStartExecutionOperator(task_id='s', state_machine_arn=arn)",
        "states:StartExecution",
        "DriveStepFunctions",
        "line 4: the state_machine_arn",
    ),
    "no ARN": (
        f"{IMPORT_START}\nStepFunctionStartExecutionOperator(task_id='s', state_machine_arn='Orders')",
        "states:StartExecution",
        "DriveStepFunctions",
        "is 'Orders', which is not the ARN of one",
    ),
    "a class without a construction": (
        f"{IMPORT_START}\nclass Mine(StepFunctionStartExecutionOperator): pass",
        "states:StartExecution",
        "DriveStepFunctions",
        "StepFunctionStartExecutionOperator is imported, but the DAG files do not show",
    ),
    "a role of a Variable": (
        f"{IMPORT_CREATE}\nCreate(task_id='c', name='O', definition='', role_arn='{{{{ var.value.role }}}}')",
        "iam:PassRole",
        "PassRolesToStateMachines",
        "the role_arn of StepFunctionCreateOrUpdateStateMachineOperator is known only in a run",
    ),
    "a status queue of a Variable": (
        f"{IMPORT_SENSOR}\nStepFunctionExecutionSensor(task_id='w', execution_arn='{EXECUTION}', "
        "status_queue_url='{{ var.value.queue }}')",
        "sqs:DeleteMessage",
        "ReadStatusQueue",
        "the status_queue_url of StepFunctionExecutionSensor: its QueueUrl is known only in a run",
    ),
    "a path": (
        task("glue:startJobRun", "{'JobName.$': '$.job'}"),
        "glue:StartJobRun",
        "CallGlue",
        "orders.py, line 3: glue:startJobRun: its JobName is known only in a run",
    ),
    "parameters that are put together": (
        task("glue:startJobRun", "{**read(), 'JobName': 'j'}"),
        "glue:StartJobRun",
        "CallGlue",
        "its parameters are known only in a run",
    ),
    "a role by a path": (
        task("glue:startJobRun", "{'JobName': 'j', 'RoleArn.$': '$.role'}"),
        "iam:PassRole",
        "PassRoles",
        "its RoleArn.$ is known only in a run",
    ),
    "the roles of a task definition": (
        task("ecs:runTask", "{'TaskDefinition': 't'}"),
        "iam:PassRole",
        "PassRolesOfTaskDefinitions",
        "which roles its task definition has is not known here",
    ),
    "a role that calls": (
        task("sns:publish", "{}", ", credentials={'RoleArn.$': '$.role'}"),
        "sts:AssumeRole",
        "AssumeRoles",
        "the RoleArn of its Credentials is known only in a run",
    ),
}


@pytest.mark.parametrize("case", WILDCARDS)
def test_what_is_known_only_in_a_run_is_a_wildcard_with_a_warning(case: str, policy: Policy) -> None:
    source, action, sid, reason = WILDCARDS[case]
    found, warnings = policy(source)
    assert found[action] == ["*"]
    assert all((one.level, one.code, one.location) == ("warning", "IAM_WILDCARD", "policy.json") for one in warnings)
    [message] = [one.message for one in warnings if f"statement {sid}" in one.message]
    assert reason in message and 'put the ARNs in the place of the "*"' in message


PARTS = {
    "a placeholder in a name": (
        task("glue:startJobRun", "{'JobName': 'sales-${Stage}'}"),
        "glue:startJobRun: its JobName is 'sales-${Stage}'",
    ),
    "a whole name": (
        task("states:startExecution", "{'StateMachineArn': 'arn:aws:states:eu-west-1:1:stateMachine:*'}"),
        "its StateMachineArn is 'arn:aws:states:eu-west-1:1:stateMachine:*'",
    ),
    "a template": (
        f"{IMPORT_START}\nStepFunctionStartExecutionOperator(task_id='s', "
        f"state_machine_arn='{MACHINE}-{{{{ var.value.stage }}}}')",
        "StepFunctionStartExecutionOperator: its StateMachineArn is",
    ),
    "a role": (
        task("glue:startJobRun", "{'JobName': 'j', 'RoleArn': 'arn:aws:iam::123456789012:role/*'}"),
        "its RoleArn is 'arn:aws:iam::123456789012:role/*'",
    ),
    "a role that calls": (
        task(
            "sns:publish", "{'TopicArn': 'arn:aws:sns:eu-west-1:1:t'}", ", credentials={'RoleArn': '${Role}-x'}"
        ).replace("${Role}", "arn:aws:iam::1:role/${Role}"),
        "the RoleArn of its Credentials is 'arn:aws:iam::1:role/*-x'",
    ),
    "a queue": (
        f"{IMPORT_SENSOR}\nStepFunctionExecutionSensor(task_id='w', execution_arn='{EXECUTION}', "
        "status_queue_url='https://sqs.eu-west-1.amazonaws.com/123456789012/ends-*')",
        "StepFunctionExecutionSensor: its QueueUrl is",
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_name_of_which_a_part_is_known_is_a_wildcard_within_with_a_warning(case: str, policy: Policy) -> None:
    source, reason = PARTS[case]
    _, warnings = policy(source)
    messages = [one.message for one in warnings if 'has "*" within a resource' in one.message]
    assert messages and all(reason in message for message in messages)


def test_a_region_or_an_account_that_is_not_known_has_no_warning(policy: Policy) -> None:
    arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f"
    _, warnings = policy(task("lambda:invoke", f"{{'FunctionName': '{arn}'}}"))
    assert warnings == []


def test_a_wildcard_that_has_to_stay_is_in_a_statement_of_its_own_without_a_warning(policy: Policy) -> None:
    source = task("batch:submitJob.sync", "{'JobName': 'j', 'JobDefinition.$': '$.d', 'JobQueue': 'q'}")
    found, [warning] = policy(source)
    assert found["batch:DescribeJobs"] == found["batch:SubmitJob"] == ["*"]
    assert "CallBatchPart3" in warning.message and "its JobDefinition is known only in a run" in warning.message


def test_many_reasons_are_counted(policy: Policy) -> None:
    calls = "\n".join(
        f"TaskStateOperator(task_id='t{number}', resource='arn:aws:states:::glue:startJobRun', "
        f"parameters={{'JobName.$': '$.job{number}'}})"
        for number in range(7)
    )
    _, [warning] = policy(f"{IMPORT_TASK}\n{calls}")
    assert "; and 2 more." in warning.message


def test_a_resource_that_is_known_only_in_a_run_is_said(policy: Policy) -> None:
    _, [warning] = policy(f"{IMPORT_TASK}\nTaskStateOperator(task_id='t', resource=read('name'))")
    assert warning.code == "POLICY_INCOMPLETE"
    assert "read('name') (orders.py, line 3), which is known only in a run" in warning.message


def test_calls_by_the_hook_are_left_to_the_user(policy: Policy) -> None:
    found, [warning] = policy("from sfn_provider.hooks.step_function import StepFunctionHook\nStepFunctionHook()")
    assert found == {} and warning.code == "POLICY_INCOMPLETE"
    assert "what orders.py calls by StepFunctionHook" in warning.message


def test_a_definition_counts_with_its_readers_and_writers(tmp_path: Path) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "in", "Key.$": "$.k"}}
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix": "p"}}
    states = {"A": STATE | {"Parameters": QUEUE}}
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "A", "States": states}
    each = {"Type": "Map", "ItemReader": reader, "ItemProcessor": body, "ResultWriter": writer, "End": True}
    (tmp_path / "m.asl.json").write_text(json.dumps({"StartAt": "M", "States": {"M": each}}))
    source = "from sfn_provider.translate import build_dag\ndag = build_dag('m.asl.json')  # airflow\n"
    (tmp_path / "live.py").write_text(source)
    made, warnings = make_policy([read_dag_file(str(tmp_path / "live.py"))])
    assert {one["Sid"]: one["Resource"] for one in made["Statement"]} == {
        "CallS3": ["arn:aws:s3:::in/*"],
        "CallS3Part2": ["arn:aws:s3:::out/*"],
        "CallSqs": ["arn:aws:sqs:eu-west-1:1:q"],
    }
    assert warnings == []
    each["ItemReader"] = reader | {"ReaderConfig": {"InputType": "MANIFEST"}}
    (tmp_path / "m.asl.json").write_text(json.dumps({"StartAt": "M", "States": {"M": each}}))
    _, [warning] = make_policy([read_dag_file(str(tmp_path / "live.py"))])
    assert "m.asl.json#/States/M/ItemReader: s3:getObject" in warning.message


def test_without_files_all_classes_are_allowed_and_the_option_is_named() -> None:
    made, warnings = make_policy([])
    assert {one["Sid"] for one in made["Statement"]} >= {"DriveStepFunctions", "PassRolesToStateMachines"}
    assert all("name them with --dags" in one.message for one in warnings) and len(warnings) == 2


def test_a_policy_that_is_too_long_for_a_role_is_said() -> None:
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": [{"Resource": ["arn:aws:s3:::b/*"] * 600}]}
    [warning] = check_size(policy)
    assert warning.code == "POLICY_TOO_LONG" and "10,240 at most" in warning.message
    assert check_size({"Statement": []}) == []
