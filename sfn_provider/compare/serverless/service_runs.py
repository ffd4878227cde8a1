"""Starts runs of workflows on MWAA Serverless, and reads their task instances and XComs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sfn_provider.boto3_clients import open_client
from sfn_provider.exceptions import UsageError
from sfn_provider.xcom_json import decode_xcom

Json = Any

SERVICE: Final = "mwaa-serverless"
"""Boto3's name of the service."""

_ENDED: Final = ("SUCCESS", "FAILED", "TIMEOUT", "STOPPED")
"""States of a run that has ended. Source: the API's model, WorkflowRunStatus."""

_NOT_SUCCEEDED: Final = ("FAILED", "TIMEOUT", "CANCELLED")
"""Statuses of a task that has run and did not succeed. Source: the API's model, TaskInstanceStatus."""

_POLL_SECONDS: Final = 15.0

_WORKFLOW: Final = re.compile(r"arn:[\w-]+:airflow-serverless:(?P<region>[\w-]+):\d{12}:workflow/\S+")


@dataclass(frozen=True, slots=True)
class ServiceTask:
    """What became of a task in a run of the service.

    Args:
        task_id: its id in the workflow.
        status: its status, as ``SUCCESS``.
        error: the service's message; empty where there is none.
        started: when it started; None where it did not.
        xcoms: its XComs by key, as `read_xcom` reads them; empty where the service returns none.
    """

    task_id: str
    status: str
    error: str = ""
    started: datetime | None = None
    xcoms: Mapping[str, Json] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether it has run and did not succeed."""
        return self.status in _NOT_SUCCEEDED

    @property
    def ran(self) -> bool:
        """Whether it has run to an end, well or not."""
        return self.status == "SUCCESS" or self.failed


@dataclass(frozen=True, slots=True)
class ServiceRun:
    """A run of a workflow that has ended.

    Args:
        run_id: the run.
        state: what the service says of it, as ``SUCCESS``: not more than that.
        error: the service's message; empty where there is none.
        tasks: its tasks, of several attempts the last one each, by their start.
    """

    run_id: str
    state: str
    error: str
    tasks: tuple[ServiceTask, ...]

    @property
    def failed(self) -> tuple[ServiceTask, ...]:
        """The tasks that have run and did not succeed."""
        return tuple(task for task in self.tasks if task.failed)


def start_run(workflow_arn: str, params: Mapping[str, Json]) -> str:
    """Start a run and return its id.

    Args:
        workflow_arn: the workflow.
        params: what overrides the workflow's params.

    Raises:
        UsageError: the ARN is none of a workflow, the installed botocore does not know the service, or AWS refuses.
    """
    with _open_client(workflow_arn) as client:
        overrides = {"OverrideParameters": dict(params)} if params else {}
        return str(client.start_workflow_run(WorkflowArn=workflow_arn, **overrides)["RunId"])


def wait_for_run(workflow_arn: str, run_id: str, seconds: float, sleep: Callable[[float], None]) -> ServiceRun:
    """Wait for the end of a run, and read it.

    Args:
        workflow_arn: the workflow.
        run_id: the run.
        seconds: how long to wait at most.
        sleep: waits some seconds.

    Raises:
        UsageError: as for `start_run`; or the run takes longer.
    """
    named = {"WorkflowArn": workflow_arn, "RunId": run_id}
    with _open_client(workflow_arn) as client:
        waited = 0.0
        while (detail := client.get_workflow_run(**named)["RunDetail"])["RunState"] not in _ENDED:
            if waited >= seconds:
                raise UsageError(
                    f"run {run_id} of {workflow_arn} is {detail['RunState']} after {seconds:.0f} s; see --wait-seconds"
                )
            sleep(min(_POLL_SECONDS, seconds - waited))
            waited += _POLL_SECONDS
        found = list(_read_tasks(client, named))
    return ServiceRun(run_id, detail["RunState"], detail.get("ErrorMessage") or "", _last_attempts(found))


def _read_tasks(client: Any, named: Mapping[str, str]) -> Iterator[tuple[int, ServiceTask]]:
    """Iterate over the task instances of a run, each with the number of its attempt."""
    page: dict[str, str] = {}
    while True:
        listed = client.list_task_instances(**named, **page)
        for entry in listed.get("TaskInstances", ()):
            identity = entry["TaskInstanceId"]
            found = client.get_task_instance(**named, TaskInstanceId=identity)
            xcoms = {key: read_xcom(value) for key, value in (found.get("Xcom") or {}).items()}
            task = ServiceTask(
                found.get("TaskId") or identity,
                found.get("Status") or entry.get("Status") or "NONE",
                found.get("ErrorMessage") or "",
                found.get("StartedAt"),
                xcoms,
            )
            yield int(found.get("AttemptNumber") or 0), task
        if not listed.get("NextToken"):
            return
        page = {"NextToken": listed["NextToken"]}


def _last_attempts(found: list[tuple[int, ServiceTask]]) -> tuple[ServiceTask, ...]:
    last: dict[str, tuple[int, ServiceTask]] = {}
    for attempt, task in found:
        if task.task_id not in last or attempt >= last[task.task_id][0]:
            last[task.task_id] = attempt, task
    tasks = [task for _, task in last.values()]
    return tuple(
        sorted(tasks, key=lambda task: (task.started is None, task.started.timestamp() if task.started else 0.0))
    )


def read_xcom(value: Json) -> Json:
    """Return an XCom's value: whether the service returns it as JSON text is not documented, so that either is read.

    Args:
        value: what the service returns.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return decode_xcom(value)


def _open_client(arn: str) -> AbstractContextManager[Any]:
    """Open a client of the service."""
    import boto3
    import botocore

    match = _WORKFLOW.fullmatch(arn)
    if match is None:
        raise UsageError(
            f"{arn}: not the ARN of a workflow; it looks like "
            "arn:aws:airflow-serverless:eu-west-1:123456789012:workflow/Name-abcdefghij"
        )
    if SERVICE not in boto3.session.Session().get_available_services():
        raise UsageError(
            f"{arn}: the installed botocore {botocore.__version__} does not know MWAA Serverless: pip install "
            "'boto3>=1.43.124'"
        )
    return open_client(SERVICE, arn, match["region"], "AWS refuses")
