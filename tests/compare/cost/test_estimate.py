from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.compare.cost.estimate import Environment, Usage, estimate
from sfn_provider.compare.cost.prices import Prices, load_prices
from sfn_provider.exceptions import UsageError

USAGE = Usage(transitions=10, seconds=2.01, task_seconds=(5, 90))

PRICES = Prices.model_validate(
    {
        "as_of": "2031-05-06",
        "region": "moon-1",
        "hours_per_month": 100,
        "standard": {"per_1000_transitions": 2.0, "free_transitions_per_month": 500},
        "express": {"per_million_requests": 10.0, "gb_hours": [[1, 8.0], [None, 4.0]]},
        "mwaa": {"tiny": {"environment": 1.0, "worker": 0.5, "scheduler": 0.25, "webserver": 0.125, "slots": 2}},
        "mwaa_storage_gb_month": 0.1,
        "mwaa_serverless": {"per_task_hour": 3.6, "minimum_seconds": 60},
    }
)


@dataclass(frozen=True)
class Case:
    """Dollars a month, worked out by hand."""

    id: str
    way: str
    runs: int
    dollars: float
    usage: Usage = USAGE
    environment: Environment | None = None


# An Express run: 2.1 s x 64 MB = 2.1 / 3600 x 0.0625 GB-hours.
EXPRESS_HOURS = 2.1 / 3600 * 0.0625
# The tasks of a run hold workers for 95 s; two slots x 100 hours are 7,578.9 runs.
CASES = [
    Case("within the free tier", "Step Functions Standard", 50, 0.0),
    Case("beyond the free tier", "Step Functions Standard", 150, 1000 * 0.002),
    Case("express, first tier", "Step Functions Express", 1000, 0.01 + 1000 * EXPRESS_HOURS * 8),
    Case(
        "express, second tier",
        "Step Functions Express",
        100_000,
        1.0 + 1 * 8 + (100_000 * EXPRESS_HOURS - 1) * 4,
    ),
    Case(
        "express, memory in steps",
        "Step Functions Express",
        1000,
        0.01 + 2000 * EXPRESS_HOURS * 8 - 0.0,
        replace(USAGE, memory_mb=65),
    ),
    Case("an environment that idles", "MWAA tiny", 1, 100 * 1.0 + 10 * 0.1),
    Case(
        "an environment with more",
        "MWAA tiny",
        1,
        100 * (1 + 2 * 0.5 + 0.25 + 0.125) + 2,
        environment=Environment(2, 1, 1, 20),
    ),
    Case("tasks that just fill the first worker", "MWAA tiny", 7578, 101.0),
    Case("a second worker", "MWAA tiny", 7579, 101.0 + 50),
    Case("a minute for each short task", "MWAA Serverless", 10, 10 * (60 + 90) / 3600 * 3.6),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_dollars_a_month(case: Case) -> None:
    found = estimate(case.usage, PRICES, case.runs, case.environment)
    assert found.monthly[case.way] == pytest.approx(case.dollars)
    assert dict(found.curves[case.way])[case.runs] == found.monthly[case.way]


def test_the_cheapest_way_comes_first() -> None:
    assert next(iter(estimate(USAGE, PRICES, 1).monthly)) == "Step Functions Standard"
    assert list(estimate(USAGE, PRICES, 1).monthly.values()) == sorted(estimate(USAGE, PRICES, 1).monthly.values())


def test_break_even_is_where_the_order_changes() -> None:
    found = estimate(USAGE, PRICES, 30)
    points = {(entry.cheaper, entry.than): entry.runs for entry in found.break_even}
    runs = points["MWAA tiny", "Step Functions Standard"]
    before, there = estimate(USAGE, PRICES, runs - 1).monthly, estimate(USAGE, PRICES, runs).monthly
    assert before["Step Functions Standard"] <= before["MWAA tiny"]
    assert there["MWAA tiny"] < there["Step Functions Standard"]


def test_what_has_no_price_or_cannot_be_is_left_out_and_said_so() -> None:
    bare = Prices.model_validate({"as_of": "2031-05-06", "region": "moon-1", "standard": {"per_1000_transitions": 1}})
    found = estimate(replace(USAGE, express="it waits for a task token"), bare, 1)
    assert list(found.monthly) == ["Step Functions Standard"]
    assert found.left_out["Step Functions Express"] == "it waits for a task token"
    assert "price in moon-1 is not known" in found.left_out["MWAA"]
    assert "MWAA Serverless" in found.left_out


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "ap-northeast-1"])
def test_shipped_prices_are_dated_and_have_a_source(region: str) -> None:
    prices = load_prices(region)
    assert prices.as_of > "2025" and prices.region == region
    assert all(source.startswith("https://aws.amazon.com/") for source in prices.sources.values())
    assert estimate(USAGE, prices, 30).monthly


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", 'it needs "regions"'),
        ('{"regions": {}}', "no prices for mars-1; known: "),
        ('{"regions": {"mars-1": 5}}', "regions/mars-1 must be an object"),
        ('{"regions": {"mars-1": {"as_of": "2031-01-01", "standrad": {}}}}', "regions/mars-1/standrad: Extra inputs"),
        ('{"regions": {"mars-1": {"standard": null}}}', "regions/mars-1/as_of: Field required"),
    ],
)
def test_a_price_file_that_is_none(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(content)
    with pytest.raises(UsageError, match="prices") as caught:
        load_prices("mars-1", str(path))
    assert message in str(caught.value)


def test_a_price_file_of_ones_own(tmp_path: Path) -> None:
    data: dict[str, Any] = {"regions": {"mars-1": {"as_of": "2031-01-01", "standard": {"per_1000_transitions": 3}}}}
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(data))
    assert load_prices("mars-1", str(path)).standard is not None


def test_a_price_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="there is no such file; it should hold prices"):
        load_prices("us-east-1", "nowhere.json")
