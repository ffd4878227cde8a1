"""Reads an execution that a task has started from AWS, where the configuration permits pages to.

By default the pages call AWS for nobody: the web server may have no credentials, and who may read a DAG need not be
allowed to read the execution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sfn_provider._compat import AirflowException, conf
from sfn_provider.airflow_pages.dag_structure import DrivingTask
from sfn_provider.airflow_pages.drawings import draw_bounded
from sfn_provider.asl import parse
from sfn_provider.drawing.execution_paths import find_execution_paths
from sfn_provider.drawing.graph import machine_graph
from sfn_provider.drawing.svg import Drawing
from sfn_provider.engine.history.events import Record
from sfn_provider.exceptions import SfnProviderError
from sfn_provider.executions.history.history_events import event_details
from sfn_provider.secret_masking import excerpt

_MAX_PAGES: Final = 5
"""Calls of GetExecutionHistory, of 1,000 events each."""

_TIMEOUTS: Final = {"connect_timeout": 3, "read_timeout": 10, "retries": {"total_max_attempts": 2}}


@dataclass(frozen=True)
class DrivenExecution:
    """An execution on AWS.

    Args:
        drawing: its state machine's graph, and what of it ran; None where AWS did not say.
        is_whole: whether all of its history was read.
        problem: why there is no drawing; empty where there is one.
    """

    drawing: Drawing | None = None
    is_whole: bool = True
    problem: str = ""


def is_allowed() -> bool:
    """Return whether ``[sfn_provider] pages_read_aws`` permits the pages to call AWS."""
    return bool(conf.getboolean("sfn_provider", "pages_read_aws", fallback=False))


def read_driven_execution(task: DrivingTask, execution_arn: str) -> DrivenExecution:
    """Read an execution's definition and history, without data.

    Args:
        task: the task that has started it, whose connection is used.
        execution_arn: the execution.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from sfn_provider.hooks.step_function import StepFunctionHook

    try:
        hook = StepFunctionHook(aws_conn_id=task.aws_conn_id, arn=execution_arn, config=Config(**_TIMEOUTS))
        client = hook.get_conn()
        described = client.describe_state_machine_for_execution(executionArn=execution_arn)
        records, is_whole = _read_records(client, execution_arn)
        graph = machine_graph(parse(described["definition"]))
    except (AirflowException, BotoCoreError, ClientError, SfnProviderError) as error:
        return DrivenExecution(problem=excerpt(str(error), 500))
    drawing = draw_bounded(graph, find_execution_paths(graph, records))
    return DrivenExecution(drawing, is_whole, "" if drawing is not None else "Too many edges to draw.")


def _read_records(client: Any, execution_arn: str) -> tuple[list[Record], bool]:
    records: list[Record] = []
    more: dict[str, str] = {}
    for _ in range(_MAX_PAGES):
        page = client.get_execution_history(
            executionArn=execution_arn, maxResults=1000, includeExecutionData=False, **more
        )
        records += [
            Record(event["id"], event.get("previousEventId", 0), event["type"], 0.0, dict(event_details(event)))
            for event in page["events"]
        ]
        if "nextToken" not in page:
            return records, True
        more = {"nextToken": page["nextToken"]}
    return records, False
