"""Grants classes what they need to drive Step Functions, on the state machines that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sfn_provider.mwaa.dag_calls import ClassCall
from sfn_provider.mwaa.iam.actions import CLASS_OPERATIONS, ROLE_PASSING_CLASS
from sfn_provider.mwaa.iam.arns import as_pattern, open_name
from sfn_provider.mwaa.iam.grants import ANY, Grant, at_place
from sfn_provider.mwaa.iam.resources import RESOURCES, UnknownResource, action_resources

DRIVE: Final = "DriveStepFunctions"
PASS_TO_STATE_MACHINES: Final = "PassRolesToStateMachines"
CONDITIONS: Final = {PASS_TO_STATE_MACHINES: {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}}
"""What roles may be passed to, by statement."""

_QUEUE_ACTIONS: Final = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage")

_ARGUMENTS: Final = {
    "StateMachineArn": ("state_machine_arn",),
    "ExecutionArn": ("execution_arn", "execution_arns"),
    "MapRunArn": ("map_run_arn",),
    "ActivityArn": ("activity_arn",),
}
"""The arguments that name what the parameters of the API's operations name."""


def drive_grants(classes: Iterable[str], calls: Sequence[ClassCall]) -> Iterator[Grant]:
    """Yield what classes need.

    Args:
        classes: the names of classes that are used; those that do not call Step Functions need nothing.
        calls: where they are constructed.
    """
    for name in classes:
        constructed = [call for call in calls if call.name == name]
        for operation in CLASS_OPERATIONS.get(name, ()):
            if not constructed:
                yield _unknown(operation, _not_constructed(name))
            for call in constructed:
                yield _drive(operation, call)
        yield from (grant for call in constructed for grant in _queue_grants(call))
        if name == ROLE_PASSING_CLASS:
            yield from _role_grants(name, constructed)


def all_class_grants() -> Iterator[Grant]:
    """Yield what all classes need, for DAGs that are not known."""
    reason = "no DAG file is named; name them with --dags"
    yield from (_unknown(operation, reason) for names in CLASS_OPERATIONS.values() for operation in names)
    yield Grant(PASS_TO_STATE_MACHINES, "iam:PassRole", ANY, reason)


def _not_constructed(name: str) -> str:
    return f"{name} is imported, but the DAG files do not show what it is constructed with"


def _unknown(operation: str, reason: str) -> Grant:
    action = f"states:{operation}"
    return Grant(DRIVE, action, ANY, reason if RESOURCES.get(action) != () else "")


def _drive(operation: str, call: ClassCall) -> Grant:
    action = f"states:{operation}"
    parameters = _parameters(call)
    try:
        partly: list[str] = []
        resources = action_resources(action, parameters, partly=partly)
        return Grant(DRIVE, action, resources, partly=at_place(f"{call.place}: {call.name}", partly))
    except UnknownResource:
        return _unknown(operation, f"{call.place}: {_missing(call)}")


def _queue_grants(call: ClassCall) -> Iterator[Grant]:
    """Yield what a wait needs that hears of ended executions by a queue."""
    queue = call.arguments.get("status_queue_url")
    if queue is None:
        return
    for action in _QUEUE_ACTIONS:
        try:
            partly: list[str] = []
            resources = action_resources(action, {"QueueUrl": queue}, partly=partly)
            yield Grant("ReadStatusQueue", action, resources, partly=at_place(f"{call.place}: {call.name}", partly))
        except UnknownResource as unknown:
            reason = f"{call.place}: the status_queue_url of {call.name}: {unknown}"
            yield Grant("ReadStatusQueue", action, ANY, reason)


def _missing(call: ClassCall) -> str:
    """Return what is missing to know a call's state machine."""
    names = ["name"] if call.name == ROLE_PASSING_CLASS else [name for names in _ARGUMENTS.values() for name in names]
    named = [name for name in names if call.arguments.get(name) is not None]
    if not named:
        return f"{call.name} has no argument that names a resource"
    value = call.arguments[named[0]]
    shown = f"is {value!r}, which is not the ARN of one" if as_pattern(value) is not None else "is known only in a run"
    return f"the {named[0]} of {call.name} {shown}"


def _parameters(call: ClassCall) -> dict[str, Any]:
    """Return what the operations' parameters would be, as far as they name resources."""
    if call.name == ROLE_PASSING_CLASS:
        name, role = as_pattern(call.arguments.get("name")), as_pattern(call.arguments.get("role_arn"))
        parts = role.split(":") if role is not None and role.startswith("arn:") else ["arn", "aws", "iam", "", "*"]
        machine = f"arn:{parts[1]}:states:*:{parts[4] or '*'}:stateMachine:{name}" if name is not None else None
        return {"StateMachineArn": machine}
    given = {
        parameter: call.arguments[name]
        for parameter, names in _ARGUMENTS.items()
        for name in names
        if call.arguments.get(name) is not None
    }
    # An execution, a Map Run and a state machine have the state machine's name in their ARNs.
    known = next((given[name] for name in ("StateMachineArn", "ExecutionArn", "MapRunArn") if name in given), None)
    return {"StateMachineArn": known} | given


def _role_grants(name: str, constructed: Sequence[ClassCall]) -> Iterator[Grant]:
    if not constructed:
        yield Grant(PASS_TO_STATE_MACHINES, "iam:PassRole", ANY, _not_constructed(name))
    for call in constructed:
        role = as_pattern(call.arguments.get("role_arn"))
        if role is not None and role.startswith("arn:"):
            partly = at_place(f"{call.place}: {call.name}", [open_name("its role_arn", role, role)])
            yield Grant(PASS_TO_STATE_MACHINES, "iam:PassRole", (role,), partly=partly)
        else:
            reason = f"{call.place}: the role_arn of {name} is known only in a run"
            yield Grant(PASS_TO_STATE_MACHINES, "iam:PassRole", ANY, reason)
