"""How many executions stand: read with few calls, and judged together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sfn_provider._compat import AirflowException
from sfn_provider.executions.outcomes import ExecutionFailure
from sfn_provider.executions.statuses import ENDED_STATUSES

WaitFor = Literal["all", "any"]
WaitResult = Literal["wait", "done", "failed"]

SHOWN_FAILURES: Final = 3
"""Failed executions that an error explains."""

_FEW: Final = 2
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class AwsCall:
    """A call that is wanted: the client's method, and its arguments."""

    operation: str
    arguments: Mapping[str, Any]


def read_statuses(execution_arns: Iterable[str]) -> Generator[AwsCall, Mapping[str, Any], dict[str, str]]:
    """Read the statuses of executions: a list for 1,000 executions of a machine, a description for each other one.

    ListExecutions names the executions that started last first; it is read on as long as it names wanted ones. Children
    of Map Runs and single executions are described.

    Args:
        execution_arns: Standard executions.

    Yields:
        the calls, whose answers are sent back.

    Returns:
        Each execution's status.
    """
    found: dict[str, str] = {}
    machines: defaultdict[str, set[str]] = defaultdict(set)
    for arn in execution_arns:
        machines[arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")].add(arn)
    for machine, wanted in machines.items():
        if "/" not in machine and len(wanted) > _FEW:
            yield from _listed(machine, wanted, found)
        for arn in sorted(wanted):
            answer = yield AwsCall("describe_execution", {"executionArn": arn, "includedData": "METADATA_ONLY"})
            found[arn] = str(answer["status"])
    return found


def _listed(machine: str, wanted: set[str], found: dict[str, str]) -> Generator[AwsCall, Mapping[str, Any], None]:
    """Take out of ``wanted`` what the lists of a machine name."""
    token: dict[str, Any] = {}
    while True:
        page = yield AwsCall("list_executions", {"stateMachineArn": machine, "maxResults": _PAGE, **token})
        named = {each["executionArn"]: each["status"] for each in page["executions"] if each["executionArn"] in wanted}
        found |= named
        wanted.difference_update(named)
        if not named or len(wanted) <= _FEW or "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def evaluate_wait(
    statuses: Collection[str], wait_for: WaitFor, target_states: Collection[str], fail_fast: bool = True
) -> WaitResult:
    """Say whether a wait is over.

    Args:
        statuses: of all executions.
        wait_for: ``all``: each of them is to have a target status. ``any``: one of them.
        target_states: the statuses that are waited for.
        fail_fast: for ``all``: the wait has failed as soon as one execution has ended otherwise; else when all have
            ended.
    """
    reached = [status in target_states for status in statuses]
    lost = [status in ENDED_STATUSES and status not in target_states for status in statuses]
    return _JUDGES[wait_for](reached, lost, fail_fast)


def _judge_all(reached: list[bool], lost: list[bool], fail_fast: bool) -> WaitResult:
    if any(lost) and (fail_fast or all(a or b for a, b in zip(reached, lost, strict=True))):
        return "failed"
    return "done" if all(reached) else "wait"


def _judge_any(reached: list[bool], lost: list[bool], fail_fast: bool) -> WaitResult:
    if any(reached):
        return "done"
    return "failed" if all(lost) else "wait"


_JUDGES: Final[Mapping[str, Callable[[list[bool], list[bool], bool], WaitResult]]] = {"all": _judge_all, "any": _judge_any}


def summarize(statuses: Mapping[str, str]) -> dict[str, Any]:
    """Give what a task returns: ``{"total": 3, "counts": {"SUCCEEDED": 3}, "executions": {arn: status}}``."""
    counts = Counter(statuses.values())
    return {"total": len(statuses), "counts": dict(sorted(counts.items())), "executions": dict(statuses)}


def format_progress(statuses: Mapping[str, str]) -> str:
    """Say in one line how far they are: ``5 executions: 3 SUCCEEDED, 2 RUNNING``."""
    counts = Counter(statuses.values())
    parts = ", ".join(f"{counts[status]:,} {status}" for status in sorted(counts, key=lambda key: (-counts[key], key)))
    return f"{len(statuses):,} executions: {parts}"


class StepFunctionExecutionsFailed(AirflowException):
    """Of many executions, not all, or not one, has ended as was waited for. The task may be retried.

    Args:
        summary: as ``summarize`` gives it.
        failures: why the first of them failed.
    """

    def __init__(self, summary: dict[str, Any], failures: tuple[ExecutionFailure, ...] = ()) -> None:
        self.summary = summary
        self.failures = failures
        lines = [f"{format_progress(summary['executions'])}.", *(str(failure) for failure in failures)]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[StepFunctionExecutionsFailed], tuple[dict[str, Any], Any]]:
        return type(self), (self.summary, self.failures)
