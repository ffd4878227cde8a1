"""Reads the statuses of many executions with few calls, and decides whether a wait for them is over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sfn_provider._compat import AirflowException
from sfn_provider.executions.argument_types import WaitFor
from sfn_provider.executions.outcomes import ExecutionFailure
from sfn_provider.executions.statuses import ENDED_STATUSES
from sfn_provider.formatting import count

WaitResult = Literal["wait", "done", "failed"]

SHOWN_FAILURES: Final = 3
"""Failed executions explained in an error."""

_MAX_DESCRIBED: Final = 2
"""Executions of a state machine that are described one by one instead of listed."""
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class AwsCall:
    """A call that a generator requests: the client's method, and its arguments."""

    operation: str
    arguments: Mapping[str, Any]


def read_statuses(execution_arns: Iterable[str]) -> Generator[AwsCall, Mapping[str, Any], dict[str, str]]:
    """Read the statuses of executions: one list per 1,000 executions of a machine, a description for each other one.

    ListExecutions returns the latest executions first; pages are read as long as they contain requested executions.
    Children of Map Runs and single executions are described.

    Args:
        execution_arns: Standard executions.

    Yields:
        The calls to make; their responses are sent back.

    Returns:
        Each execution's status.
    """
    statuses: dict[str, str] = {}
    machines: defaultdict[str, set[str]] = defaultdict(set)
    for arn in execution_arns:
        machines[arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")].add(arn)
    for machine, remaining in machines.items():
        if "/" not in machine and len(remaining) > _MAX_DESCRIBED:
            yield from _list_statuses(machine, remaining, statuses)
        for arn in sorted(remaining):
            response = yield AwsCall("describe_execution", {"executionArn": arn, "includedData": "METADATA_ONLY"})
            statuses[arn] = str(response["status"])
    return statuses


def _list_statuses(
    machine: str, remaining: set[str], statuses: dict[str, str]
) -> Generator[AwsCall, Mapping[str, Any], None]:
    """List a machine's executions; move those that are listed from ``remaining`` to ``statuses``."""
    token: dict[str, Any] = {}
    while True:
        page = yield AwsCall("list_executions", {"stateMachineArn": machine, "maxResults": _PAGE, **token})
        listed = {one["executionArn"]: one["status"] for one in page["executions"] if one["executionArn"] in remaining}
        statuses |= listed
        remaining.difference_update(listed)
        if not listed or len(remaining) <= _MAX_DESCRIBED or "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def evaluate_wait(
    statuses: Collection[str], wait_for: WaitFor, target_states: Collection[str], fail_fast: bool = True
) -> WaitResult:
    """Decide whether a wait for executions is over.

    Args:
        statuses: of all executions.
        wait_for: ``all``: each execution must reach a target status. ``any``: one of them.
        target_states: the target statuses.
        fail_fast: for ``all``: fail as soon as one execution has ended with another status; else when all have ended.
    """
    reached = [status in target_states for status in statuses]
    missed = [status in ENDED_STATUSES and status not in target_states for status in statuses]
    if wait_for == "any":
        return "done" if any(reached) else "failed" if all(missed) else "wait"
    if any(missed) and (fail_fast or sum(reached) + sum(missed) == len(statuses)):
        return "failed"
    return "done" if all(reached) else "wait"


def summarize(statuses: Mapping[str, str]) -> dict[str, Any]:
    """Return a sensor's return value: ``{"total": 3, "counts": {"SUCCEEDED": 3}, "executions": {arn: status}}``."""
    counts = Counter(statuses.values())
    return {"total": len(statuses), "counts": dict(sorted(counts.items())), "executions": dict(statuses)}


def format_progress(statuses: Mapping[str, str]) -> str:
    """Return the progress in one line: ``5 executions: 3 SUCCEEDED, 2 RUNNING``."""
    counts = Counter(statuses.values())
    parts = ", ".join(f"{counts[status]:,} {status}" for status in sorted(counts, key=lambda key: (-counts[key], key)))
    return f"{count(len(statuses), 'execution')}: {parts}"


class StepFunctionExecutionsFailed(AirflowException):
    """Too few of many executions have reached a target status. The task may be retried.

    Args:
        summary: the return value of ``summarize``.
        failures: why the first of them failed.
    """

    def __init__(self, summary: dict[str, Any], failures: tuple[ExecutionFailure, ...] = ()) -> None:
        self.summary = summary
        self.failures = failures
        lines = [f"{format_progress(summary['executions'])}.", *(str(failure) for failure in failures)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[StepFunctionExecutionsFailed], tuple[dict[str, Any], Any]]:
        return type(self), (self.summary, self.failures)
