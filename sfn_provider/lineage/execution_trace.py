"""Reads an execution's history for its spans, where the task runs in a span that is recorded."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.secret_masking import masked_line
from sfn_provider.telemetry.traces import recording_span

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

MAX_PAGES: Final = 5
"""Pages of 1,000 events that are read at most: a history has up to 25."""

log = logging.getLogger(__name__)


def trace_execution(hook: StepFunctionHook, arn: str, description: Mapping[str, Any]) -> None:
    """Make the spans of an execution that has ended under the task's span; do nothing where none is recorded.

    What fails here is logged, and fails no task.

    Args:
        hook: calls AWS, once for each 1,000 events.
        arn: the execution.
        description: the response of DescribeExecution.
    """
    if recording_span() is None:
        return
    try:
        from opentelemetry import trace

        from sfn_provider.lineage.history_spans import emit_spans

        pages = list(hook.history_pages(arn, MAX_PAGES, include_execution_data=False))
        events = [event for page in pages for event in page["events"]]
        tracer = trace.get_tracer("sfn_provider")
        emit_spans(tracer, arn, description, events, "nextToken" not in pages[-1])
    except Exception as error:  # of whatever kind: the execution has ended, and the task with it
        log.warning("The spans of %s could not be made: %s", arn, masked_line(error))
