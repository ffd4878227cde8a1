"""Reads prices from a dated data file, which users can replace by their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import read_json_file

_PRICES_FILE = Path(__file__).parent / "prices.json"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StandardPrices(_Table):
    """Step Functions Standard: dollars per 1,000 transitions, and how many are free each month."""

    per_1000_transitions: float
    free_transitions_per_month: int = 0


class ExpressPrices(_Table):
    """Step Functions Express: dollars per million requests, and tiers of GB-hours: up to so many, at so much an hour.

    The last tier has no end: null.
    """

    per_million_requests: float
    gb_hours: tuple[tuple[float | None, float], ...]


class EnvironmentPrices(_Table):
    """An MWAA environment class: dollars an hour, and the tasks that a worker runs at once.

    The environment's price includes one worker, and the schedulers and web servers that it comes with; the other prices
    are those of each further one.
    """

    environment: float
    worker: float
    scheduler: float
    webserver: float
    slots: int


class ServerlessPrices(_Table):
    """MWAA Serverless: dollars per hour of a task, and how many seconds each task is charged at least."""

    per_task_hour: float
    minimum_seconds: float = 60


class Prices(_Table):
    """The prices of one region. What is None, or not in it, is not known.

    Args:
        as_of: the day when they were looked up, ISO 8601.
        standard: Step Functions Standard.
        express: Step Functions Express.
        mwaa: MWAA environments by their class.
        mwaa_storage_gb_month: dollars per GB and month of the metadata database.
        mwaa_serverless: MWAA Serverless.
        region: the region.
        currency: the currency.
        hours_per_month: hours of a month.
        sources: where they were looked up.
    """

    as_of: str
    standard: StandardPrices | None = None
    express: ExpressPrices | None = None
    mwaa: Mapping[str, EnvironmentPrices] = Field(default_factory=dict)
    mwaa_storage_gb_month: float | None = None
    mwaa_serverless: ServerlessPrices | None = None
    region: str = ""
    currency: str = "USD"
    hours_per_month: float = 730
    sources: Mapping[str, str] = Field(default_factory=dict)


def load_prices(region: str, path: str | None = None) -> Prices:
    """Read the prices of a region.

    Args:
        region: AWS region.
        path: a file in the form of the shipped ``prices.json``; None for that one.

    Raises:
        UsageError: where the file cannot be read, is malformed, or has no such region.
    """
    name = path or str(_PRICES_FILE)
    data = read_json_file(name, "prices")
    regions = data.get("regions") if isinstance(data, dict) else None
    if not isinstance(regions, dict):
        raise UsageError(f'{name}: no price file: it needs "regions"')
    if region not in regions:
        raise UsageError(
            f"no prices for {region}; known: {', '.join(sorted(regions))}. Give your own with --prices FILE"
        )
    return _region(name, region, data)


def _region(name: str, region: str, data: Mapping[str, Any]) -> Prices:
    common = {key: data[key] for key in ("currency", "hours_per_month", "sources") if key in data}
    try:
        return Prices.model_validate({**common, **data["regions"][region], "region": region})
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"]))
        raise UsageError(f"{name}: regions/{region}/{where}: {first['msg']}") from error
    except TypeError as error:
        raise UsageError(f"{name}: regions/{region} must be an object of prices") from error
