from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl import parse
from sfn_provider.translate.plan.graph import flow_order, loops, successors
from tests.fixtures.machines.definitions import END, call, choose, go, machine

Edges = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Case:
    """A graph, its loops, and the order in which it reads (for graphs without loops)."""

    name: str
    edges: Edges
    loops: tuple[tuple[str, ...], ...] = ()
    order: str = ""


CASES = [
    Case("a chain", {"A": ("B",), "B": ("C",), "C": ()}, order="ABC"),
    Case("written backwards", {"C": (), "B": ("C",), "A": ("B",)}, order="ABC"),
    Case("a merge comes after all that lead to it", {"A": ("C", "B"), "B": ("C",), "C": ()}, order="ABC"),
    Case("the first way stays together", {"A": ("B", "D"), "B": ("C",), "C": (), "D": ()}, order="ABCD"),
    Case("a handler comes last", {"A": ("B", "X"), "B": ("C", "X"), "C": (), "X": ()}, order="ABCX"),
    Case("a state that leads to itself", {"A": ("A", "B"), "B": ()}, (("A",),)),
    Case("a loop of two", {"A": ("B",), "B": ("A", "C"), "C": ()}, (("A", "B"),)),
    Case("loops within a loop", {"A": ("B",), "B": ("C", "B"), "C": ("B", "A", "D"), "D": ()}, (("A", "B", "C"),)),
    Case("loops that share a state", {"A": ("B", "C"), "B": ("A",), "C": ("A", "D"), "D": ()}, (("A", "B", "C"),)),
    Case("loops after one another", {"A": ("B",), "B": ("A", "C"), "C": ("D",), "D": ("C",)}, (("A", "B"), ("C", "D"))),
    Case(
        "in the order of the definition",
        {"D": ("C",), "C": ("D",), "B": ("A",), "A": ("B", "C")},
        (("D", "C"), ("B", "A")),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_loops(case: Case) -> None:
    assert loops(case.edges) == list(case.loops)


@pytest.mark.parametrize("case", [case for case in CASES if case.order], ids=lambda case: case.name)
def test_flow_order(case: Case) -> None:
    assert "".join(flow_order("A", case.edges)) == case.order


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_every_state_comes_after_all_that_lead_to_it(pairs: list[tuple[int, int]]) -> None:
    forward = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    edges = {str(node): tuple(str(end) for start, end in sorted(forward) if start == node) for node in range(13)}
    order = flow_order("0", edges)
    graph: nx.DiGraph[str] = nx.DiGraph([(start, end) for start, ends in edges.items() for end in ends])
    reachable = {"0"} | (nx.descendants(graph, "0") if "0" in graph else set())
    assert sorted(order) == sorted(reachable)
    assert all(order.index(start) < order.index(end) for start in order for end in edges[start])


@given(st.dictionaries(st.sampled_from("ABCDEFG"), st.lists(st.sampled_from("ABCDEFG")), min_size=1))
def test_no_state_leads_back_to_itself_outside_of_a_loop(found: dict[str, list[str]]) -> None:
    edges = {name: tuple(end for end in ends if end in found) for name, ends in found.items()}
    members = {name: group for group in loops(edges) for name in group}
    for name in edges:
        graph: nx.DiGraph[str] = nx.DiGraph([(start, end) for start, ends in edges.items() for end in ends])
        again = name in graph and any(nx.has_path(graph, end, name) for end in graph.successors(name))
        assert again is (name in members)


def test_deep_machines_do_not_recurse() -> None:
    edges: Edges = {str(number): (str(number + 1),) for number in range(20_000)} | {"20000": ()}
    assert len(flow_order("0", edges)) == 20_001


def test_successors_are_the_ordinary_way_first_and_catch_last() -> None:
    states = parse(
        machine(
            {
                "Ask": choose("$.x", {"a": "Call", "b": "Stop", "c": "Call"}, "Stop"),
                "Call": call(
                    "Stop", Catch=[{"ErrorEquals": ["E"], "Next": "Mend"}, {"ErrorEquals": ["F"], "Next": "Stop"}]
                ),
                "Mend": go("Stop"),
                "Stop": END,
            }
        )
    ).states
    assert {name: successors(state) for name, state in states.items()} == {
        "Ask": ("Call", "Stop"),
        "Call": ("Stop", "Mend"),
        "Mend": ("Stop",),
        "Stop": (),
    }
