"""Computes how many runs the workers of an MWAA environment can do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sfn_provider.compare.cost.prices import EnvironmentPrices


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the workers of an environment can do of a pipeline.

    Args:
        slots: the tasks that a worker runs at once.
        max_workers: how many workers the environment can have, as far as their price is known.
        reason: why there are no more.
        worker_seconds: the seconds for which a run holds worker slots.
        hours_per_month: hours of a month.
    """

    slots: int
    max_workers: int
    reason: str
    worker_seconds: float
    hours_per_month: float

    def runs_per_second(self, workers: int) -> float:
        """Return how many runs a second keep some workers busy all the time; infinity where runs hold no slot."""
        return self.slots * workers / self.worker_seconds if self.worker_seconds else math.inf

    def busy_slots(self, runs: float) -> float:
        """Return how many slots are busy on average, at some runs a month."""
        return self.worker_seconds * runs / (3600 * self.hours_per_month)

    def workers(self, runs: float) -> int:
        """Return how many workers some runs a month need, spread evenly over it."""
        return max(1, math.ceil(round(self.busy_slots(runs) / self.slots, 9)))

    @property
    def max_runs(self) -> float:
        """The runs a month that the environment can do; infinity for any number."""
        return self.runs_per_second(self.max_workers) * 3600 * self.hours_per_month


def measure_capacity(prices: EnvironmentPrices, worker_seconds: float, hours_per_month: float) -> Capacity:
    """Return the capacity of an environment for a pipeline.

    Args:
        prices: the environment's class.
        worker_seconds: the seconds for which a run holds worker slots.
        hours_per_month: hours of a month.
    """
    workers, reason = prices.max_workers, f"an environment has at most {prices.max_workers} workers"
    if prices.max_workers == 1:
        reason = "the class has one worker, and gets no others"
    elif prices.worker is None:
        workers, reason = 1, "the price of further workers is not known"
    return Capacity(prices.slots, workers, reason, worker_seconds, hours_per_month)
