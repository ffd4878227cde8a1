"""Tasks of an owner's own in emitted DAG files: all of them run, and the states as before. In a real Airflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException
from sfn_provider.compare.airflow.runner import DagRunResult, shared_runner
from sfn_provider.engine import Mocks
from sfn_provider.runtime.routing import task_routing as routing
from sfn_provider.runtime.routing.routing_token import ERROR_KEY, TOKEN_KEY, RoutingToken
from sfn_provider.runtime.routing.task_routing import route_to_successor
from tests.fixtures.airflow.cleared_runs import ClearedRun
from tests.fixtures.airflow.edited_dags import Edit, adding, edit
from tests.fixtures.airflow.task_runs import Run
from tests.fixtures.machines.definitions import END, machine
from tests.golden import ROOT

pytestmark = pytest.mark.usefixtures("user_airflow_home")

INPUT = json.loads((ROOT / "dags" / "sales_pipeline.input.json").read_text(encoding="utf-8"))
OK = {"ok": True}
ANSWERS = {
    "ValidateInputFile": [{"Return": {**INPUT}}],
    "RunGlueTransform": [{"Return": OK}],
    "CheckDataQuality": [{"Return": {"quality_score": 0.99}}],
    "RunGoldAggregation": [{"Return": OK}],
    "NotifySuccess": [{"Return": OK}],
    "NotifyQualityFailure": [{"Return": OK}],
}
BAD_QUALITY = {"CheckDataQuality": [{"Return": {"quality_score": 0.5}}]}
BROKEN = [{"Throw": {"Error": "Broken", "Cause": "it broke"}}]

IN_EVERY_PLACE = (
    Edit(
        "between two states",
        "check_data_quality >> quality_passed",
        "check_data_quality >> EmptyOperator(task_id='between') >> EmptyOperator(task_id='between_2')"
        " >> quality_passed",
    ),
    Edit(
        "on one way of a Choice",
        "quality_passed >> [run_gold_aggregation, notify_quality_failure]",
        "quality_passed >> [EmptyOperator(task_id='on_the_way'), notify_quality_failure]\n"
        "    dag_task = quality_passed.dag.get_task('on_the_way')\n"
        "    dag_task >> run_gold_aggregation",
    ),
    adding("before the first", "EmptyOperator(task_id='before') >> validate_input_file"),
    adding("in parallel", "validate_input_file >> EmptyOperator(task_id='side') >> run_gold_aggregation"),
    adding("behind a Choice, for both ways", "quality_passed >> EmptyOperator(task_id='always')"),
    adding("behind the last", "notify_success >> EmptyOperator(task_id='after')"),
    adding(
        "behind all ends",
        "ends = [notify_success, notify_quality_failure, notify_failure]\n"
        "ends >> EmptyOperator(task_id='done', trigger_rule='none_failed_min_one_success')\n"
        "ends >> EmptyOperator(task_id='cleanup').as_teardown()",
    ),
    Edit(
        "a group around a state, which gives its task another id",
        "    check_data_quality = TaskStateOperator(\n",
        "    from sfn_provider.operators.groups import TaskGroup\n\n"
        "    checks = TaskGroup(group_id='checks')\n"
        "    check_data_quality = TaskStateOperator(\n        task_group=checks,\n",
    ),
)


def run_edited(file: str, edits: tuple[Edit, ...], answers: Mapping[str, Any], input: Any) -> DagRunResult:
    return shared_runner().run(edit(file, *edits), file, input, Mocks.from_mapping(answers).as_configuration())


def states(result: DagRunResult, *found: str) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in result.tasks if not found or task["state"] in found}


@dataclass(frozen=True)
class Case:
    """A run of the sales pipeline with own tasks in every place."""

    name: str
    state: str
    not_run: str
    """The tasks that do not run: those of states, and own ones."""
    answers: Mapping[str, Any] = field(default_factory=dict)


CASES = [
    Case("good quality", "success", "NotifyQualityFailure NotifyFailure"),
    Case("bad quality", "success", "on_the_way RunGoldAggregation NotifySuccess after NotifyFailure", BAD_QUALITY),
    Case(
        "a failure before all of them",
        "failed",
        "checks.CheckDataQuality between between_2 QualityPassed always on_the_way RunGoldAggregation NotifySuccess"
        " after NotifyQualityFailure NotifyFailure done",
        {"RunGlueTransform": BROKEN},
    ),
    Case("a failure of the last", "failed", "NotifyQualityFailure NotifyFailure after done", {"NotifySuccess": BROKEN}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_own_tasks_in_every_place_of_the_sales_pipeline(case: Case) -> None:
    result = run_edited("sales_pipeline", IN_EVERY_PLACE, {**ANSWERS, **case.answers}, INPUT)
    assert result.state == case.state
    failed = {name for name in case.answers if case.state == "failed"}
    expected = {task for task in states(result) if task.rpartition(".")[2] not in failed} - set(case.not_run.split())
    assert set(states(result, "success")) == expected
    assert set(states(result, "failed")) == failed


ORDER = {
    "order": {"article": "a", "parcels": [{"weight": 25}, {"weight": 1}]},
    "customer": "c",
}
ORDER_ANSWERS = {
    "Check payment": [{"Return": {"Payload": OK}}],
    "Look into stock": [{"Return": {"Item": {}}}],
}
IN_GROUPS = (
    Edit(
        "before the first state of a branch, and between two",
        "            look_into_stock >> [enough_in_stock, ask_the_warehouse]\n",
        "            EmptyOperator(task_id='first') >> look_into_stock\n"
        "            look_into_stock >> EmptyOperator(task_id='middle') >> enough_in_stock\n"
        "            look_into_stock >> ask_the_warehouse\n",
    ),
    Edit(
        "behind the last state of a branch",
        "            enough_in_stock >> [in_stock, ask_the_warehouse]\n",
        "            enough_in_stock >> [in_stock, ask_the_warehouse]\n"
        "            in_stock >> EmptyOperator(task_id='last')\n",
    ),
    Edit(
        "between two states of the items, before the first, behind the last, and beside them",
        "            weigh >> [split, label]\n            split >> label\n",
        "            weigh >> [split, label]\n"
        "            EmptyOperator(task_id='first') >> weigh\n"
        "            split >> EmptyOperator(task_id='middle') >> label >> EmptyOperator(task_id='last')\n"
        "            weigh >> EmptyOperator(task_id='side')\n",
    ),
    Edit(
        "a group around a state of the items",
        '            label = PassStateOperator(\n                task_id="Label",\n',
        "            inner = TaskGroup(group_id='inner')\n"
        '            label = PassStateOperator(\n                task_group=inner,\n                task_id="Label",\n',
    ),
    Edit(
        "between two groups",
        "    check_the_order >> [pack_parcels, put_aside]\n",
        "    check_the_order >> EmptyOperator(task_id='between') >> pack_parcels >> EmptyOperator(task_id='after')\n"
        "    check_the_order >> put_aside\n",
    ),
)


def test_own_tasks_in_branches_and_items() -> None:
    result = run_edited("order_checks", IN_GROUPS, ORDER_ANSWERS, ORDER)
    assert result.state == "success"
    assert {task["return_value"]["parcel"]["weight"] for task in result.tasks if task["task_id"].endswith("Label")} == {
        25,
        1,
    }
    found = {(task["task_id"], task["map_index"]): task["state"] for task in result.tasks}
    group = "Check_the_order.branch_2"
    skipped = {task for task, state in found.items() if state == "skipped"}
    assert skipped == {
        *((f"{group}.{name}", -1) for name in ("Ask_the_warehouse", "Wait_for_the_warehouse")),
        *((f"Pack_parcels.item.{name}", 1) for name in ("Split", "middle")),
        ("Put_aside", -1),
    }
    assert set(found.values()) == {"skipped", "success"}


CAUGHT_BRANCH = machine(
    {
        "Both": {
            "Type": "Parallel",
            "Branches": [machine({"Left": END}), machine({"Right": {"Type": "Fail", "Error": "Broken"}})],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After"}],
            "Next": "After",
        },
        "After": END,
    }
)

FAIL = "PythonOperator(task_id='own', python_callable=lambda: 1 / 0, retries=0)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "            ask_the_warehouse >> wait_for",
            f"            in_stock >> {FAIL}\n            ask_the_warehouse >> wait_for",
        ),
        ("            split >> label\n", f"            split >> {FAIL} >> label\n"),
        (
            "        pack_parcels_item >> pack",
            f"        {FAIL} >> pack_parcels_join\n        pack_parcels_item >> pack",
        ),
    ],
    ids=["behind the last state of a branch", "between two states of an item", "before a join"],
)
def test_a_failure_of_an_own_task_in_a_group_fails_the_run(old: str, new: str) -> None:
    result = run_edited("order_checks", (Edit("", old, new),), ORDER_ANSWERS, ORDER)
    assert result.state == "failed"
    [own] = [task for task in states(result, "failed") if task.endswith(".own")]
    assert states(result)[f"{own.partition('.')[0]}.join"] == "failed"


SKIPPED = "PythonOperator(task_id='own', python_callable=skip)"
SHORT = "ShortCircuitOperator(task_id='own', python_callable=lambda: False, ignore_downstream_trigger_rules=False)"
ITEM_EDGES = "            weigh >> [split, label]\n            split >> label\n"


@pytest.mark.parametrize(
    ("new", "own", "label"),
    [
        (f"            weigh >> [split, label]\n            split >> {FAIL} >> label\n", "failed", "failed"),
        (f"            weigh >> [split, label]\n            split >> {SKIPPED} >> label\n", "skipped", "skipped"),
        (f"{ITEM_EDGES}            split >> {SKIPPED} >> label\n", "skipped", "success"),
        (f"{ITEM_EDGES}            {FAIL} >> weigh\n", "failed", "skipped"),
        (f"{ITEM_EDGES}            pack_parcels_start >> {SKIPPED} >> weigh\n", "skipped", "skipped"),
        (f"            weigh >> [split, label]\n            split >> {SHORT} >> label\n", "success", "skipped"),
    ],
    ids=["fails", "skips", "skips beside an edge", "fails before the first", "skips before the first", "short circuit"],
)
def test_a_state_of_an_item_waits_for_an_own_task_before_it(new: str, own: str, label: str) -> None:
    """Airflow's own rule does so elsewhere; in a mapped group, states have another one."""
    result = run_edited("order_checks", (Edit("", ITEM_EDGES, new),), ORDER_ANSWERS, ORDER)
    found = {(task["task_id"].removeprefix("Pack_parcels."), task["map_index"]): task for task in result.tasks}
    assert {index: found[name, index]["state"] for name, index in found if name == "item.own"}[0] == own
    assert found["item.Label", 0]["state"] == label
    assert (result.state == "success") == (label == "success")
    assert (found["join", -1]["state"] == "success") == (label == "success")


