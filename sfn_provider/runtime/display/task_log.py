"""Writes what a task of a translated DAG does to its log.

Each text passes Airflow's masker before it is cut, and is written on one line. Lines are written when something
happens, so that none is written again after a deferral.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.engine.observations import (
    BranchEnd,
    CallRequested,
    CatchDecision,
    ChoiceMade,
    ItemsListed,
    Observation,
    Place,
    RetryDecision,
    RoundBegun,
    StateEntered,
    StateFailure,
    WaitBegun,
)
from sfn_provider.engine.requests import CallTask
from sfn_provider.formatting import count, format_seconds
from sfn_provider.links.console_pages import ConsolePage, call_name, job_label
from sfn_provider.runtime.display.choice_reasons import choice_reason
from sfn_provider.runtime.display.task_display import TaskDisplay
from sfn_provider.secret_masking import excerpt, masked_line, quote

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.state_task import StateTask

Json = Any

_MAX_XCOM_CAUSE: Final = 300
_MAX_CAUSE: Final = 1000
"""Maximum characters of a cause, in an XCom and in the log; and of what a job without a page is described by."""

FindPage = Callable[[CallTask, Json], ConsolePage | None]
"""Finds the console page of a call, and of its result, None before there is one."""


class TaskLog:
    """The log of one run of a task.

    Args:
        task: the task.
        context: the task's context.
        mocked: True where mocks answer the calls.

    Attributes:
        display: what Airflow's pages show beside the log.
        find_page: finds the console pages of calls; None where there are none.
    """

    def __init__(self, task: StateTask, context: Context, *, mocked: bool = False) -> None:
        self._log = task.log
        self._mocked = mocked
        self.display = TaskDisplay(task, context)
        self.find_page: FindPage | None = None
        self._announced: str | None = None

    def info(self, template: str, *values: Any) -> None:
        """Writes a line; the values are on one line and without secrets already."""
        self._log.info(template, *values)

    # The engine's observations ---------------------------------------------------------------------------------------

    def observe(self, observation: Observation) -> None:
        """Writes what the engine has observed."""
        self._announced = None
        try:
            _WRITERS[type(observation)](self, observation)
        except Exception as error:  # of whatever kind: a line that cannot be made must not fail the state
            kind = type(observation).__name__
            self._log.warning("A line on a %s is missing here: %s", kind, masked_line(repr(error)))

    def _failed(self, failure: StateFailure) -> None:
        state, error = shown_state(failure.state, failure.place), shown_error(failure.error)
        cause = f"; cause: {excerpt(failure.cause, _MAX_CAUSE)}" if failure.cause else ""
        follows = self._follows(failure)
        self.info("%s, attempt %s, has failed with %s; %s%s", state, failure.attempt, error, follows, cause)
        if failure.error == "States.QueryEvaluationError":
            from sfn_provider.asl.jsonata import explain_limit  # heavy, and seldom needed

            if (bound := explain_limit(failure.cause)) is not None:
                self.info("Note: %s", bound)

    def _follows(self, failure: StateFailure) -> str:
        """Return what follows a failure; a cause may be long, so this stands before it in the line."""
        decision = failure.decision
        if isinstance(decision, RetryDecision):
            self._add_retry(failure, decision)
            number = f"retry {decision.count} of {decision.maximum} of Retry[{decision.retrier}]"
            return f"it is retried in {format_seconds(decision.delay)} ({number})"
        if isinstance(decision, CatchDecision):
            self._announced = decision.next
            return f"Catch[{decision.catcher}] takes it and goes on to {shown_name(decision.next)}"
        return "its join task has the Catch" if failure.join_decides else "neither Retry nor Catch takes it"

    def _add_retry(self, failure: StateFailure, decision: RetryDecision) -> None:
        entry = {
            "state": failure.state,
            "attempt": failure.attempt,
            "error": failure.error,
            "cause": failure.cause and excerpt(failure.cause, _MAX_XCOM_CAUSE),
            "delay": decision.delay,
            "at": format_time(decision.at),
        }
        self.display.add_retry(entry)

    def _branch_ended(self, end: BranchEnd) -> None:
        timed_out = end.status == "TIMED_OUT"
        what = "has timed out" if timed_out else f"has failed with {_reason(end.error, end.cause)}"
        self.info("Branch %s of %s %s", end.index, shown_name(end.state), what)

    def _chosen(self, choice: ChoiceMade) -> None:
        state, reason = shown_state(choice.name, choice.place), choice_reason(choice)
        if choice.next is None:
            self.info("%s chooses no state, and has no Default: %s", state, reason)
        else:
            default = ", its Default" if choice.rule is None else ""
            self.info("%s goes on to %s%s: %s", state, shown_name(choice.next), default, reason)
            self._announced = choice.next

    def _called(self, requested: CallRequested) -> None:
        call = requested.call
        page, _ = self._page(call, None)
        attempt = f", attempt {call.attempt + 1}" if call.attempt else ""
        mocked = "; a mock answers" if self._mocked else ""
        state, shown = shown_state(call.state, requested.place), f"{attempt}{shown_page(page, ', ')}{mocked}"
        self.info("%s calls %s%s", state, _shown_call(call), shown)
        if not self._mocked:
            self.display.set_parameters(call)

    def _waits(self, wait: WaitBegun) -> None:
        state = shown_state(wait.state, wait.place)
        self.info("%s waits for %s, until %s", state, format_seconds(wait.seconds), format_time(wait.at))

    def _listed(self, items: ItemsListed) -> None:
        grouped = items.child_executions is not None and items.child_executions != items.items
        batches = f", in {count(items.child_executions or 0, 'batch', 'batches')} of the ItemBatcher" if grouped else ""
        self.info("%s has %s%s", shown_state(items.state, items.place), count(items.items, "item"), batches)

    def _entered(self, entered: StateEntered) -> None:
        """Write nothing: the task's own lines say which state it runs."""

    def _round(self, begun: RoundBegun) -> None:
        self.info("Round %s of the loop begins with %s", begun.number, shown_state(begun.state, begun.place, "state"))

    def left(self, next: str | None, *, in_branch: bool) -> None:
        """Writes which state comes next, unless a Choice or Catch has just said so.

        Args:
            next: the state's name; None for the end.
            in_branch: True where the end is that of a branch or iteration.
        """
        if next is not None and next != self._announced:
            self.info("Next: state %s", shown_name(next))
        elif next is None:
            self.info("The %s ends with success", "branch" if in_branch else "execution")

    def dispatched(self, child_executions: int, tasks: int) -> None:
        """Writes how many tasks run the child executions of a distributed Map."""
        executions, run_by = count(child_executions, "child execution"), count(tasks, "task")
        self.info("%s %s run by %s", executions, "is" if child_executions == 1 else "are", run_by)

    def batched(self, items: int, tasks: int) -> None:
        """Writes how many tasks run the items of a Map in batches."""
        self.info("%s %s run by %s", count(items, "item"), "is" if items == 1 else "are", count(tasks, "task"))

    # Calls and jobs --------------------------------------------------------------------------------------------------

    def repeated(self, call: CallTask) -> None:
        """Writes that a call without outcome is made again, because a worker was lost."""
        self.info("%s calls %s again: the worker that called it was lost", shown_state(call.state), _shown_call(call))

    def transferred(self, call: CallTask) -> None:
        """Writes what a distributed Map reads or writes in S3."""
        arguments = call.arguments if isinstance(call.arguments, dict) else {}
        key = arguments.get("Key") or arguments.get("Prefix") or ""
        uri = excerpt(f"s3://{arguments.get('Bucket')}/{key}", _MAX_CAUSE)
        self.info("%s %s %s", shown_state(call.state), "writes" if call.purpose == "write" else "reads", uri)

    def answered(self, call: CallTask, result: Json, seconds: float) -> None:
        """Writes that a call has returned; ``seconds`` since it was made."""
        page, is_new = self._page(call, result)
        shown = shown_page(page, ": ") if is_new else ""
        what = shown_state(call.state), _shown_call(call), format_seconds(seconds), shown
        self.info("%s: %s has answered after %s%s", *what)

    def failed(self, call: CallTask, error: str | None, seconds: float) -> None:
        """Writes that a call has failed; why is in the line on its state."""
        what = shown_state(call.state), _shown_call(call), shown_error(error), format_seconds(seconds)
        self.info("%s: %s has failed with %s after %s", *what)

    def awaits_answer(self, call: CallTask) -> None:
        """Writes that a task waits for a worker outside of Airflow."""
        state = shown_state(call.state)
        if call_name(call.resource) == "activity":
            self.info("%s waits until a worker of its activity has taken the work and answered", state)
        else:
            self.info("%s has passed on its task token and waits for the answer", state)

    def started(self, call: CallTask, job: dict[str, Json], result: Json) -> ConsolePage | None:
        """Writes that a call has started a job; returns the job's page."""
        page, _ = self._page(call, result)
        described = f"{_shown_call(call)} {excerpt(job.get('describe'), _MAX_CAUSE)}"
        self.info("%s has started %s", shown_state(call.state), shown_page(page) or described)
        return page

    def ended(self, call: dict[str, Json], job: dict[str, Json], outcome: str, seconds: float) -> None:
        """Writes that a job has ended: its call as JSON, and how it has ended."""
        label = job_label({"resource": call["resource"], **job})
        self.info("%s: %s has %s after %s", shown_state(call["state"]), label, outcome, format_seconds(seconds))

    def cancelled(self, job: dict[str, Json]) -> None:
        """Writes that a job is stopped."""
        self.info("Stopping %s", job_label(job))

    def not_cancelled(self, job: dict[str, Json], error: Exception) -> None:
        """Writes that a job could not be stopped."""
        self._log.warning("Could not stop %s: %s", job_label(job), masked_line(error))

    def _page(self, call: CallTask, result: Json) -> tuple[ConsolePage | None, bool]:
        """Return the page of a call, and True where its address is new."""
        page = self.find_page(call, result) if self.find_page is not None else None
        return page, page is not None and self.display.set_page(page)


