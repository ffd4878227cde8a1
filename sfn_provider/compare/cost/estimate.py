"""Computes dollars a month from the usage of a run, and where one way becomes cheaper than another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from sfn_provider.compare.cost.prices import EnvironmentPrices, ExpressPrices, Prices, ServerlessPrices, StandardPrices

STANDARD, EXPRESS, SERVERLESS = "Step Functions Standard", "Step Functions Express", "MWAA Serverless"

MAX_RUNS = 10_000_000
"""Runs a month up to which break-even points are computed."""

_EXPRESS_STEP_MB, _EXPRESS_STEP_SECONDS = 64, 0.1
"""Express executions are charged in chunks of 64 MB and 100 ms. Source: the pricing page."""

ASSUMPTIONS = (
    "The free tier of Step Functions is this pipeline's alone.",
    "What the called services cost (Lambda, Glue, Athena, ...) is the same on both sides and left out.",
    "An MWAA environment runs all month, whether this pipeline does or not; other DAGs share it at no further cost.",
    "Runs are spread evenly over the month; workers are added as the tasks of this pipeline fill them.",
    "Waiting by deferral holds no worker. Logs, data transfer, networking and taxes are left out.",
)


@dataclass(frozen=True, slots=True)
class Usage:
    """The billed usage of one run.

    Args:
        transitions: state transitions, each retry counted as one more, those of a Map's child executions included.
        seconds: how long the execution takes on Step Functions.
        task_seconds: for each task instance of the DAG that runs how long it holds a worker, in seconds; waiting by
            deferral holds none.
        express: None where the machine could be an Express one; else the reason why not.
        memory_mb: memory of an Express execution, in MB.
    """

    transitions: int
    seconds: float
    task_seconds: tuple[float, ...]
    express: str | None = None
    memory_mb: int = 64

    @property
    def worker_seconds(self) -> float:
        """Seconds for which the run's tasks hold worker slots, in all."""
        return sum(self.task_seconds)


@dataclass(frozen=True)
class Environment:
    """An MWAA environment beyond what its class comes with.

    Args:
        workers: further workers that run all month.
        schedulers: further schedulers.
        webservers: further web servers.
        storage_gb: size of the metadata database, in GB.
    """

    workers: int = 0
    schedulers: int = 0
    webservers: int = 0
    storage_gb: float = 10.0


@dataclass(frozen=True)
class Way:
    """One way to run the pipeline.

    Args:
        name: the service, for MWAA with the environment's class.
        monthly: dollars a month for a number of runs a month.
    """

    name: str
    monthly: Callable[[float], float]


@dataclass(frozen=True)
class BreakEven:
    """From how many runs a month on one way is cheaper than another.

    Args:
        cheaper: the way that is cheaper from there on.
        than: the other one.
        runs: runs a month.
        monthly: what it costs there, in dollars a month.
    """

    cheaper: str
    than: str
    runs: int
    monthly: float


@dataclass(frozen=True)
class CostEstimate:
    """What a pipeline costs a month.

    Args:
        prices: the prices it was made with.
        runs: the user's runs a month.
        monthly: dollars a month by way, the cheapest first.
        curves: for each way dollars a month at several numbers of runs a month: ``[(runs, dollars), ...]``.
        break_even: where the order of two ways changes.
        left_out: ways that could not be estimated, with the reason.
    """

    prices: Prices
    runs: int
    monthly: dict[str, float]
    curves: dict[str, list[tuple[int, float]]]
    break_even: tuple[BreakEven, ...]
    left_out: dict[str, str]


def estimate(usage: Usage, prices: Prices, runs: int, environment: Environment | None = None) -> CostEstimate:
    """Estimate what a pipeline costs a month.

    Args:
        usage: what one run uses.
        prices: the prices.
        runs: runs a month.
        environment: the MWAA environment, beyond what its class comes with.
    """
    left_out: dict[str, str] = {}
    ways = _ways(usage, prices, environment or Environment(), left_out)
    monthly = {way.name: way.monthly(runs) for way in ways}
    points = _points(runs)
    return CostEstimate(
        prices=prices,
        runs=runs,
        monthly=dict(sorted(monthly.items(), key=lambda item: item[1])),
        curves={way.name: [(point, way.monthly(point)) for point in points] for way in ways},
        break_even=tuple(_break_even(ways)),
        left_out=left_out,
    )


