"""What a call has come to."""

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
    """A job goes on.

    Args:
        job: says which job, as JSON: a Caller in another process can follow it, too.
        output: what the service answered to the submission, as TaskSubmitted shows it; None where the job was polled.
        poll_after: seconds until a poll makes sense.
    """

    job: dict[str, Any]
    output: Json
    poll_after: float
