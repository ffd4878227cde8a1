"""The layout of any graph: its boxes stand apart, its edges lead down, and those that lead back make no circle."""

from __future__ import annotations

import itertools

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_provider.drawing.layered_layout import Edge, Layout, Size, lay_out
from tests.fixtures.session.hypothesis_examples import examples

NAMES = "abcdefgh"
Graph = tuple[dict[str, Size], list[Edge]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw boxes of several sizes, and edges between them, also to themselves and to what is not there."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    lengths = st.sampled_from((10.0, 35.0, 160.0))
    sizes = {name: Size(draw(lengths), draw(lengths)) for name in names}
    ends = st.sampled_from(names + "?")
    return sizes, draw(st.lists(st.tuples(ends, ends), max_size=14))


def _overlap(layout: Layout, sizes: dict[str, Size], one: str, other: str) -> bool:
    (left, top), (other_left, other_top) = layout.corners[one], layout.corners[other]
    apart_in_x = left + sizes[one].width <= other_left or other_left + sizes[other].width <= left
    apart_in_y = top + sizes[one].height <= other_top or other_top + sizes[other].height <= top
    return not (apart_in_x or apart_in_y)


@settings(max_examples=examples(200))
@given(graphs())
def test_boxes_stand_apart_and_edges_lead_down(graph: Graph) -> None:
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    assert set(layout.corners) == set(sizes)
    assert not [pair for pair in itertools.combinations(sizes, 2) if _overlap(layout, sizes, *pair)]
    for name, (left, top) in layout.corners.items():
        assert left >= 0 and top >= 0
        assert left + sizes[name].width <= layout.size.width + 1e-6
        assert top + sizes[name].height <= layout.size.height + 1e-6
    assert set(layout.routes) == {edge for edge in edges if sizes.keys() >= set(edge)}
    for edge, points in layout.routes.items():
        if edge in layout.back:
            continue
        assert points[0][1] == pytest.approx(layout.corners[edge[0]][1] + sizes[edge[0]].height)
        assert points[-1][1] == pytest.approx(layout.corners[edge[1]][1])
        assert [y for _, y in points] == sorted(y for _, y in points)


@settings(max_examples=examples(200))
@given(graphs())
def test_without_the_edges_that_lead_back_there_is_no_circle(graph: Graph) -> None:
    sizes, edges = graph
    layout = lay_out(sizes, edges)
    forward: nx.DiGraph[str] = nx.DiGraph(edge for edge in layout.routes if edge not in layout.back)
    assert nx.is_directed_acyclic_graph(forward)
    everything: nx.DiGraph[str] = nx.DiGraph(list(layout.routes))
    assert bool(layout.back) == (not nx.is_directed_acyclic_graph(everything))


def test_two_ways_that_need_not_cross_do_not() -> None:
    box = Size(40, 20)
    layout = lay_out(dict.fromkeys("abcde", box), [("a", "b"), ("a", "c"), ("b", "e"), ("c", "d")])
    assert (layout.corners["b"][0] < layout.corners["c"][0]) == (layout.corners["e"][0] < layout.corners["d"][0])
