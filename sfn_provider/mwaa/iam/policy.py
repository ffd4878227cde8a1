"""Makes the IAM policy of an environment's execution role from its DAG files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.json_values.json_walk import walk_json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.clients import Clients
from sfn_provider.mwaa.dag_calls import ServiceCall
from sfn_provider.mwaa.dag_files import DagFile
from sfn_provider.mwaa.iam.actions import task_actions
from sfn_provider.mwaa.iam.arns import as_pattern, open_name
from sfn_provider.mwaa.iam.driving import CONDITIONS, all_class_grants, drive_grants
from sfn_provider.mwaa.iam.grants import ANY, Grant, at_place, make_statements, service_sid
from sfn_provider.mwaa.iam.resources import UnknownResource, action_resources
from sfn_provider.mwaa.literal_values import UNKNOWN

INCOMPLETE_CODE: Final = "POLICY_INCOMPLETE"

_MAX_CHARACTERS: Final = 10_240
"""Of all policies in a role, without white space."""

_ROLE_FIELDS: Final = (
    *("AutoScalingRole", "ExecutionRoleArn", "JobFlowRole", "Role", "RoleArn", "ServiceRole", "TaskRoleArn"),
)
"""Parameters by which Tasks pass roles to services."""

_HOOK: Final = "StepFunctionHook"
_TASK_ROLES: Final = "PassRolesOfTaskDefinitions"
_INVOKE: Final = "lambda:InvokeFunction"
_PASS: Final = "iam:PassRole"
_ALL_CONDITIONS: Final[dict[str, dict[str, Any]]] = CONDITIONS | {
    _TASK_ROLES: {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
}


def make_policy(dags: Sequence[DagFile]) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Make the policy.

    Args:
        dags: the DAG files; without any, the policy is for every class that drives Step Functions.

    Returns:
        The policy as JSON, and warnings: of what is not in it, and of each ``*`` that a user can replace.
    """
    classes = sorted({name for dag in dags for name in dag.classes})
    driving = drive_grants(classes, [call for dag in dags for call in dag.class_calls]) if dags else all_class_grants()
    calling, left_out = call_grants([call for dag in dags for call in dag.service_calls])
    left_out += [_hook_warning(dag) for dag in dags if _HOOK in dag.classes]
    statements, wildcards = make_policy_statements([*driving, *calling])
    policy = policy_document(statements)
    return policy, [*left_out, *wildcards, *check_size(policy)]


def _hook_warning(dag: DagFile) -> Diagnostic:
    message = f"policy.json says nothing of what {dag.path.name} calls by {_HOOK}; add a statement with its actions"
    return Diagnostic("warning", INCOMPLETE_CODE, message, "policy.json")


def make_policy_statements(grants: Iterable[Grant]) -> tuple[list[dict[str, Any]], list[Diagnostic]]:
    """Make the statements of grants, with the conditions on which roles may be passed, and warnings of each ``*``."""
    return make_statements(grants, _ALL_CONDITIONS)


