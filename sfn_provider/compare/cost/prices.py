"""Reads prices from a dated data file, which users can replace, and single prices of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import read_json_file

_PRICES_FILE = Path(__file__).parent / "prices.json"

OWN_PRICE = "given on the command line"
"""Where a price comes from that the user has set."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatedPrices(_Table):
    """Prices of one service.

    Args:
        as_of: the day when they were looked up, ISO 8601 and as exact as it is known.
        source: where they can be looked up.
        confidence: what they were read from, where that is not the source itself.
    """

    as_of: str = ""
    source: str = ""
    confidence: str = ""

    @property
    def origin(self) -> str:
        """The date and what they were read from, for people."""
        return ", ".join(part for part in (self.as_of, self.confidence) if part)


class StandardPrices(DatedPrices):
    """Step Functions Standard: dollars per 1,000 transitions, and how many are free each month."""

    per_1000_transitions: float
    free_transitions_per_month: int = 0


class ExpressPrices(DatedPrices):
    """Step Functions Express: dollars per million requests, and tiers of GB-hours: up to so many, at so much an hour.

    The last tier has no end: null. Where it has one, the price of more GB-hours is not known.
    """

    per_million_requests: float
    gb_hours: tuple[tuple[float | None, float], ...]


class EnvironmentPrices(DatedPrices):
    """An MWAA environment class: dollars an hour, and what its workers can do.

    The environment's price includes one worker, and the schedulers and web servers that it comes with; the other prices
    are those of each further one, None where they are not known.

    Args:
        environment: the environment.
        worker: a further worker.
        scheduler: a further scheduler.
        webserver: a further web server.
        slots: the tasks that a worker runs at once.
        max_workers: how many workers an environment has at most, the included one counted.
    """

    environment: float
    worker: float | None = None
    scheduler: float | None = None
    webserver: float | None = None
    slots: int
    max_workers: int = 25

    @property
    def has_all_prices(self) -> bool:
        """Whether the price of every worker that it can have is known."""
        return self.worker is not None or self.max_workers == 1


class ServerlessPrices(DatedPrices):
    """MWAA Serverless: dollars per hour of a task, and how many seconds each task is charged at least."""

    per_task_hour: float
    minimum_seconds: float = 60


class Prices(_Table):
    """The prices of one region. What is None, or not in it, is not known.

    Args:
        as_of: the day when they were looked up, where they do not say it themselves.
        standard: Step Functions Standard.
        express: Step Functions Express.
        mwaa: MWAA environments by their class.
        mwaa_storage_gb_month: dollars per GB and month of the metadata database.
        mwaa_serverless: MWAA Serverless.
        region: the region.
        currency: the currency.
        hours_per_month: hours of a month.
        sources: the services' price pages.
    """

    as_of: str = ""
    standard: StandardPrices | None = None
    express: ExpressPrices | None = None
    mwaa: Mapping[str, EnvironmentPrices] = Field(default_factory=dict)
    mwaa_storage_gb_month: float | None = None
    mwaa_serverless: ServerlessPrices | None = None
    region: str = ""
    currency: str = "USD"
    hours_per_month: float = 730
    sources: Mapping[str, str] = Field(default_factory=dict)

    @property
    def services(self) -> Iterator[tuple[str, DatedPrices]]:
        """The prices that are known, by what they are the prices of."""
        named: dict[str, DatedPrices | None] = {
            "standard": self.standard,
            "express": self.express,
            **{f"mwaa/{name}": found for name, found in self.mwaa.items()},
            "mwaa_serverless": self.mwaa_serverless,
        }
        return ((name, found) for name, found in named.items() if found is not None)

    @property
    def dates(self) -> str:
        """The date of the prices, or the first and the last one: ``2024-07-01 to 2026-10``."""
        dates = sorted({found.as_of or self.as_of for _, found in self.services} - {""})
        return " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else self.as_of or "an unknown day"


def load_prices(region: str, path: str | None = None, own: Sequence[str] = ()) -> Prices:
    """Read the prices of a region.

    Args:
        region: AWS region.
        path: a file in the form of the shipped ``prices.json``; None for that one.
        own: prices that replace those of the file, each as ``PLACE=DOLLARS``; the place is the path in the region's
            object: ``standard/per_1000_transitions=0.03``, ``mwaa/mw1.small/environment=0.55``.

    Raises:
        UsageError: where the file cannot be read, is malformed, or has no such region, or a price of the user's own is
            none.
    """
    name = path or str(_PRICES_FILE)
    data = read_json_file(name, "prices")
    regions = data.get("regions") if isinstance(data, dict) else None
    if not isinstance(regions, dict):
        raise UsageError(f'{name}: no price file: it needs "regions"')
    if region not in regions and not own:
        known = ", ".join(sorted(regions))
        raise UsageError(f"no prices for {region}; known: {known}. Give your own with --price or --prices FILE")
    found = regions.get(region, {})
    if not isinstance(found, dict):
        raise UsageError(f"{name}: regions/{region} must be an object of prices")
    for price in own:
        found = _replace_price(found, price)
    return _make_prices(name, region, data, _with_classes(found, data.get("classes")))


def price_regions() -> list[str]:
    """Return the regions of which this package has prices."""
    return sorted(read_json_file(str(_PRICES_FILE), "prices")["regions"])


def _replace_price(prices: dict[str, Any], text: str) -> dict[str, Any]:
    """Return a region's prices with one of the user's own."""
    place, _, dollars = text.partition("=")
    try:
        value = float(dollars)
    except ValueError:
        raise UsageError(f"--price {text}: write PLACE=DOLLARS, as standard/per_1000_transitions=0.03") from None
    if not 0 <= value < 1e9:
        raise UsageError(f"--price {text}: a price is a number from 0 on")
    first, *rest = place.split("/")
    if not rest:
        return {**prices, first: value}
    known = prices.get(first)
    if len(rest) == 1:
        return {**prices, first: _own_prices(known, rest[0], value)}
    classes = known if isinstance(known, dict) else {}
    return {**prices, first: {**classes, rest[0]: _own_prices(classes.get(rest[0]), "/".join(rest[1:]), value)}}


def _own_prices(known: Any, name: str, value: float) -> dict[str, Any]:
    return {**(known if isinstance(known, dict) else {}), name: value, "as_of": "", "confidence": OWN_PRICE}


def _with_classes(prices: Mapping[str, Any], classes: Any) -> dict[str, Any]:
    """Add to environments what their class is in every region: the tasks of a worker, and the number of workers."""
    environments = prices.get("mwaa")
    if not isinstance(environments, dict) or not isinstance(classes, dict):
        return dict(prices)
    full = {
        name: {**classes.get(name, {}), **found} if isinstance(found, dict) else found
        for name, found in environments.items()
    }
    return {**prices, "mwaa": full}


def _make_prices(name: str, region: str, data: Mapping[str, Any], found: Mapping[str, Any]) -> Prices:
    common = {key: data[key] for key in ("currency", "hours_per_month", "sources") if key in data}
    try:
        prices = Prices.model_validate({**common, **found, "region": region})
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        raise UsageError(f"{name}: regions/{region}/{where}: {first['msg']}") from error
    undated = [place for place, entry in prices.services if not (entry.origin or prices.as_of)]
    if undated:
        raise UsageError(f'{name}: regions/{region}/{undated[0]}: a price needs its date: give "as_of"')
    return prices