def test_a_map_of_too_many_items_for_airflow_refuses_to_leave_an_own_task_out() -> None:
    """The start task would run the states of all items itself."""
    own = Edit("", "            split >> label\n", "            split >> EmptyOperator(task_id='own') >> label\n")
    parcels = [{"weight": 1}] * 1025
    result = run_edited("order_checks", (own,), ORDER_ANSWERS, {**ORDER, "order": {"article": "a", "parcels": parcels}})
    [start] = [task for task in result.tasks if task["task_id"] == "Pack_parcels.start"]
    assert (result.state, start["state"]) == ("failed", "failed")
    assert "and 'Pack_parcels.item.own' for none of them" in start["error"]["Message"]


@pytest.mark.parametrize("crashes", [False, True], ids=["a state without a task", "a crash"])
def test_a_task_that_cannot_run_fails_the_join_whatever_another_branch_was_caught_for(
    crashes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = routing._chosen_task

    def choose_nothing_behind_left(flow: Any, task: Any, token: Any, context: Any) -> str | None:
        if task.state_name != "Left":
            return choose(flow, task, token, context)
        if crashes:
            raise TypeError("a fault of the program")
        return choose(flow, task, replace(token, next="Nothing"), context)

    monkeypatch.setattr(routing, "_chosen_task", choose_nothing_behind_left)
    run = ClearedRun(CAUGHT_BRANCH, {})
    assert run.run("Both.Left", "Both.Right") == {"Both.start", "Both.Left", "Both.Right", "Both.join"}
    assert {task: run.states[task, -1] for task in ("Both.Left", "Both.join", "After")} == {
        "Both.Left": "failed",
        "Both.join": "failed",
        "After": "upstream_failed",
    }


# Without a DAG file ---------------------------------------------------------------------------------------------------


def make_dag(text: str) -> Any:
    """The DAG of a file's text, not read by Airflow: it is not checked until a task runs."""
    module: dict[str, Any] = {"__name__": "dag_file", "__doc__": ""}
    exec(compile(text, "dag_file", "exec"), module)
    return module["quality_passed"].dag


def test_a_task_of_an_inconsistent_dag_that_was_not_imported_fails() -> None:
    misspelt = Edit("", 'next="CheckDataQuality"', 'next="CheckDataQualty"')
    task = make_dag(edit("sales_pipeline", misspelt)).get_task("ValidateInputFile")
    with pytest.raises(AirflowFailException, match="did you mean 'CheckDataQuality'"):
        Run().execute(task)


def test_a_token_that_names_no_task_behind_fails_the_task() -> None:
    task = make_dag(edit("sales_pipeline")).get_task("CheckDataQuality")
    run = Run()
    for name in ("NotifySuccess", "Nothing"):
        with pytest.raises(AirflowFailException, match=f"goes to '{name}', but no task behind 'CheckDataQuality' runs"):
            route_to_successor(task, run.context(task), {}, RoutingToken("CheckDataQuality", name))
    assert {key for _, key in run.xcoms} == {ERROR_KEY} and TOKEN_KEY not in run.xcoms
    assert route_to_successor(task, run.context(task), {"x": 1}, RoutingToken("CheckDataQuality", "QualityPassed?"))
