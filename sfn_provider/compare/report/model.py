"""What a report tells: plain data, the same for pages, text and machines."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from sfn_provider.engine.execution_state import Status

Json = Any

Clock = Literal["recorded", "virtual", "mocked", "measured"]
"""What a side's times are; see `CLOCKS`."""

CLOCKS: dict[Clock, str] = {
    "recorded": "as Step Functions recorded it",
    "virtual": "virtual time of the engine: waits and the delays of retries count in full, mocked answers take none",
    "mocked": "measured here in a private Airflow, one task at a time, with answers at once and without waiting",
    "measured": "as Airflow recorded it",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _make_writable(cls, data: Any) -> Any:
        return _writable(data)


def _writable(value: Any) -> Any:
    """Half a surrogate pair, which JSON may hold and no file can, is told as its escape."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return type(value)(_writable(entry) for entry in value)
    if isinstance(value, dict):
        return {_writable(key): _writable(entry) for key, entry in value.items()}
    return value


class Diff(_Frozen):
    """A value that differs: the lines of a unified diff, those of Step Functions with ``-``, of Airflow with ``+``."""

    name: str
    lines: tuple[str, ...]


class Passage(_Frozen):
    """How one side passed a state.

    Args:
        at: seconds after the side's start.
        seconds: how long it took; None where the state was not left.
        calls: how often it called something.
        calling: how long these calls took, in seconds.
    """

    at: float
    seconds: float | None
    calls: int
    calling: float


class StateRow(_Frozen):
    """One visit of a state on both sides.

    Args:
        state: the state's name.
        type: its type.
        agrees: do both sides agree?
        depth: in how many Parallels and Maps it stands.
        within: which branches or items of these, for people.
        differences: where the sides differ.
        unrepeatable: where they differ as any two runs do.
        diffs: the values that differ, as diffs.
        input: the input, as JSON text that may be cut.
        output: the output; None where the state was not left.
        step_functions: how Step Functions passed it; None where it did not.
        airflow: how Airflow passed it; None where it did not.
    """

    state: str
    type: str
    agrees: bool
    depth: int = 0
    within: str = ""
    differences: tuple[str, ...] = ()
    unrepeatable: tuple[str, ...] = ()
    diffs: tuple[Diff, ...] = ()
    input: str = ""
    output: str | None = None
    step_functions: Passage | None = None
    airflow: Passage | None = None


class TaskRow(_Frozen):
    """One task instance that ran: ``at`` and ``seconds`` as in `Passage`, the states that it passed in order."""

    task_id: str
    map_index: int
    states: tuple[str, ...]
    at: float
    seconds: float


class Side(_Frozen):
    """How an execution went on one side.

    Args:
        status: how it ended.
        output: its output.
        error: its error.
        cause: the text beside the error.
        seconds: how long it took.
        clock: what these seconds, and those of its states, are.
        transitions: its state transitions, those of a Map's child executions included where they are known.
    """

    status: Status
    output: Json
    error: str | None
    cause: str | None
    seconds: float
    clock: Clock
    transitions: int


class Case(_Frozen):
    """One execution on both sides.

    Args:
        name: the case.
        agrees: do both sides agree?
        status: how it ended on Step Functions.
        outcome_differences: where the outcomes differ.
        states: the visits of its states.
        step_functions: how it went there.
        airflow: how it went there; None where the DAG did not run to an end.
        transitions: its state transitions, as the history tells them.
        tasks: how many task instances ran.
        skipped: how many were skipped.
        task_times: those that ran.
        seconds_between: how long no task ran on Airflow.
        diffs: where the outputs differ, as diffs.
    """

    name: str
    agrees: bool
    status: Status
    outcome_differences: tuple[str, ...]
    states: tuple[StateRow, ...]
    step_functions: Side
    airflow: Side | None
    transitions: int
    tasks: int | None = None
    skipped: int | None = None
    task_times: tuple[TaskRow, ...] = ()
    seconds_between: float | None = None
    diffs: tuple[Diff, ...] = ()

    @property
    def differing(self) -> tuple[StateRow, ...]:
        """The visits in which the sides differ, those within a Parallel or Map before it: what comes first is first."""
        found: list[StateRow] = []
        around: list[StateRow] = []
        for row in self.states:
            while len(around) > row.depth:
                found.append(around.pop())
            around.append(row)
        return tuple(row for row in (*found, *reversed(around)) if not row.agrees)

    @property
    def unrepeatable(self) -> int:
        """How many values cannot repeat."""
        return sum(len(row.unrepeatable) for row in self.states)


class StateTime(_Frozen):
    """A state's time over all cases: medians of seconds, of its visits and of the tasks that start with it."""

    state: str
    visits: int
    step_functions: float | None
    airflow: float | None


class Times(_Frozen):
    """Where the time goes, over all cases that ran on both sides.

    Args:
        step_functions_clock: what the times of Step Functions are.
        airflow_clock: what the times of Airflow are.
        step_functions: median seconds of an execution.
        airflow: seconds of the DAG run in the middle of all, by its seconds.
        in_tasks: how long a task of that run ran.
        between_tasks: how long none did.
        tasks: how many tasks it had.
        in_states: how long its states took within their tasks, in all; None where its answers are mocked.
        of_tasks: how long its tasks took, in all.
        states: state by state.
    """

    step_functions_clock: Clock
    airflow_clock: Clock
    step_functions: float
    airflow: float
    in_tasks: float
    between_tasks: float
    tasks: int
    in_states: float | None
    of_tasks: float
    states: tuple[StateTime, ...]


class Way(_Frozen):
    """A way to run the pipeline: dollars a month, and at several numbers of runs a month."""

    name: str
    monthly: float
    curve: tuple[tuple[int, float], ...]


class BreakEvenPoint(_Frozen):
    """From how many runs a month on one way is cheaper than another, and what both cost there."""

    cheaper: str
    than: str
    runs: int
    monthly: float


class Cost(_Frozen):
    """What the pipeline costs a month.

    Args:
        region: the region of the prices.
        as_of: the day of the prices.
        currency: their currency.
        sources: where they come from.
        runs: runs a month.
        runs_from: where this number comes from.
        case: the case whose usage was taken.
        transitions: its state transitions.
        seconds: its seconds on Step Functions.
        worker_seconds: how long its tasks hold worker slots.
        tasks: how many tasks it has.
        ways: the ways, the cheapest first.
        break_even: where the order of two ways changes.
        left_out: what could not be estimated, and why.
        assumptions: what was assumed.
    """

    region: str
    as_of: str
    currency: str
    sources: dict[str, str]
    runs: int
    runs_from: str
    case: str
    transitions: int
    seconds: float
    worker_seconds: float
    tasks: int
    ways: tuple[Way, ...]
    break_even: tuple[BreakEvenPoint, ...]
    left_out: dict[str, str]
    assumptions: tuple[str, ...]


class FindingRow(_Frozen):
    """A finding of the translation; see `sfn_provider.translate.findings.Finding`."""

    code: str
    effect: str
    why: str
    advice: str
    state: str | None
    location: str
