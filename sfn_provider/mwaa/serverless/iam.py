"""Makes the IAM policies of a workflow's role: who may take it, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.model import StateMachine, dump
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.clients import Clients
from sfn_provider.mwaa.dag_calls import ServiceCall, definition_calls
from sfn_provider.mwaa.iam.actions import operation_actions
from sfn_provider.mwaa.iam.grants import statement
from sfn_provider.mwaa.iam.policy import call_grants, check_size, make_policy_statements, policy_document
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

_LOG_GROUPS: Final = "arn:aws:logs:*:*:log-group:/aws/mwaa-serverless/*"


def make_role_policy(
    workflow: Workflow, machine: StateMachine, bucket: str = BUCKET
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Make the policy of the role.

    Args:
        workflow: the workflow.
        machine: the machine that it was made of.
        bucket: the name of the bucket with the workflow's files, or what stands for it.

    Returns:
        The policy as JSON, and warnings: of each Task that is not in it, and of each ``*`` that a user can replace.
    """
    calls = [*definition_calls(dump(machine), "")]
    reads = _operator_reads(calls) if workflow.way == "operators" else ()
    grants, left_out = call_grants(calls, reads)
    calling, wildcards = make_policy_statements(grants)
    folder = f"arn:aws:s3:::{bucket}/{workflow.name}/*"
    statements = [
        statement("WriteLogs", {"logs:CreateLogStream", "logs:PutLogEvents"}, [_LOG_GROUPS]),
        statement("ReadWorkflow", {"s3:GetObject", "s3:GetObjectVersion"}, [folder]),
        *(_storage(bucket, f"{workflow.name}/runs") if workflow.way == "code" else ()),
        *calling,
    ]
    policy = policy_document(statements)
    return policy, [*left_out, *wildcards, *check_size(policy)]


def _storage(bucket: str, folder: str) -> Iterator[dict[str, Any]]:
    """Iterate over the statements for what tasks store: snapshots and large outputs."""
    actions = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
    yield statement("StoreRuns", actions, [f"arn:aws:s3:::{bucket}/{folder}/*"])
    # Without it S3 answers 403, not 404, where an object does not exist.
    yield statement("FindRuns", {"s3:ListBucket"}, [f"arn:aws:s3:::{bucket}"])


def _operator_reads(calls: list[ServiceCall]) -> Iterator[tuple[ServiceCall, str]]:
    """Iterate over the actions of what operators call beside the operation that a Task names."""
    clients = Clients(None)
    for call in calls:
        row = find_operator(call.resource.text, VERSIONS.airflow, VERSIONS.amazon)
        if row is None:
            continue
        try:
            actions = sorted(operation_actions(call.resource, row.reads, clients))
        except StatesError:
            continue  # call_grants names it
        yield from ((call, action) for action in actions)
