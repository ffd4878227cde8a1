"""Finds the OpenTelemetry span that a task runs in, and names it as AWS X-Ray does.

OpenTelemetry comes with Airflow, and is loaded where Airflow traces: this module never imports it.
"""

from __future__ import annotations

import sys
from typing import Any


def recording_span() -> Any:
    """Return the current span where it is recorded and sampled; None otherwise."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    span = trace.get_current_span()
    return span if span.is_recording() and span.get_span_context().trace_flags.sampled else None


def trace_header() -> str | None:
    """Return the current span as StartExecution's ``traceHeader``; None where none is recorded.

    X-Ray takes trace ids of OpenTelemetry, their first 8 digits as the time. A span that is not sampled gives no
    header: it would keep the state machine from tracing by its own configuration. Source:
    https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    """
    span = recording_span()
    if span is None:
        return None
    context = span.get_span_context()
    trace_id = f"{context.trace_id:032x}"
    return f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={context.span_id:016x};Sampled=1"
