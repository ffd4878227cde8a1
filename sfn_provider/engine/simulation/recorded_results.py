"""Replays the results of tasks that were recorded in an execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sfn_provider.asl.scope import Json
from sfn_provider.engine.errors.retry import is_timeout
from sfn_provider.engine.history.timestamps import format_time
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskSucceeded

NOT_RECORDED = "SfnProvider.NotRecorded"
"""Error of a call that the recorded execution did not make."""


@dataclass(frozen=True, slots=True)
class RecordedResult:
    """How one call ended.

    Args:
        seconds: how long the answer took.
        result: the result; meaningless where the call failed.
        error: name of the error; None for none.
        cause: text beside the error.
        failed: whether the call failed: a failure may lack a name.
    """

    seconds: float
    result: Json = None
    error: str | None = None
    cause: str | None = None
    failed: bool = False


@dataclass(frozen=True)
class RecordedResults:
    """The results of an execution's tasks, by the place of the call.

    Args:
        by_place: the answer to each call, by `CallTask.place`.
        start: when the execution started, seconds since the epoch.
        end: when it ended, seconds since the epoch.
        context: the ``Execution`` and ``StateMachine`` parts of the context object, without input and start time.
    """

    by_place: Mapping[str, RecordedResult]
    start: float
    end: float
    context: Mapping[str, Mapping[str, Json]]

    def execution_context(self, input: Json) -> dict[str, Any]:
        """Return the ``Execution`` and ``StateMachine`` parts of the context object."""
        execution = {**self.context["Execution"], "Input": input, "StartTime": format_time(self.start)}
        return {**self.context, "Execution": execution}

    def answer(self, call: CallTask, now: float) -> Event:
        """Answer a call, at the time when it was answered in the recorded execution.

        A call that was not made, or not answered, fails as `NOT_RECORDED` after the recorded execution had ended: where
        a branch of a Parallel was stopped because another one failed, or the machine's time was over, that comes first.
        """
        found = self.by_place.get(call.place)
        if found is None:
            cause = f"the recorded execution has no answer to this call of {call.resource}"
            return TaskFailed(call.id, NOT_RECORDED, cause, max(now, self.end) + 1.0)
        at = now + self._seconds(found, call)
        if not found.failed:
            return TaskSucceeded(call.id, found.result, at)
        return TaskFailed(call.id, found.error, found.cause, at)

    @staticmethod
    def _seconds(found: RecordedResult, call: CallTask) -> float:
        """Return how long the answer takes: one that came in time does so again, also without its heartbeats."""
        limits = [limit for limit in (call.timeout, call.heartbeat) if limit is not None]
        if not limits or is_timeout(found.error):
            return found.seconds
        return min(found.seconds, min(limits) * 0.999)

    def to_json(self) -> dict[str, Any]:
        """Return the results as a JSON object."""
        answers = {
            place: [found.seconds, found.result, found.error, found.cause, found.failed]
            for place, found in self.by_place.items()
        }
        return {"Answers": answers, "Start": self.start, "End": self.end, "Context": dict(self.context)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned."""
        answers = {place: RecordedResult(*found) for place, found in data["Answers"].items()}
        return cls(answers, data["Start"], data["End"], data["Context"])
