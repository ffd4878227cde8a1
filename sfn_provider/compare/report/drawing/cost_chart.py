"""Lays out the chart of dollars over runs a month, both on logarithmic scales."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sfn_provider.compare.cost.estimate import MAX_RUNS
from sfn_provider.compare.report.model import Cost, ServiceOption
from sfn_provider.drawing.layered_layout import Size
from sfn_provider.formatting import format_dollars

_MIN_DOLLARS = 0.01
"""Dollars at which the logarithmic scale starts."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 26.0, 14.0, 42.0
_LABEL_GAP = 15.0
"""Pixels between the letters at the ends of two curves."""

_LETTER_GAP = 6.0
"""Pixels between the end of a curve and its letter."""

Scale = Callable[[float], float]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Curve:
    """A way: its letter, its points as SVG has them, and where its letter stands: at its end."""

    name: str
    letter: str
    points: str
    letter_x: float
    letter_y: float


@dataclass(frozen=True)
class Tick:
    """A mark of a scale."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A break-even point, by its number in the list of them."""

    x: float
    y: float
    number: int
    title: str


@dataclass(frozen=True)
class CostChart:
    """The chart: its curves, its scales, and the x of the user's runs a month."""

    size: Size
    left: float
    right: float
    top: float
    bottom: float
    curves: tuple[Curve, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    runs: float


def make_cost_chart(cost: Cost, size: Size) -> CostChart:
    """Lay out the cost curves.

    Args:
        cost: the costs, with at least one way.
        size: the size of the chart in pixels.
    """
    right, bottom = size.width - _RIGHT, size.height - _BOTTOM
    highest = max(dollar for way in cost.ways for _, dollar in way.curve)
    top_power = max(math.ceil(math.log10(max(highest, _MIN_DOLLARS * 10))), 0)

    def x(runs: float) -> float:
        return _LEFT + (right - _LEFT) * math.log10(runs) / math.log10(MAX_RUNS)

    def y(monthly: float) -> float:
        least = math.log10(_MIN_DOLLARS)
        share = (math.log10(max(monthly, _MIN_DOLLARS)) - least) / (top_power - least)
        return bottom - (bottom - _TOP) * share

    curves = [
        Curve(way.name, LETTERS[number % len(LETTERS)], _points(way, x, y), *end)
        for number, (way, end) in enumerate(zip(cost.ways, _ends(cost.ways, x, y), strict=True))
    ]
    dense = size.width > 500
    powers = range(0, int(math.log10(MAX_RUNS)) + 1, 1 if dense else 2)
    marks = [
        Mark(x(point.runs), y(point.monthly), number, f"{point.runs:,} runs a month: {format_dollars(point.monthly)}")
        for number, point in enumerate(cost.break_even, 1)
    ]
    return CostChart(
        size,
        _LEFT,
        right,
        _TOP,
        bottom,
        tuple(curves),
        tuple(Tick(x(10**power), _short(10**power)) for power in powers),
        tuple(Tick(y(10**power), _dollars(power)) for power in range(round(math.log10(_MIN_DOLLARS)), top_power + 1)),
        tuple(marks),
        x(min(max(cost.runs, 1), MAX_RUNS)),
    )


def _ends(ways: Sequence[ServiceOption], x: Scale, y: Scale) -> list[tuple[float, float]]:
    """The places of the letters: beside the ends of the curves, apart from one another where many end together."""
    found = [(x(min(way.curve[-1][0], MAX_RUNS)), y(way.curve[-1][1])) for way in ways]
    whole = [number for number, way in enumerate(ways) if way.curve[-1][0] >= MAX_RUNS]
    for number, moved in zip(whole, _separate([found[number][1] for number in whole]), strict=True):
        found[number] = found[number][0], moved
    return [(at + _LETTER_GAP, height) for at, height in found]


def _points(way: ServiceOption, x: Scale, y: Scale) -> str:
    return " ".join(f"{x(runs):.1f},{y(monthly):.1f}" for runs, monthly in way.curve if runs <= MAX_RUNS)


def _separate(places: Sequence[float]) -> list[float]:
    """Move positions down where they are too close to one another."""
    moved: dict[int, float] = {}
    last = float("-inf")
    for number in sorted(range(len(places)), key=places.__getitem__):
        last = max(places[number], last + _LABEL_GAP)
        moved[number] = last
    return [moved[number] for number in range(len(places))]


def _short(number: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number // size}{letter}"
    return str(number)


def _dollars(power: int) -> str:
    return f"${_short(10**power)}" if power >= 0 else f"${10.0**power:.2f}"
