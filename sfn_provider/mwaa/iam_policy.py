"""Makes the IAM policy of an environment's execution role from its DAG files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sfn_provider.asl.resources import Resource
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.clients import Clients
from sfn_provider.mwaa.dag_files import DagFile
from sfn_provider.mwaa.iam_actions import CLASS_OPERATIONS, ROLE_PASSING_CLASS, drive_actions, task_actions


def make_policy(dags: Sequence[DagFile]) -> tuple[dict[str, Any], list[str]]:
    """Make the policy.

    Args:
        dags: the DAG files; without any, the policy is for every class that drives Step Functions.

    Returns:
        The policy as JSON, and a sentence for each Task resource that is not in it.
    """
    classes = sorted({name for dag in dags for name in dag.classes}) if dags else sorted(CLASS_OPERATIONS)
    resources = list(dict.fromkeys(resource for dag in dags for resource in dag.resources))
    calling, left_out = calling_statements(resources)
    statements = [
        statement("DriveStepFunctions", drive_actions(classes), ["*"]),
        statement("PassRolesToStateMachines", {"iam:PassRole"} if ROLE_PASSING_CLASS in classes else set(), ["*"])
        | {"Condition": {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}},
        *calling,
    ]
    return policy_document(statements), left_out


def calling_statements(
    resources: Iterable[Resource], further: Iterable[str] = ()
) -> tuple[list[dict[str, Any]], list[str]]:
    """Make the statements for what Tasks call.

    Args:
        resources: the Tasks' resources.
        further: other actions.

    Returns:
        The statements, and a sentence for each resource that is not in them.
    """
    resources = [*resources]
    functions = sorted({_without_placeholders(resource.text) for resource in resources if resource.kind == "lambda"})
    called, left_out = _collect_actions([resource for resource in resources if resource.kind != "lambda"])
    invoking = [text for function in functions for text in (function, f"{function}:*")]
    return [
        statement("InvokeFunctions", {"lambda:InvokeFunction"} if functions else set(), invoking),
        statement("CallServices", called.union(further), ["*"]),
    ], left_out


def _without_placeholders(arn: str) -> str:
    """Return an ARN with a wildcard for each ``${Name}`` without a value, which IAM would take for a variable."""
    return re.sub(r"\$\{[^}]*\}", "*", re.sub(r"^arn:\$\{[^}]*\}", "arn:aws", arn))


def policy_document(statements: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the policy of the statements that allow something."""
    return {"Version": "2012-10-17", "Statement": [one for one in statements if one["Action"]]}


def statement(sid: str, actions: Iterable[str], resources: list[str]) -> dict[str, Any]:
    """Return a statement that allows actions."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}


def _collect_actions(resources: Iterable[Resource]) -> tuple[set[str], list[str]]:
    clients, actions, left_out = Clients(None), set[str](), []
    for resource in resources:
        try:
            actions |= task_actions(resource, clients)
        except StatesError as error:
            left_out.append(f"policy.json says nothing of {resource.text}: {error.cause}")
    return actions, left_out
