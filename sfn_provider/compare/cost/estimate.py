"""Computes dollars a month from the usage of a run, and where one way becomes cheaper than another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from sfn_provider.compare.cost.capacity import Capacity, measure_capacity
from sfn_provider.compare.cost.prices import (
    DatedPrices,
    EnvironmentPrices,
    ExpressPrices,
    Prices,
    ServerlessPrices,
    StandardPrices,
)
from sfn_provider.formatting import format_rate

STANDARD, EXPRESS, SERVERLESS = "Step Functions Standard", "Step Functions Express", "MWAA Serverless"

MAX_RUNS = 10_000_000
"""Runs a month up to which break-even points are computed."""

_EXPRESS_STEP_MB, _EXPRESS_STEP_SECONDS = 64, 0.1
"""Express executions are charged in chunks of 64 MB and 100 ms. Source: the pricing page."""

ASSUMPTIONS = (
    "The free tier of Step Functions is this pipeline's alone.",
    "What the called services cost (Lambda, Glue, Athena, ...) is the same on both sides and left out.",
    "An MWAA environment runs all month, whether this pipeline does or not; other DAGs share it at no further cost.",
    "Runs are spread evenly over the month; workers are added as the tasks of this pipeline fill them. Where many runs "
    "start at the same time, more workers are needed, or runs wait for one another.",
    "MWAA Serverless charges each start of a task, also that of a sensor that only looks. Whether it charges less for "
    "one that ends at once is not known.",
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
        workflows: for each way of a workflow on MWAA Serverless how long each start of a task works, in seconds.
        no_workflows: the ways in which there is no workflow, with the reason.
    """

    transitions: int
    seconds: float
    task_seconds: tuple[float, ...]
    express: str | None = None
    memory_mb: int = 64
    workflows: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    no_workflows: Mapping[str, str] = field(default_factory=dict)

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
class ServiceOption:
    """One way to run the pipeline.

    Args:
        name: the service, for MWAA with the environment's class.
        monthly: dollars a month for a number of runs a month; infinity where it cannot do so many.
        origin: the date of its prices, and what they were read from.
        source: where its prices can be looked up.
        fixed: what an environment costs without a run, in dollars a month; None where nothing is paid without one.
        capacity: what the environment's workers can do; None where there are none.
        limit: why it cannot do any number of runs; empty where it can.
    """

    name: str
    monthly: Callable[[float], float]
    origin: str = ""
    source: str = ""
    fixed: float | None = None
    capacity: Capacity | None = None
    limit: str = ""


@dataclass(frozen=True)
class BreakEven:
    """From how many runs a month on one way is cheaper than another.

    Args:
        cheaper: the way that is cheaper from there on.
        than: the other one.
        runs: runs a month.
        monthly: what it costs there, in dollars a month.
        runs_per_second: runs a second, spread evenly over the month.
        capacity: what that is for the workers of the environments among the two, a sentence each.
        impossible: why the other way cannot do so many runs, where it is cheaper for that; else empty.
    """

    cheaper: str
    than: str
    runs: int
    monthly: float
    runs_per_second: float = 0.0
    capacity: tuple[str, ...] = ()
    impossible: str = ""


@dataclass(frozen=True, slots=True)
class WayCosts:
    """What a way costs.

    Args:
        way: the way.
        monthly: dollars at the user's runs a month; None where it cannot do so many.
        added: dollars a month that the pipeline adds to an environment that runs anyway; None where there is none.
        curve: dollars a month at several numbers of runs a month: ``[(runs, dollars), ...]``.
    """

    way: ServiceOption
    monthly: float | None
    added: float | None
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class CostEstimate:
    """What a pipeline costs a month.

    Args:
        prices: the prices it was made with.
        runs: the user's runs a month.
        ways: what each way costs, the cheapest first.
        break_even: where the order of two ways changes.
        always_cheaper: which way is cheaper than another one that is charged by runs, at any number of runs a month: a
            sentence each.
        left_out: ways that could not be estimated, with the reason.
    """

    prices: Prices
    runs: int
    ways: tuple[WayCosts, ...]
    break_even: tuple[BreakEven, ...]
    always_cheaper: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def monthly(self) -> dict[str, float]:
        """Dollars a month by way, the cheapest first, of those that can do the user's runs."""
        return {found.way.name: found.monthly for found in self.ways if found.monthly is not None}


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
    costs = [_cost_way(way, runs) for way in ways]
    return CostEstimate(
        prices=prices,
        runs=runs,
        ways=tuple(sorted(costs, key=lambda found: math.inf if found.monthly is None else found.monthly)),
        break_even=tuple(_break_even(ways, prices.hours_per_month)),
        always_cheaper=tuple(_always_cheaper(ways, prices.hours_per_month)),
        left_out=left_out,
    )


