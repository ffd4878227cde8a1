"""The data of a report, the same for HTML, Markdown and JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from sfn_provider.compare.comparison import Clock
from sfn_provider.compare.cost.estimate import BreakEven
from sfn_provider.engine.progress.execution_state import Status
from sfn_provider.formatting import format_dollars

Json = Any

CLOCKS: dict[Clock, str] = {
    "recorded": "as Step Functions recorded it",
    "virtual": "virtual time of the engine: waits and the delays of retries count in full, mocked answers take none",
    "mocked": "measured here in a private Airflow, one task at a time, with answers at once and without waiting",
    "measured": "as Airflow recorded it",
}


class FrozenModel(BaseModel):
    """Base of the data of a report: immutable, without unknown fields, its texts fit for any file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _escape(cls, data: Any) -> Any:
        return _escape_surrogates(data)


def _escape_surrogates(value: Any) -> Any:
    """Replace half surrogate pairs, which JSON may hold and no file can, by their escapes."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return type(value)(_escape_surrogates(entry) for entry in value)
    if isinstance(value, dict):
        return {_escape_surrogates(key): _escape_surrogates(entry) for key, entry in value.items()}
    return value


class Diff(FrozenModel):
    """A value that differs: the lines of a unified diff, those of Step Functions with ``-``, of Airflow with ``+``."""

    name: str
    lines: tuple[str, ...]


VisitEnd = Literal["left", "caught", "failed", "stopped"]
"""How a visit ended: its state was left; left by a catcher; it failed; or another branch's failure has stopped it."""


class SideTiming(FrozenModel):
    """How long one side took for a visit, and how it ended.

    Args:
        at: seconds after the side's start.
        seconds: how long it took; None where the state was not left.
        calls: how often it called something.
        calling: how long these calls took, in seconds.
        ended: how it ended.
    """

    at: float
    seconds: float | None
    calls: int
    calling: float
    ended: VisitEnd = "left"


class CallRow(FrozenModel):
    """One call of a Task on both sides.

    Args:
        state: the state that makes it.
        within: the branches or items around it, as text.
        number: which call of the visit it is, from 1 on.
        call: what is called: ``glue:startJobRun.sync``, or an ARN.
        agrees: whether both sides send the same, and are answered alike.
        step_functions: what Step Functions sends, as JSON text that may be cut; None where it makes no such call.
        airflow: what Airflow sends.
        outcome: how Step Functions is answered; how Airflow is, where Step Functions makes no such call.
    """

    state: str
    within: str
    number: int
    call: str
    agrees: bool
    step_functions: str | None
    airflow: str | None
    outcome: str


class StateRow(FrozenModel):
    """One visit of a state on both sides.

    Args:
        state: the state's name.
        type: its type.
        agrees: whether both sides agree.
        depth: in how many Parallels and Maps it stands.
        within: the branches or items of these, as text.
        differences: where the sides differ.
        unrepeatable: where they differ as any two runs do.
        diffs: the values that differ, as diffs.
        input: the input, as JSON text that may be cut.
        output: the output; None where the state was not left.
        step_functions: its times on Step Functions; None where it was not visited there.
        airflow: its times on Airflow; None where it was not visited there.
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
    step_functions: SideTiming | None = None
    airflow: SideTiming | None = None


class TaskRow(FrozenModel):
    """One task instance that ran: ``at`` and ``seconds`` as in `SideTiming`, the states that it entered in order."""

    task_id: str
    map_index: int
    states: tuple[str, ...]
    at: float
    seconds: float


class Side(FrozenModel):
    """An execution on one side.

    Args:
        status: how it ended.
        output: its output.
        error: its error.
        cause: the text beside the error.
        seconds: how long it took.
        clock: how these seconds, and those of its states, came about.
        transitions: its state transitions, those of a Map's child executions included where they are known.
    """

    status: Status
    output: Json
    error: str | None
    cause: str | None
    seconds: float
    clock: Clock
    transitions: int


class Case(FrozenModel):
    """One execution on both sides.

    Args:
        name: the case.
        agrees: whether both sides agree.
        status: how it ended on Step Functions.
        outcome_differences: where the outcomes differ.
        states: the visits of its states.
        step_functions: the execution there.
        airflow: the DAG's run; None where it did not run to an end.
        transitions: its state transitions, by its history.
        tasks: how many task instances ran.
        skipped: how many were skipped.
        task_times: those that ran.
        seconds_between: how long no task ran on Airflow.
        diffs: where the outputs differ, as diffs.
        calls: the calls of its tasks, side by side.
        reached: the keys of the machine's parts that it has reached, see
            `sfn_provider.compare.machine_analysis.machine_parts.Part`.
        missing_input: the path that the first state reads and the input lacks, where nothing ran for that; else None.
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
    calls: tuple[CallRow, ...] = ()
    reached: tuple[str, ...] = ()
    missing_input: str | None = None

    @property
    def differing(self) -> tuple[StateRow, ...]:
        """The visits in which the sides differ; a Parallel or Map comes after those within it."""
        ordered: list[StateRow] = []
        containers: list[StateRow] = []
        for row in self.states:
            while len(containers) > row.depth:
                ordered.append(containers.pop())
            containers.append(row)
        return tuple(row for row in (*ordered, *reversed(containers)) if not row.agrees)

    @property
    def unrepeatable(self) -> int:
        """The number of values that cannot repeat."""
        return sum(len(row.unrepeatable) for row in self.states)


