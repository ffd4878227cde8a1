"""A run's way through its state machine is that of the engine's history; nothing that no task records is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sfn_provider.airflow_pages.dag_structure import DagStructure, read_dag_structure
from sfn_provider.airflow_pages.database import load_run
from sfn_provider.airflow_pages.run_paths import TaskRun, machine_paths, task_paths, without_unknown_states
from sfn_provider.asl import parse
from sfn_provider.drawing.execution_paths import find_execution_paths
from sfn_provider.drawing.graph import Graph, machine_graph
from sfn_provider.drawing.taken_paths import TakenPaths, walk_edges
from sfn_provider.engine import simulate
from sfn_provider.engine.history.visited_states import find_visited_states
from sfn_provider.translate import translate
from sfn_provider.translate.emit.live_dag import live_dag
from tests.airflow_pages.conftest import StoredRun
from tests.fixtures.airflow.airflow_home import dag_serialization
from tests.fixtures.machines.definitions import END, call, choose, go, machine
from tests.golden import Golden, goldens

BREAKS = {"Throw": {"Error": "Broken", "Cause": "it broke"}}
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Mended"}]

LOOP = {
    "Count": go("Again?", Parameters={"n.$": "States.MathAdd($.n, 1)"}),
    "Again?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Count"}],
        "Default": "Side by side",
    },
}
SIDES = {
    "Type": "Parallel",
    "Branches": [
        machine({"Left": call("Left end"), "Left end": END}),
        machine({"Right": choose("$.way", {"x": "Never"}, "Right end"), "Never": END, "Right end": END}),
    ],
    "ResultPath": None,
    "Catch": CATCH,
    "Next": "Each",
}
EACH = {
    "Type": "Map",
    "ItemsPath": "$.items",
    "ItemProcessor": machine({"Odd?": choose("$", {"odd": "Odd"}, "Even"), "Odd": END, "Even": END}),
    "ResultPath": None,
    "Next": "Last",
}
MACHINES: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "caught": (
        machine({"First": call("Second", Catch=CATCH), "Second": END, "Mended": call("Third"), "Third": END}),
        {"First": [BREAKS], "Mended": [{"Return": 1}]},
        {},
    ),
    "fails": (
        machine({"First": call("Second"), "Second": call("Third"), "Third": END}),
        {"First": [{"Return": 1}], "Second": [BREAKS]},
        {},
    ),
    "loops": (
        machine({**LOOP, "Side by side": go("Done"), "Done": {"Type": "Succeed"}}),
        {},
        {"n": 0},
    ),
    "groups": (
        machine({"Side by side": SIDES, "Each": EACH, "Mended": END, "Last": END}),
        {"Left": [{"Return": 1}]},
        {"way": "y", "items": ["odd", "even", "odd"]},
    ),
    "join_catches": (
        machine({"Side by side": SIDES, "Each": EACH, "Mended": END, "Last": END}),
        {"Left": [BREAKS]},
        {"way": "y", "items": []},
    ),
}


def expected(definition: dict[str, Any], responses: dict[str, Any], input: Any) -> TakenPaths:
    """What the history says; a state failed, too, where a catcher of the Parallel around it took its error."""
    records = simulate(definition, input, mocks=responses).records
    found = find_execution_paths(machine_graph(parse(definition)), records)
    return replace(found, failed=find_visited_states(records).failed)


@pytest.mark.parametrize("name", MACHINES)
def test_a_runs_way_is_the_executions(name: str, run_machine: Callable[..., StoredRun]) -> None:
    definition, responses, input = MACHINES[name]
    stored = run_machine(f"way_{name}", definition, responses, input)
    run = load_run(stored.dag_id, stored.run_id)
    assert run is not None and run.dag.machine is not None
    found, wanted = machine_paths(run.dag, run.tasks), expected(definition, responses, input)
    assert found.nodes == wanted.nodes
    assert found.edges == wanted.edges
    assert (+found.failed, +found.caught) == (wanted.failed, wanted.caught)
    assert wanted.nodes and run.dag.start in wanted.nodes


def structure(definition: dict[str, Any] | str, **options: Any) -> DagStructure:
    """The DAG of a definition as the web server reads it."""
    dag = live_dag(translate(definition, dag_id="read", **options).plan)
    return read_dag_structure(json.loads(json.dumps(dag_serialization().to_dict(dag))))


def test_a_loop_that_runs_has_entered_the_state_that_was_chosen() -> None:
    dag = structure(machine({"First": go("Again?"), **LOOP, "Side by side": END}))
    [loop] = {tasks.task_id for name, tasks in dag.states.items() if name in LOOP}
    first = TaskRun("First", state="success", token={"next": "Again?"})
    found = machine_paths(dag, [first, TaskRun(str(loop), state="deferred")])
    assert found.nodes == {"First": 1, "Again?": 1}
    assert found.edges == {("First", "Again?")}


def test_without_readable_xcoms_tasks_count_and_transitions_are_not_guessed() -> None:
    dag = structure(machine({"First": choose("$", {"a": "Second"}, "Third"), "Second": END, "Third": END}))
    found = machine_paths(dag, [TaskRun("First", state="success"), TaskRun("Second", state="skipped")])
    assert (found.nodes, found.edges) == ({"First": 1}, frozenset())


def test_what_was_skipped_or_waits_did_not_run() -> None:
    dag = structure(machine({"First": go("Second"), "Second": END}))
    for state in (None, "scheduled", "queued", "skipped", "upstream_failed", "removed"):
        assert not machine_paths(dag, [TaskRun("First", state=state)]).nodes
        assert not task_paths(dag.tasks, [TaskRun("First", state=state)]).nodes


def test_a_map_that_ran_without_being_chosen_did_not_run() -> None:
    dag = structure(machine({"First": choose("$", {"a": "Each"}, "Last"), "Each": EACH, "Last": END}))
    start = str(dag.states["Each"].task_id)
    assert "Each" not in machine_paths(dag, [TaskRun(start, state="success")]).nodes
    chosen = [
        TaskRun("First", state="success", token={"next": "Each"}),
        TaskRun(start, state="success", token={"next": "Each"}),
    ]
    found = machine_paths(dag, chosen)
    assert found.nodes == {"First": 1, "Each": 1}
    assert found.edges == {("First", "Each")}


def test_of_a_map_whose_items_share_a_task_no_inner_state_is_shown_as_idle() -> None:
    each = {
        **EACH,
        "ItemProcessor": {
            **EACH["ItemProcessor"],
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        },
    }
    dag = structure(machine({"Each": each, "Last": END}))
    assert dag.machine is not None
    assert {node.key for node in dag.machine.walk()} == {"Each", "Odd?", "Odd", "Even", "Last"}
    assert {node.key for node in without_unknown_states(dag, dag.machine).walk()} == {"Each", "Last"}


def test_the_graph_of_tasks_is_that_of_the_dag() -> None:
    dag = structure(machine({"Side by side": SIDES, "Each": EACH, "Mended": END, "Last": END}))
    keys = {node.key: node for node in dag.tasks.walk()}
    groups = {key for key, node in keys.items() if node.inside}
    assert groups == {"Side_by_side", "Side_by_side.branch_1", "Side_by_side.branch_2", "Each", "Each.item"}
    assert keys["Each.item"].kind == "mapped group"
    inner = {node.title for node in keys["Each.item"].inside[0].nodes}
    assert inner == {"Odd?", "Odd", "Even"}
    runs = [TaskRun(key, state="success") for key, node in keys.items() if not node.inside]
    assert set(task_paths(dag.tasks, runs).edges) == set(walk_edges(dag.tasks))


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.name)
def test_the_outline_is_the_definition_of_every_golden_dag(golden: Golden) -> None:
    source = golden.definition.read_text(encoding="utf-8")
    definition = parse(source)
    dag = structure(source, **golden.options)
    assert dag.machine is not None
    wanted = machine_graph(definition)

    def shape(graph: Graph) -> Any:
        nodes = sorted((node.key, node.kind, [shape(inner) for inner in node.inside]) for node in graph.nodes)
        return graph.nodes[0].key, nodes, sorted(graph.edges)

    assert shape(dag.machine) == shape(wanted)
    assert set(dag.states) == {node.key for node in wanted.walk()}