def _ways(usage: Usage, prices: Prices, environment: Environment, left_out: dict[str, str]) -> list[Way]:
    unknown = f"its price in {prices.region} is not known; give your own prices"
    ways = []
    if prices.standard is None:
        left_out[STANDARD] = unknown
    else:
        ways.append(Way(STANDARD, _standard(usage, prices.standard)))
    if usage.express is not None:
        left_out[EXPRESS] = usage.express
    elif prices.express is None:
        left_out[EXPRESS] = unknown
    else:
        ways.append(Way(EXPRESS, _express(usage, prices.express)))
    for name, found in prices.mwaa.items():
        ways.append(Way(f"MWAA {name}", _mwaa(usage, prices, found, environment)))
    if not prices.mwaa:
        left_out["MWAA"] = unknown
    elif prices.mwaa_storage_gb_month is None:
        left_out["MWAA metadata storage"] = unknown
    if prices.mwaa_serverless is None:
        left_out[SERVERLESS] = unknown
    else:
        ways.append(Way(SERVERLESS, _serverless(usage, prices.mwaa_serverless)))
    return ways


def _standard(usage: Usage, prices: StandardPrices) -> Callable[[float], float]:
    def monthly(runs: float) -> float:
        paid = max(0.0, usage.transitions * runs - prices.free_transitions_per_month)
        return paid * prices.per_1000_transitions / 1000

    return monthly


def _express(usage: Usage, prices: ExpressPrices) -> Callable[[float], float]:
    seconds = math.ceil(round(usage.seconds / _EXPRESS_STEP_SECONDS, 6)) * _EXPRESS_STEP_SECONDS
    gigabytes = math.ceil(usage.memory_mb / _EXPRESS_STEP_MB) * _EXPRESS_STEP_MB / 1024
    hours_per_run = seconds * gigabytes / 3600

    def monthly(runs: float) -> float:
        cost, begun = runs * prices.per_million_requests / 1_000_000, 0.0
        for end, per_hour in prices.gb_hours:
            within = max(0.0, min(end if end is not None else math.inf, hours_per_run * runs) - begun)
            cost += within * per_hour
            begun = end if end is not None else math.inf
        return cost

    return monthly


def _mwaa(usage: Usage, prices: Prices, found: EnvironmentPrices, environment: Environment) -> Callable[[float], float]:
    hours = prices.hours_per_month
    fixed = hours * (
        found.environment + environment.schedulers * found.scheduler + environment.webservers * found.webserver
    )
    fixed += environment.storage_gb * (prices.mwaa_storage_gb_month or 0.0)

    def monthly(runs: float) -> float:
        busy = usage.worker_seconds * runs / (3600 * hours)  # slots that are busy on average
        needed = math.ceil(round(busy / found.slots, 9)) - 1
        return fixed + max(environment.workers, needed) * found.worker * hours

    return monthly


def _serverless(usage: Usage, prices: ServerlessPrices) -> Callable[[float], float]:
    charged = sum(max(seconds, prices.minimum_seconds) for seconds in usage.task_seconds)
    return lambda runs: runs * charged / 3600 * prices.per_task_hour


def _points(runs: int) -> list[int]:
    """Numbers of runs a month for a curve: the decades, their halves and fifths, and the user's own."""
    decades = [10**power for power in range(8)]
    return sorted({runs, *(step * decade for decade in decades for step in (1, 2, 5) if step * decade <= MAX_RUNS)})


def _break_even(ways: list[Way]) -> list[BreakEven]:
    return [change for place, one in enumerate(ways) for other in ways[place + 1 :] for change in _changes(one, other)]


def _changes(one: Way, other: Way) -> Iterator[BreakEven]:
    """Where the order of two ways changes, by halving between the points of the curves."""
    points = _points(1)
    for low, high in pairwise(points):
        before, after = _cheaper(one, other, low), _cheaper(one, other, high)
        if before is after:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if _cheaper(one, other, middle) is after:
                high = middle
            else:
                low = middle
        yield BreakEven(after.name, before.name, high, after.monthly(high))


def _cheaper(one: Way, other: Way, runs: int) -> Way:
    return one if one.monthly(runs) <= other.monthly(runs) else other