def _cost_way(way: ServiceOption, runs: int) -> WayCosts:
    monthly = way.monthly(runs)
    curve = [(point, way.monthly(point)) for point in _points(runs)]
    return WayCosts(
        way,
        monthly if math.isfinite(monthly) else None,
        monthly - way.fixed if way.fixed is not None and math.isfinite(monthly) else None,
        tuple((point, dollars) for point, dollars in curve if math.isfinite(dollars)),
    )


def _ways(usage: Usage, prices: Prices, environment: Environment, left_out: dict[str, str]) -> list[ServiceOption]:
    unknown = f"its price in {prices.region} is not known; give your own with --price"
    ways = []
    if prices.standard is None:
        left_out[STANDARD] = unknown
    else:
        ways.append(_way(STANDARD, _standard(usage, prices.standard), prices, prices.standard))
    if usage.express is not None:
        left_out[EXPRESS] = usage.express
    elif prices.express is None:
        left_out[EXPRESS] = unknown
    else:
        ways.append(_way(EXPRESS, _express(usage, prices.express), prices, prices.express))
    for name, found in prices.mwaa.items():
        if (missing := _missing_price(found, environment)) is not None:
            left_out[f"MWAA {name}"] = f"the price of {missing} in {prices.region} is not known; give your own"
        else:
            ways.append(_mwaa(f"MWAA {name}", usage, prices, found, environment))
    if not prices.mwaa:
        left_out["MWAA"] = unknown
    elif prices.mwaa_storage_gb_month is None:
        left_out["MWAA metadata storage"] = unknown
    if prices.mwaa_serverless is None:
        left_out[SERVERLESS] = unknown
        return ways
    left_out |= {f"{SERVERLESS}, {name}": why for name, why in usage.no_workflows.items()}
    for name, starts in usage.workflows.items():
        monthly = _serverless(starts, prices.mwaa_serverless)
        ways.append(_way(f"{SERVERLESS}, {name}", monthly, prices, prices.mwaa_serverless))
    return ways


def _way(name: str, monthly: Callable[[float], float], prices: Prices, own: DatedPrices) -> ServiceOption:
    return ServiceOption(name, monthly, own.origin or prices.as_of, own.source, limit=_limit_of_tiers(own))


def _limit_of_tiers(own: DatedPrices) -> str:
    end = own.gb_hours[-1][0] if isinstance(own, ExpressPrices) and own.gb_hours else None
    return f"the price of more than {end:,.0f} GB-hours a month is not known" if end is not None else ""


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
        return cost if hours_per_run * runs <= begun else math.inf  # what more of them cost is not known

    return monthly


def _missing_price(found: EnvironmentPrices, environment: Environment) -> str | None:
    """Return what of the user's environment has no known price; None for nothing."""
    needed = {
        "further workers": (environment.workers, found.worker),
        "further schedulers": (environment.schedulers, found.scheduler),
        "further web servers": (environment.webservers, found.webserver),
    }
    return next((what for what, (count, price) in needed.items() if count and price is None), None)


