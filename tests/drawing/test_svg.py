"""Boxes and lines of a drawing: what they are called, which way they go, and what of them ran."""

from __future__ import annotations

from collections import Counter

import pytest

from sfn_provider.asl import parse
from sfn_provider.drawing.graph import machine_graph
from sfn_provider.drawing.svg import Drawing, draw
from sfn_provider.drawing.taken_paths import TakenPaths
from tests.fixtures.machines.definitions import END, machine

POLLING = machine(
    {
        "Ask": {"Type": "Pass", "Next": "Is it done yet, or is there more to come?"},
        "Is it done yet, or is there more to come?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "Done"}],
            "Default": "Ask",
        },
        "Done": END,
    }
)


def _draw(**taken: Counter[str] | frozenset[str]) -> Drawing:
    return draw(machine_graph(parse(POLLING)), TakenPaths(**taken))  # type: ignore[arg-type]


def test_a_long_name_has_two_lines_and_stands_whole_in_the_title() -> None:
    boxes = {box.lines[0]: box for box in _draw().boxes}
    [long] = [box for box in boxes.values() if len(box.lines) == 2]
    assert long.title.startswith("Is it done yet, or is there more to come?")
    assert all(len(line) <= 22 for line in long.lines)
    assert {line for line in boxes if line in ("Ask", "Done")} == {"Ask", "Done"}


def test_the_way_back_of_a_loop_is_drawn_with_corners() -> None:
    lines = _draw().lines
    [back] = [line for line in lines if line.back]
    assert " L" in back.path and "C" not in back.path
    assert all("C" in line.path for line in lines if not line.back)


@pytest.mark.parametrize(
    ("taken", "style"),
    [
        ({}, "idle"),
        ({"nodes": Counter(Ask=2)}, "ran"),
        ({"nodes": Counter(Ask=2), "caught": Counter(Ask=1)}, "caught"),
        ({"nodes": Counter(Ask=2), "caught": Counter(Ask=1), "failed": Counter(Ask=1)}, "failed"),
        ({"nodes": Counter(Ask=2), "failed": Counter(Ask=1), "differing": frozenset({"Ask"})}, "differs"),
    ],
)
def test_a_box_shows_what_matters_most(taken: dict[str, Counter[str] | frozenset[str]], style: str) -> None:
    [ask] = [box for box in _draw(**taken).boxes if box.lines == ("Ask",)]
    assert ask.style == style
