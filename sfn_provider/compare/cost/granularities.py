"""Estimates what each granularity of a DAG takes: tasks, seconds of the scheduler, dollars.

The model: Airflow needs some time for each task beside its work, to find that it is ready, to queue it and to start a
process: `SECONDS_PER_TASK`, measured with LocalExecutor on two cores (1.3 to 1.7 s). Tasks side by side need it side by
side. MWAA Serverless charges each task a minute at least; an environment pays a slot of a worker meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sfn_provider.compare.cost.prices import Prices
from sfn_provider.translate.plan.granularity import ONE_STATE, Granularity
from sfn_provider.translate.plan.model import DagPlan, GroupPlan, walk
from sfn_provider.translate.plan.task_counts import count_tasks

SECONDS_PER_TASK = 1.5
"""Seconds that a task takes beside its work."""

_STARTS = (
    "Started, and charged, are also the tasks that are not chosen; and a task once more behind each Wait, and for each",
    ".sync job to look whether it has ended: once here, and more often where the job takes longer.",
)
"""What the dollars of a workflow with own code are made of."""

ENVIRONMENT = "mw1.small"
"""The class of MWAA environment whose slots are counted: five a worker."""

DEFAULT_BATCH = 20
"""Items of a Map in one task, where nobody has named a number."""


@dataclass(frozen=True, slots=True)
class GranularityEstimate:
    """What a run takes where one task runs so much.

    Args:
        tasks: what one task runs: ``state``, ``segment`` or ``machine``.
        map_batch: how many items of a Map one task runs; None for one.
        is_chosen: True for that of the DAG that was translated.
        dag_tasks: the tasks in the DAG.
        run_tasks: task instances of a run on its longest way, where each Map has one item.
        per_item: task instances for each further item of its Maps.
        seconds: expected seconds of such a run beside the work of its states.
        starts: starts of tasks that MWAA Serverless charges in such a run.
        serverless: dollars for 1,000 such runs on MWAA Serverless; None where the price is not known.
        slots: dollars for the slots of workers that 1,000 such runs take beside the work of their states; None where
            the price is not known.
    """

    tasks: str
    map_batch: int | None
    is_chosen: bool
    dag_tasks: int
    run_tasks: int
    per_item: float
    seconds: float
    starts: int
    serverless: float | None
    slots: float | None


def estimate_granularities(
    make_plan: Callable[[Granularity], DagPlan],
    chosen: Granularity,
    prices: Prices,
    count_starts: Callable[[DagPlan], int] | None = None,
) -> tuple[GranularityEstimate, ...]:
    """Estimate what each granularity takes.

    Args:
        make_plan: plans the DAG in a granularity.
        chosen: the granularity that was asked for.
        prices: the prices of a region.
        count_starts: counts the starts of tasks in a run of a workflow; None for a DAG, in a run of which each task
            instance starts once.
    """
    plans = {granularity: make_plan(granularity) for granularity in _granularities(make_plan(ONE_STATE), chosen)}
    return tuple(
        _estimate(plan, granularity, granularity == chosen, prices, count_starts) for granularity, plan in plans.items()
    )


def _granularities(plan: DagPlan, chosen: Granularity) -> Sequence[Granularity]:
    """Return the granularities to compare for a DAG, of which the plan with a task for each state is given."""
    batch = chosen.map_batch or DEFAULT_BATCH
    nodes = walk(plan.tasks)
    has_map = any(isinstance(node, GroupPlan) and node.mapped and node.children is None for node in nodes)
    batched = [Granularity("state", batch), Granularity("segment", batch)] if has_map else []
    found = [Granularity("state"), Granularity("segment"), *batched, Granularity("machine")]
    return found if chosen in found else [*found, chosen]


def _estimate(
    plan: DagPlan,
    granularity: Granularity,
    is_chosen: bool,
    prices: Prices,
    count_starts: Callable[[DagPlan], int] | None,
) -> GranularityEstimate:
    counts = count_tasks(plan)
    starts = count_starts(plan) if count_starts is not None else counts.run
    charged, slot = _task_price(prices), _slot_price(prices)
    return GranularityEstimate(
        granularity.tasks,
        granularity.map_batch,
        is_chosen,
        counts.tasks,
        counts.run,
        round(counts.per_item, 4),
        counts.in_a_row * SECONDS_PER_TASK,
        starts,
        round(1000 * starts * charged, 4) if charged is not None else None,
        round(1000 * counts.run * slot, 4) if slot is not None else None,
    )


def _task_price(prices: Prices) -> float | None:
    """Return the dollars that MWAA Serverless charges for a short task."""
    serverless = prices.mwaa_serverless
    return serverless.per_task_hour * serverless.minimum_seconds / 3600 if serverless is not None else None


def _slot_price(prices: Prices) -> float | None:
    """Return the dollars of a worker's slot for what a task takes beside its work."""
    environment = prices.mwaa.get(ENVIRONMENT)
    if environment is None or environment.worker is None:
        return None
    return environment.worker / environment.slots / 3600 * SECONDS_PER_TASK


def format_estimates(estimates: Sequence[GranularityEstimate], prices: Prices) -> str:
    """Return the estimates as a table for people, with the model in a line below."""
    head = ("", "--tasks", "--map-batch", "Tasks", "In a run", "Per item", "Seconds", "Serverless", "Slots")
    rows = [head, *map(_row, estimates)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    has_more_starts = any(found.starts != found.run_tasks for found in estimates)
    return "\n".join([*lines, "", *_notes(prices), *(_STARTS if has_more_starts else ())]) + "\n"


def _row(estimate: GranularityEstimate) -> tuple[str, ...]:
    return (
        "*" if estimate.is_chosen else "",
        estimate.tasks,
        str(estimate.map_batch or ""),
        str(estimate.dag_tasks),
        str(estimate.run_tasks),
        f"{estimate.per_item:g}" if estimate.per_item else "",
        f"{estimate.seconds:.1f}",
        _dollars(estimate.serverless),
        _dollars(estimate.slots),
    )


def _dollars(value: float | None) -> str:
    return "unknown" if value is None else f"${value:,.2f}"  # a column of amounts, with cents in all


def _notes(prices: Prices) -> list[str]:
    environment = prices.mwaa.get(ENVIRONMENT)
    dates = [found.as_of for found in (prices.mwaa_serverless, environment) if found is not None and found.as_of]
    looked_up = ", ".join([prices.region, *dict.fromkeys(dates or [prices.as_of])])
    return [
        "* is this DAG. In a run: task instances on the longest way, with one item in each Map. Seconds: what Airflow",
        f"takes beside the work of the states, at {SECONDS_PER_TASK} s a task in a row. Dollars are for 1,000 such",
        f"runs (prices: {looked_up}): on MWAA Serverless, which charges each start of a task",
        f"a minute at least; and for the slots of {ENVIRONMENT} workers.",
    ]