def _mwaa(name: str, usage: Usage, prices: Prices, found: EnvironmentPrices, environment: Environment) -> ServiceOption:
    hours = prices.hours_per_month
    capacity = measure_capacity(found, usage.worker_seconds, hours)
    fixed = hours * (
        found.environment
        + environment.schedulers * (found.scheduler or 0.0)
        + environment.webservers * (found.webserver or 0.0)
        + environment.workers * (found.worker or 0.0)
    )
    fixed += environment.storage_gb * (prices.mwaa_storage_gb_month or 0.0)

    def monthly(runs: float) -> float:
        workers = capacity.workers(runs)
        if workers > capacity.max_workers:
            return math.inf
        return fixed + max(0, workers - 1 - environment.workers) * (found.worker or 0.0) * hours

    limit = f"it does at most {_round_down(capacity.max_runs):,} runs a month: {capacity.reason}"
    limit = limit if capacity.max_runs < MAX_RUNS else ""
    return ServiceOption(name, monthly, found.origin or prices.as_of, found.source, fixed, capacity, limit)


def _round_down(number: float) -> int:
    """Round a number of runs down to three digits, for people."""
    if number < 1000:
        return int(number)
    step = 10 ** (int(math.log10(number)) - 2)
    return int(number // step * step)


def _serverless(starts: Sequence[float], prices: ServerlessPrices) -> Callable[[float], float]:
    charged = sum(max(seconds, prices.minimum_seconds) for seconds in starts)
    return lambda runs: runs * charged / 3600 * prices.per_task_hour


def _points(runs: int) -> list[int]:
    """Numbers of runs a month for a curve: the decades, their halves and fifths, and the user's own."""
    decades = [10**power for power in range(8)]
    return sorted({runs, *(step * decade for decade in decades for step in (1, 2, 5) if step * decade <= MAX_RUNS)})


def _break_even(ways: list[ServiceOption], hours_per_month: float) -> list[BreakEven]:
    """The points of all pairs of ways, but of two classes of environments: the size that is needed decides there."""
    return [
        change
        for place, one in enumerate(ways)
        for other in ways[place + 1 :]
        if one.capacity is None or other.capacity is None
        for change in _changes(one, other, hours_per_month)
    ]


def _always_cheaper(ways: list[ServiceOption], hours_per_month: float) -> Iterator[str]:
    """Iterate over sentences about pairs of ways without an environment whose order never changes."""
    by_runs = [way for way in ways if way.capacity is None]
    for one, other in combinations(by_runs, 2):
        if not any(_changes(one, other, hours_per_month)):
            cheaper = _cheaper(one, other, MAX_RUNS)
            than = other if cheaper is one else one
            yield f"{cheaper.name} is cheaper than {than.name} at any number of runs a month."


def _changes(one: ServiceOption, other: ServiceOption, hours_per_month: float) -> Iterator[BreakEven]:
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
        yield BreakEven(
            after.name,
            before.name,
            high,
            after.monthly(high),
            high / (3600 * hours_per_month),
            tuple(_capacity_text(way, high) for way in (after, before) if way.capacity is not None),
            before.limit if math.isinf(before.monthly(high)) else "",
        )


def _capacity_text(way: ServiceOption, runs: int) -> str:
    """Say what some runs a month are for the workers of an environment."""
    if way.capacity is None:
        raise AssertionError("asked for an environment alone")
    capacity = way.capacity
    busy, workers = capacity.busy_slots(runs), min(capacity.workers(runs), capacity.max_workers)
    now, most = capacity.runs_per_second(workers), capacity.runs_per_second(capacity.max_workers)
    more = f"; its {capacity.max_workers} workers do {format_rate(most)}" if capacity.max_workers > workers else ""
    return (
        f"{way.name}: {format_rate(busy)} tasks at once on average, of {capacity.slots * workers} that {workers} "
        f"worker{'s run' if workers > 1 else ' runs'}, enough for {format_rate(now)} runs a second{more}"
    )


def _cheaper(one: ServiceOption, other: ServiceOption, runs: int) -> ServiceOption:
    return one if one.monthly(runs) <= other.monthly(runs) else other