class StateTime(FrozenModel):
    """A state's time over all cases: medians of seconds, of its visits and of the tasks that start with it."""

    state: str
    visits: int
    step_functions: float | None
    airflow: float | None


class Times(FrozenModel):
    """The times of all cases that ran on both sides.

    Args:
        step_functions_clock: how the times of Step Functions came about.
        airflow_clock: how the times of Airflow came about.
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


class ServiceOption(FrozenModel):
    """A way to run the pipeline.

    Args:
        name: the service, for MWAA with the environment's class.
        monthly: dollars a month; None where it cannot do so many runs.
        curve: dollars at several numbers of runs a month.
        added: dollars that the pipeline adds to an environment that runs anyway; None where there is none.
        origin: the date of its prices, and what they were read from.
        source: where its prices can be looked up.
        limit: why it cannot do any number of runs; empty where it can.
    """

    name: str
    monthly: float | None
    curve: tuple[tuple[int, float], ...]
    added: float | None = None
    origin: str = ""
    source: str = ""
    limit: str = ""


class Cost(FrozenModel):
    """What the pipeline costs a month.

    Args:
        region: the region of the prices.
        as_of: the day of the prices, or the first and the last one.
        currency: their currency.
        sources: where they come from.
        runs: runs a month.
        runs_from: where this number comes from.
        case: the case whose usage was taken.
        transitions: its state transitions, each retry counted as one more.
        retries: how many of them are retries of tasks.
        seconds: its seconds on Step Functions.
        worker_seconds: how long its tasks hold worker slots.
        tasks: how many tasks it has.
        ways: the ways, the cheapest first.
        break_even: where the order of two ways changes.
        always_cheaper: where it never does, of ways that are charged by runs, in sentences.
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
    retries: int
    seconds: float
    worker_seconds: float
    tasks: int
    ways: tuple[ServiceOption, ...]
    break_even: tuple[BreakEven, ...]
    always_cheaper: tuple[str, ...]
    left_out: dict[str, str]
    assumptions: tuple[str, ...]

    @property
    def added_text(self) -> str:
        """What the pipeline adds to an environment that runs anyway, in a sentence; empty where no price is known."""
        known = [(way.monthly, way) for way in self.ways if way.added is not None and way.monthly is not None]
        if not known:
            return ""
        whole, way = min(known, key=lambda entry: entry[0])
        least = min(way.added or 0.0 for _, way in known)
        about = "about $0" if least < 0.005 else f"from {format_dollars(least)}"
        return (
            f"You already run MWAA? Then this pipeline costs {about} more a month, as long as workers have free slots. "
            f"A whole environment for it alone costs {format_dollars(whole)} a month at least ({way.name})."
        )


class WarningRow(FrozenModel):
    """A warning of the linter about the definition; see `sfn_provider.exceptions.Diagnostic`."""

    code: str
    message: str
    location: str
    line: int | None


class FindingRow(FrozenModel):
    """A finding of the translation; see `sfn_provider.translate.findings.Finding`."""

    code: str
    effect: str
    why: str
    advice: str
    state: str | None
    location: str
