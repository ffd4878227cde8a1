"""The outcomes of a call: a completed task, or a submitted job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sfn_provider.asl.scope import Json


@dataclass(frozen=True, slots=True)
class Completed:
    """A task has succeeded.

    Args:
        result: its result.
    """

    result: Json


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job is running.

    Args:
        job: identifies it, as JSON: a Caller in another process can follow it, too.
        output: the response to the submission, as TaskSubmitted shows it; None where the job was polled.
        poll_after: seconds until the next poll.
    """

    job: dict[str, Any]
    output: Json
    poll_after: float