_WRITERS: Final[dict[type[Any], Callable[[TaskLog, Any], None]]] = {
    StateFailure: TaskLog._failed,
    BranchEnd: TaskLog._branch_ended,
    ChoiceMade: TaskLog._chosen,
    CallRequested: TaskLog._called,
    WaitBegun: TaskLog._waits,
    ItemsListed: TaskLog._listed,
    StateEntered: TaskLog._entered,
    RoundBegun: TaskLog._round,
}


@lru_cache(maxsize=1024)
def shown_name(state: str) -> str:
    """Return a state's name in quotes, on one line and without secrets."""
    return quote(state)


def shown_state(state: str, place: Place = (), noun: str = "State") -> str:
    """Return a state with its place: ``State 'Poll' ('Each order' 3)``, item 3 of the Map around it."""
    around = ", ".join(f"{shown_name(name)} {index}" for name, index in place)
    return f"{noun} {shown_name(state)}{f' ({around})' if around else ''}"


def shown_error(error: str | None) -> str:
    """Return an error's name for the log."""
    return "an error without a name" if error is None else excerpt(error, 200)


def _reason(error: str | None, cause: str | None) -> str:
    return f"{shown_error(error)}: {excerpt(cause, _MAX_CAUSE)}" if cause else shown_error(error)


def shown_page(page: ConsolePage | None, before: str = "") -> str:
    """Return a page for the log: ``Glue job run jr_1 of nightly: https://...``; an empty text for None."""
    if page is None:
        return ""
    return f"{before}{page.kind} {excerpt(page.id, 300)}{f': {page.url}' if page.url else ''}"


def format_time(at: float) -> str:
    """Return a time, seconds since the epoch, to the second: ``2025-03-15T02:00:00Z``."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _shown_call(call: CallTask) -> str:
    return excerpt(call_name(call.resource), 200)