def policy_document(statements: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the policy of statements."""
    return {"Version": "2012-10-17", "Statement": [*statements]}


def check_size(policy: dict[str, Any]) -> list[Diagnostic]:
    """Return a warning of a policy that is too long for a role.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    size = len(json.dumps(policy, separators=(",", ":")))
    if size <= _MAX_CHARACTERS:
        return []
    message = (
        f"it has {size:,} characters, and the policies in a role {_MAX_CHARACTERS:,} at most; make managed policies "
        "of its statements, or put ARNs with a * for several resources in their place"
    )
    return [Diagnostic("warning", "POLICY_TOO_LONG", message, "policy.json")]


def call_grants(
    calls: Sequence[ServiceCall], further: Iterable[tuple[ServiceCall, str]] = ()
) -> tuple[list[Grant], list[Diagnostic]]:
    """Return what Tasks need.

    Args:
        calls: what they call.
        further: other actions, each with the call whose parameters name the resource.

    Returns:
        The grants, by service, and a warning for each call that is not in them.
    """
    clients, grants, left_out = Clients(None), list[Grant](), dict[str, Diagnostic]()
    for call in calls:
        text = call.resource.text
        if call.resource.kind == "unknown":
            why = f"{text} ({call.place}), which is known only in a run"
            left_out[text] = Diagnostic("warning", INCOMPLETE_CODE, f"policy.json says nothing of {why}", "policy.json")
            continue
        try:
            # A function's ARN may have placeholders.
            is_function = call.resource.kind == "lambda"
            actions = [_INVOKE] if is_function else sorted(task_actions(call.resource, clients))
        except StatesError as error:
            message = f"policy.json says nothing of {text}: {error.cause}"
            left_out[text] = Diagnostic("warning", INCOMPLETE_CODE, message, "policy.json")
            continue
        if call.credentials is not None:
            grants.append(_assume_grant(call))
            continue
        grants += [_call_grant(action, call) for action in actions]
        grants += [*_object_grants(call), *_pass_grants(call)]
    grants += [_call_grant(action, call) for call, action in further if call.credentials is None]
    # By service, roles last.
    grants.sort(key=lambda grant: (grant.action == _PASS, grant.statement))
    return grants, [*left_out.values()]


def _call_grant(action: str, call: ServiceCall) -> Grant:
    resource = call.resource
    # The ARN of a function is its Task's Resource.
    parameters = {"FunctionName": resource.text} if resource.kind == "lambda" else call.parameters
    partition = resource.partition if resource.partition and resource.partition.startswith("aws") else "aws"
    try:
        task = (resource.service, resource.action)
        partly: list[str] = []
        resources = action_resources(action, parameters, partition=partition, task=task, partly=partly)
        return Grant(service_sid(action), action, resources, partly=at_place(_place(call), partly))
    except UnknownResource as unknown:
        return Grant(service_sid(action), action, ANY, f"{_place(call)}: {unknown}")


def _assume_grant(call: ServiceCall) -> Grant:
    """Return what a Task with Credentials needs: the role that they name has the permissions to call."""
    credentials = call.credentials if isinstance(call.credentials, dict) else {}
    role = as_pattern(credentials.get("RoleArn"))
    if role is not None and role.startswith("arn:"):
        partly = at_place(_place(call), [open_name("the RoleArn of its Credentials", role, role)])
        return Grant("AssumeRoles", "sts:AssumeRole", (role,), partly=partly)
    reason = f"{_place(call)}: the RoleArn of its Credentials is known only in a run"
    return Grant("AssumeRoles", "sts:AssumeRole", ANY, reason)


def _object_grants(call: ServiceCall) -> Iterator[Grant]:
    """Yield the objects that Bedrock's input is read from and its output is written to."""
    called = (call.resource.service, call.resource.action)
    if called == ("bedrock", "invokeModel") and isinstance(call.parameters, dict):
        for name, action in (("Input", "s3:GetObject"), ("Output", "s3:PutObject")):
            place = call.parameters.get(name)
            if isinstance(place, dict) and {"S3Uri", "S3Uri.$"} & place.keys():
                yield _call_grant(action, replace(call, parameters={"Bucket": place.get("S3Uri", UNKNOWN)}))


def _place(call: ServiceCall) -> str:
    return f"{call.place}: {_short(call)}"


def _short(call: ServiceCall) -> str:
    return call.resource.text.rpartition(":::")[2]


def _pass_grants(call: ServiceCall) -> Iterator[Grant]:
    """Yield the roles that a Task gives to a service: as parameters, or with a task definition of ECS."""
    if (call.resource.service, call.resource.action) == ("ecs", "runTask"):
        reason = f"{_place(call)}: which roles its task definition has is not known here"
        yield Grant(_TASK_ROLES, _PASS, ANY, reason)
    if call.resource.kind == "lambda" or call.parameters is UNKNOWN:
        return
    for _, name, value in walk_json(call.parameters):
        if (name or "").removesuffix(".$") in _ROLE_FIELDS:
            yield _pass_grant(name or "", value, call)


def _pass_grant(name: str, value: Any, call: ServiceCall) -> Grant:
    role = as_pattern(value) if not name.endswith(".$") else None
    if role is None:
        return Grant("PassRoles", _PASS, ANY, f"{_place(call)}: its {name} is known only in a run")
    arn = role if role.startswith("arn:") else f"arn:{call.resource.partition or 'aws'}:iam::*:role/{role}"
    return Grant("PassRoles", _PASS, (arn,), partly=at_place(_place(call), [open_name(f"its {name}", role, role)]))
