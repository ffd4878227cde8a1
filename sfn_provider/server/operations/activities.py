"""Creates, deletes, describes, lists and polls activities, and takes the answers of workers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sfn_provider.engine.requests import Event, TaskFailed, TaskHeartbeat, TaskSucceeded
from sfn_provider.server.api_errors import not_found
from sfn_provider.server.arns import check_arn, check_name
from sfn_provider.server.operations.operation_table import Json, OperationTable, Parameters, Response
from sfn_provider.server.operations.tags import read_tags
from sfn_provider.server.requests.json_input import read_output
from sfn_provider.server.resources.activities import Activity, task_response
from sfn_provider.server.service_state import ServiceState

LONG_POLL_SECONDS: Final = 60.0
"""Seconds for which GetActivityTask waits for a task (AWS's documentation of it)."""


def create_activity(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Create an activity; one that exists stays as it is."""
    name = parameters["name"]
    check_name(name)
    arn = state.arns.activity(name)
    activity = state.activities.get(arn)
    if activity is None:
        state.tags[arn] = read_tags(parameters.get("tags", []), {})
        activity = state.activities[arn] = Activity(arn, name, now, parameters.get("encryptionConfiguration"))
    return {"activityArn": arn, "creationDate": activity.created}


def _find(state: ServiceState, arn: str) -> Activity:
    activity = state.activities.get(check_arn(arn, "activity"))
    if activity is None:
        raise not_found("Activity", arn)
    return activity


def delete_activity(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Delete an activity; tasks that wait for a worker time out."""
    arn = check_arn(parameters["activityArn"], "activity")
    state.activities.pop(arn, None)
    state.tags.pop(arn, None)
    return {}


def describe_activity(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Describe an activity."""
    activity = _find(state, parameters["activityArn"])
    encryption = {"encryptionConfiguration": activity.encryption} if activity.encryption is not None else {}
    return {**activity.description, **encryption}


def list_activities(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """List activities by their names."""
    activities = sorted(state.activities.values(), key=lambda activity: activity.name)

    def after(name: Json) -> Iterable[Activity]:
        return activities if name is None else (each for each in activities if each.name > name)

    page, more = state.page_tokens.page("ListActivities", after, lambda each: each.name, parameters, now)
    return {"activities": [activity.description for activity in page], **more}


async def get_activity_task(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Return a task that waits for a worker, or wait for one."""
    activity = _find(state, parameters["activityArn"])
    while True:
        task = await activity.poll(LONG_POLL_SECONDS)
        wait = state.tokens.waits.get(task.token) if task is not None else None
        if task is None or wait is not None:  # else it has timed out, or its execution has ended
            if wait is not None:
                wait[0].start_work(wait[1], parameters.get("workerName"))
            return task_response(task)


def send_task_success(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Take the output of a task."""
    output = read_output(parameters["output"])

    def make_event(identity: str, at: float) -> Event:
        return TaskSucceeded(identity, output, at)

    state.tokens.answer(parameters["taskToken"], make_event, is_final=True)
    return {}


def send_task_failure(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Take the failure of a task."""

    def make_event(identity: str, at: float) -> Event:
        return TaskFailed(identity, parameters.get("error"), parameters.get("cause"), at)

    state.tokens.answer(parameters["taskToken"], make_event, is_final=True)
    return {}


def send_task_heartbeat(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Take the heartbeat of a task."""
    state.tokens.answer(parameters["taskToken"], TaskHeartbeat, is_final=False)
    return {}


OPERATIONS: Final[OperationTable] = {
    "CreateActivity": create_activity,
    "DeleteActivity": delete_activity,
    "DescribeActivity": describe_activity,
    "ListActivities": list_activities,
    "GetActivityTask": get_activity_task,
    "SendTaskSuccess": send_task_success,
    "SendTaskFailure": send_task_failure,
    "SendTaskHeartbeat": send_task_heartbeat,
}
