"""Makes the IAM policies of a workflow's role: who may take it, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.json_walk import walk_json
from sfn_provider.asl.model import StateMachine, Task, walk_states
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.clients import Clients
from sfn_provider.mwaa.iam_actions import operation_actions
from sfn_provider.mwaa.iam_policy import calling_statements, policy_document, statement
from sfn_provider.translate.native.operator_table import find_operator
from sfn_provider.translate.serverless.limits import VERSIONS

if TYPE_CHECKING:
    from sfn_provider.translate.serverless.workflow import Workflow

BUCKET: Final = "BUCKET"
"""Stands for the name of the bucket in a policy."""

TRUST: Final[dict[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "airflow-serverless.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
"""Who may take the role. Source: get-started-execution-role of the user guide."""

_ROLE_FIELDS: Final = (
    *("AutoScalingRole", "ExecutionRoleArn", "JobFlowRole", "Role", "RoleArn", "ServiceRole", "TaskRoleArn"),
)
"""Parameters by which Tasks pass roles to services."""

_LOG_GROUPS: Final = "arn:aws:logs:*:*:log-group:/aws/mwaa-serverless/*"


def make_role_policy(
    workflow: Workflow, machine: StateMachine, bucket: str = BUCKET
) -> tuple[dict[str, Any], list[str]]:
    """Make the policy of the role.

    Args:
        workflow: the workflow.
        machine: the machine that it was made of.
        bucket: the name of the bucket with the workflow's files, or what stands for it.

    Returns:
        The policy as JSON, and a sentence for each Task that is not in it.
    """
    tasks = [state for _, _, state in walk_states(machine) if isinstance(state, Task)]
    resources = list(dict.fromkeys(parse_resource(state.resource) for state in tasks))
    known = [resource for resource in resources if resource.kind != "unknown"]
    left_out = [
        f"policy.json says nothing of {resource.text}, which is known only in a run"
        for resource in resources
        if resource.kind == "unknown"
    ]
    reads = set(_operator_reads(known)) if workflow.way == "operators" else set()
    calling, unknown = calling_statements(known, reads)
    passes = any(_passes_role(state) for state in tasks)
    folder = f"arn:aws:s3:::{bucket}/{workflow.name}/*"
    statements = [
        statement("WriteLogs", {"logs:CreateLogStream", "logs:PutLogEvents"}, [_LOG_GROUPS]),
        statement("ReadWorkflow", {"s3:GetObject", "s3:GetObjectVersion"}, [folder]),
        *(_storage(bucket, f"{workflow.name}/runs") if workflow.way == "code" else ()),
        *calling,
        statement("PassRoles", {"iam:PassRole"} if passes else set(), ["*"]),
    ]
    return policy_document(statements), [*left_out, *unknown]


def _storage(bucket: str, folder: str) -> Iterator[dict[str, Any]]:
    """Iterate over the statements for what tasks store: snapshots and large outputs."""
    actions = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
    yield statement("StoreRuns", actions, [f"arn:aws:s3:::{bucket}/{folder}/*"])
    # Without it S3 answers 403, not 404, where an object does not exist.
    yield statement("FindRuns", {"s3:ListBucket"}, [f"arn:aws:s3:::{bucket}"])


def _operator_reads(resources: list[Resource]) -> Iterator[str]:
    """Iterate over the actions of what operators call beside the operation that a Task names."""
    clients = Clients(None)
    for resource in resources:
        row = find_operator(resource.text, VERSIONS.airflow, VERSIONS.amazon)
        if row is None:
            continue
        try:
            yield from operation_actions(resource, row.reads, clients)
        except StatesError:
            continue  # calling_statements names it


def _passes_role(state: Task) -> bool:
    """Whether a Task gives a role to a service: as a parameter, or with a task definition of ECS."""
    resource = parse_resource(state.resource)
    given = state.parameters if state.parameters is not None else state.arguments
    return (resource.service, resource.action) == ("ecs", "runTask") or any(
        (name or "").removesuffix(".$") in _ROLE_FIELDS for _, name, _ in walk_json(given)
    )
