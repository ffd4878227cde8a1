"""What of a drawing is shown as taken."""

from __future__ import annotations

from sfn_provider.asl import parse
from sfn_provider.compare.report.drawing.case_paths import find_taken_paths
from sfn_provider.drawing.graph import dag_graph, machine_graph
from sfn_provider.drawing.svg import draw
from sfn_provider.translate import translate
from tests.compare.report.test_builder import BROKEN, ENDS
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.reports import make_case

AROUND = machine(
    {
        "Large?": choose("$.size", {"large": "Check"}, "Each"),
        "Check": {"Type": "Parallel", "Next": "Each", "ResultPath": None, "Branches": [machine({"A": call()})]},
        "Each": {"Type": "Map", "ItemsPath": "$.lines", "ItemProcessor": machine({"B": call()}), "Next": "Last"},
        "Last": END,
    }
)


def test_a_way_past_a_group_is_not_taken_although_both_its_ends_ran() -> None:
    case = make_case(AROUND, {"size": "large", "lines": [1]}, {name: [{"Return": {}}] for name in "AB"})
    drawn = find_taken_paths(dag_graph(translate(AROUND, dag_id="m").plan), [case], "airflow").edges
    assert {("Large", "Check"), ("Check", "Each"), ("Each", "Last")} <= drawn
    assert ("Large", "Each") not in drawn
    ways = find_taken_paths(machine_graph(parse(AROUND)), [case], "step_functions").edges
    assert ("Large?", "Check") in ways and ("Large?", "Each") not in ways


def test_a_way_past_a_group_is_taken_where_the_group_did_not_run() -> None:
    case = make_case(AROUND, {"size": "small", "lines": [1]}, {"B": [{"Return": {}}]})
    drawn = find_taken_paths(dag_graph(translate(AROUND, dag_id="m").plan), [case], "airflow").edges
    assert ("Large", "Each") in drawn and ("Large", "Check") not in drawn


def test_what_failed_is_drawn_as_failed() -> None:
    graph = machine_graph(parse(ENDS))
    drawn = {box.lines[0]: box for box in draw(graph, find_taken_paths(graph, [BROKEN], "step_functions")).boxes}
    assert {name: box.style for name, box in drawn.items()} == {
        "Ask": "caught",
        "Both": "caught",
        "Left": "failed",
        "Right": "ran",
        "Give up": "failed",
        "Done": "idle",
    }
    assert drawn["Left"].note == "Task, failed"
    assert drawn["Left"].title == "Left, Task: ran, failed"
    twice = {box.lines[0]: box for box in draw(graph, find_taken_paths(graph, [BROKEN] * 2, "airflow")).boxes}
    assert twice["Ask"].title == "Ask, Task: ran 2 times, its error was caught 2 times"
    assert twice["Ask"].note.endswith(", 2 caught")
