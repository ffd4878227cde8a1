from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.compare.cost.granularities import SECONDS_PER_TASK, estimate_granularities, format_estimates
from sfn_provider.compare.cost.prices import EnvironmentPrices, Prices, ServerlessPrices
from sfn_provider.translate import translate
from sfn_provider.translate.plan.granularity import Granularity
from sfn_provider.translate.plan.model import DagPlan
from sfn_provider.translate.plan.task_counts import TaskCounts, count_tasks
from tests.fixtures.machines.definitions import END, call, choose, go, machine

CHILD = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
TWO = machine({"In": go("Out"), "Out": END})
LONG = {
    "A": choose("$.x", {"y": "B"}, "D"),
    "B": go("C"),
    "C": go("D"),
    "D": {"Type": "Parallel", "Branches": [TWO, machine({"Other": END})], "Next": "E"},
    "E": END,
}
EACH = {"A": go("Each"), "Each": {"Type": "Map", "ItemProcessor": TWO, "End": True}}
BOTH = Prices(
    as_of="2025-01-01",
    region="here",
    mwaa={"mw1.small": EnvironmentPrices(environment=1, worker=3.6, scheduler=1, webserver=1, slots=5)},
    mwaa_serverless=ServerlessPrices(per_task_hour=0.06),
)


@pytest.mark.parametrize(
    ("states", "granularity", "counts"),
    [
        ({"A": END}, {}, TaskCounts(1, 1, 1, 0)),
        (LONG, {}, TaskCounts(9, 9, 8, 0)),
        (LONG, {"tasks": "segment"}, TaskCounts(6, 6, 5, 0)),
        (LONG, {"tasks": "machine"}, TaskCounts(1, 1, 1, 0)),
        (EACH, {}, TaskCounts(5, 5, 5, 2)),
        (EACH, {"tasks": "segment"}, TaskCounts(4, 4, 4, 1)),
        (EACH, {"tasks": "segment", "map_batch": 4}, TaskCounts(4, 4, 4, 0.25)),
        (
            {"Each": {"Type": "Map", "ItemProcessor": CHILD | TWO, "End": True}},
            {},
            TaskCounts(3, 3, 3, 1 / 40),
        ),
        ({"A": go("B"), "B": choose("$.x", {"y": "A"}, "C"), "C": END}, {}, TaskCounts(2, 2, 2, 0)),
    ],
    ids=["one", "long", "segments", "machine", "items", "one_an_item", "batches", "children", "loop"],
)
def test_the_tasks_of_a_run(states: dict[str, Any], granularity: dict[str, Any], counts: TaskCounts) -> None:
    assert count_tasks(translate(machine(states), dag_id="x", **granularity).plan) == counts


def _make_plan(states: dict[str, Any]) -> Any:
    def make(granularity: Granularity) -> DagPlan:
        return translate(machine(states), dag_id="x", tasks=granularity.tasks, map_batch=granularity.map_batch).plan

    return make


def test_what_each_granularity_takes() -> None:
    found = estimate_granularities(_make_plan({"A": call("B"), "B": call()}), Granularity("segment"), BOTH)
    assert [(row.tasks, row.is_chosen, row.run_tasks, row.seconds, row.serverless, row.slots) for row in found] == [
        ("state", False, 2, 2 * SECONDS_PER_TASK, 2.0, 0.6),
        ("segment", True, 1, SECONDS_PER_TASK, 1.0, 0.3),
        ("machine", False, 1, SECONDS_PER_TASK, 1.0, 0.3),
    ]


@pytest.mark.parametrize(
    ("chosen", "rows"),
    [
        (Granularity(), [("state", None), ("segment", None), ("state", 20), ("segment", 20), ("machine", None)]),
        (
            Granularity("state", 7),
            [("state", None), ("segment", None), ("state", 7), ("segment", 7), ("machine", None)],
        ),
    ],
    ids=["none", "own"],
)
def test_batches_are_shown_where_there_is_a_map(chosen: Granularity, rows: list[tuple[str, int | None]]) -> None:
    found = estimate_granularities(_make_plan(EACH), chosen, BOTH)
    assert [(row.tasks, row.map_batch) for row in found] == rows
    assert [row.is_chosen for row in found].count(True) == 1


def test_a_price_that_is_not_known_is_said_so() -> None:
    found = estimate_granularities(_make_plan({"A": END}), Granularity(), Prices(as_of="2025-01-01"))
    assert "unknown" in format_estimates(found, BOTH)
