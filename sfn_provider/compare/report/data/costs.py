"""Estimates the costs of a pipeline from the cases of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_high
from typing import Final

from sfn_provider.asl.document import Document
from sfn_provider.asl.model import StateMachine, Task
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.compare.cost.estimate import ASSUMPTIONS, SERVERLESS, CostEstimate, Environment, Usage, estimate
from sfn_provider.compare.cost.prices import Prices
from sfn_provider.compare.cost.workflow_usage import VisitTime, WorkflowUsage, measure_workflow
from sfn_provider.compare.report.model import Case, Cost, ServiceOption
from sfn_provider.formatting import count
from sfn_provider.translate import translate
from sfn_provider.translate.serverless.style import WayName

_WORKFLOWS: Final[dict[str, WayName]] = {"operators": "operators", "own code": "code"}
"""The ways of a workflow, by the names that they have in reports."""

_EXPRESS_SECONDS = 300
"""Source: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html"""

MOCKED_CALLS = (
    "Calls are mocked and take no time here: Express's duration and the time that tasks hold workers are lower bounds."
)


@dataclass(frozen=True)
class CostOptions:
    """The prices, runs and environment that costs are estimated with.

    Args:
        prices: the prices.
        runs: runs a month.
        runs_from: where this number comes from, for people.
        environment: the MWAA environment, beyond what its class comes with.
    """

    prices: Prices
    runs: int
    runs_from: str
    environment: Environment = field(default_factory=Environment)


def estimate_cost(cases: Sequence[Case], document: Document, options: CostOptions) -> Cost | None:
    """Estimate the costs where each run is like the case with the median number of transitions.

    None where no case ran on both sides.
    """
    ran = [case for case in cases if case.airflow is not None]
    if not ran:
        return None
    middle = median_high(_transitions(case) for case in ran)
    typical = next(case for case in ran if _transitions(case) == middle)
    workflows = measure_workflows(typical, document)
    usage = replace(
        measure_usage(typical, document),
        workflows={name: found.starts for name, found in workflows.items() if isinstance(found, WorkflowUsage)},
        no_workflows={name: found for name, found in workflows.items() if isinstance(found, str)},
    )
    estimated = estimate(usage, options.prices, options.runs, options.environment)
    assumed = (*_assumptions(typical, usage, options, len(ran)), *_workflow_assumptions(workflows))
    return _make_cost(typical, usage, options, estimated, assumed)


def measure_usage(case: Case, document: Document) -> Usage:
    """Return the billed usage of a case.

    A call without ``.sync`` or a task token holds a worker until it is answered: where the times of Step Functions are
    recorded and those of Airflow without calls, its recorded time is added to that of the task.
    """
    return Usage(
        transitions=_transitions(case),
        seconds=case.step_functions.seconds,
        task_seconds=tuple(_task_seconds(case, document.machine)),
        express=_why_not_express(case, document),
    )


def measure_workflows(case: Case, document: Document) -> dict[str, WorkflowUsage | str]:
    """Return what a run like a case uses on MWAA Serverless, by the way of the workflow; or why there is none.

    Args:
        case: the case.
        document: the machine's definition.
    """
    visits = _state_times(case, document.machine)
    found: dict[str, WorkflowUsage | str] = {}
    for name, way in _WORKFLOWS.items():
        translation = translate(document, dag_id="workflow", target="mwaa-serverless", way=way)
        refusal = next((entry for entry in translation.diagnostics if entry.level == "error"), None)
        found[name] = refusal.message if refusal is not None else measure_workflow(translation, visits)
    return found


def _state_times(case: Case, machine: StateMachine) -> list[VisitTime]:
    states = {names[-1]: state for _, names, state in walk_states(machine)}
    return [
        VisitTime(
            row.state,
            row.type,
            state.resource if isinstance(state := states.get(row.state), Task) else "",
            row.depth,
            row.step_functions.seconds or 0.0,
            row.step_functions.calls,
            row.step_functions.calling,
            row.step_functions.ended == "failed",
        )
        for row in case.states
        if row.step_functions is not None
    ]


def _workflow_assumptions(workflows: Mapping[str, WorkflowUsage | str]) -> Iterator[str]:
    for name, found in workflows.items():
        if not isinstance(found, WorkflowUsage):
            continue
        idle = f", {found.idle} of tasks that are not chosen" if found.idle else ""
        cycles = f", {found.cycles} to look whether something has ended" if found.cycles else ""
        yield f"{SERVERLESS}, {name}: {count(len(found.starts), 'start')} of tasks a run{idle}{cycles}."


def _transitions(case: Case) -> int:
    """The history of an execution lacks the transitions of a Map's child executions; the DAG's run has them."""
    return max(case.step_functions.transitions, case.airflow.transitions if case.airflow else 0)


def _task_seconds(case: Case, machine: StateMachine) -> Iterator[float]:
    mocked = case.airflow is not None and case.airflow.clock == "mocked"
    calling = _seconds_of_calls(case, machine) if mocked and case.step_functions.clock == "recorded" else {}
    sharing = [name for task in case.task_times for name in set(task.states)]
    for task in case.task_times:
        yield task.seconds + sum(calling.get(name, 0.0) / sharing.count(name) for name in set(task.states))


def _seconds_of_calls(case: Case, machine: StateMachine) -> Mapping[str, float]:
    """How long the calls that a worker waits for took in all, by state."""
    holding = {
        names[-1]
        for _, names, state in walk_states(machine)
        if isinstance(state, Task)
        and parse_resource(state.resource).pattern == "request_response"
        and parse_resource(state.resource).kind != "activity"
    }
    found: dict[str, float] = {}
    for row in case.states:
        if row.state in holding and row.step_functions is not None:
            found[row.state] = found.get(row.state, 0.0) + row.step_functions.calling
    return found


def _why_not_express(case: Case, document: Document) -> str | None:
    as_express = replace(document, execution_type="EXPRESS")
    errors = [found for found in as_express.diagnostics if found.level == "error"]
    if errors:
        return f"the machine cannot be an Express one: {errors[0].location}: {errors[0].message}"
    if case.step_functions.seconds > _EXPRESS_SECONDS:
        return f"an execution takes {case.step_functions.seconds:,.0f} s; Express ones end after 300 s"
    return None


def _make_cost(
    case: Case, usage: Usage, options: CostOptions, estimated: CostEstimate, assumptions: tuple[str, ...]
) -> Cost:
    prices = options.prices
    return Cost(
        region=prices.region,
        as_of=prices.dates,
        currency=prices.currency,
        sources=dict(prices.sources),
        runs=options.runs,
        runs_from=options.runs_from,
        case=case.name,
        transitions=usage.transitions,
        retries=sum(max(0, row.step_functions.calls - 1) for row in case.states if row.step_functions is not None),
        seconds=usage.seconds,
        worker_seconds=usage.worker_seconds,
        tasks=len(usage.task_seconds),
        ways=tuple(
            ServiceOption(
                name=found.way.name,
                monthly=found.monthly,
                curve=found.curve,
                added=found.added,
                origin=found.way.origin,
                source=found.way.source,
                limit=found.way.limit,
            )
            for found in estimated.ways
            if found.curve
        ),
        break_even=tuple(sorted(estimated.break_even, key=lambda point: point.runs)),
        always_cheaper=estimated.always_cheaper,
        left_out=estimated.left_out,
        assumptions=assumptions,
    )


def _assumptions(case: Case, usage: Usage, options: CostOptions, cases: int) -> Iterator[str]:
    yield f"Every run is like {case.name!r}, the one with the median number of state transitions of {cases}."
    if case.step_functions.clock == "virtual":
        yield MOCKED_CALLS
    if case.airflow is not None and case.airflow.clock == "mocked":
        yield "Tasks take what they took in a private Airflow on this machine" + (
            ", and the calls that hold a worker what Step Functions recorded."
            if case.step_functions.clock == "recorded"
            else "."
        )
    if case.airflow is not None and case.airflow.clock == "measured":
        yield "Tasks hold workers as long as Airflow says that they ran, deferrals included: an upper bound."
    if usage.express is None:
        yield f"An Express execution uses {usage.memory_mb} MB of memory."
    environment = options.environment
    yield (
        f"MWAA: {environment.storage_gb:g} GB of metadata storage; beyond what the class comes with "
        f"{environment.workers} workers, {environment.schedulers} schedulers and {environment.webservers} web servers "
        "all month."
    )
    yield from ASSUMPTIONS
