from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.compare.cost.estimate import Environment, Usage, estimate
from sfn_provider.compare.cost.prices import Prices, load_prices
from sfn_provider.exceptions import UsageError

USAGE = Usage(transitions=10, seconds=2.01, task_seconds=(5, 90), workflows={"own code": (5, 90)})

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
    Case("a minute for each short start", "MWAA Serverless, own code", 10, 10 * (60 + 90) / 3600 * 3.6),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_dollars_a_month(case: Case) -> None:
    found = estimate(case.usage, PRICES, case.runs, case.environment)
    assert found.monthly[case.way] == pytest.approx(case.dollars)
    curve = next(each.curve for each in found.ways if each.way.name == case.way)
    assert dict(curve)[case.runs] == found.monthly[case.way]


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


def test_where_the_order_never_changes_it_is_said() -> None:
    found = estimate(replace(USAGE, workflows={"own code": (5, 90), "operators": (5,)}), PRICES, 30)
    texts = set(found.always_cheaper)
    ending = "at any number of runs a month."
    assert f"Step Functions Standard is cheaper than MWAA Serverless, own code {ending}" in texts
    assert f"MWAA Serverless, operators is cheaper than MWAA Serverless, own code {ending}" in texts
    assert not any("MWAA tiny" in text for text in texts)
    changing = {frozenset((point.cheaper, point.than)) for point in found.break_even}
    assert frozenset(("Step Functions Standard", "MWAA Serverless, own code")) not in changing


def test_what_has_no_price_or_cannot_be_is_left_out_and_said_so() -> None:
    bare = Prices.model_validate({"as_of": "2031-05-06", "region": "moon-1", "standard": {"per_1000_transitions": 1}})
    usage = replace(USAGE, express="it waits for a task token", no_workflows={"operators": "state M is a Map"})
    found = estimate(usage, bare, 1)
    assert list(found.monthly) == ["Step Functions Standard"]
    assert found.left_out["Step Functions Express"] == "it waits for a task token"
    assert "price in moon-1 is not known" in found.left_out["MWAA"]
    assert "MWAA Serverless" in found.left_out
    assert estimate(usage, PRICES, 1).left_out["MWAA Serverless, operators"] == "state M is a Map"


def test_workers_end_where_the_class_or_a_price_does() -> None:
    tiny = PRICES.mwaa["tiny"].model_copy(update={"max_workers": 3})
    alone = tiny.model_copy(update={"worker": None, "max_workers": 25})
    single = alone.model_copy(update={"max_workers": 1})
    prices = PRICES.model_copy(update={"mwaa": {"three": tiny, "unpriced": alone, "single": single}})
    found = {each.way.name: each for each in estimate(USAGE, prices, 7579).ways}
    assert found["MWAA three"].monthly == pytest.approx(101 + 50)
    assert found["MWAA three"].added == pytest.approx(50)
    assert (found["MWAA unpriced"].monthly, found["MWAA single"].monthly) == (None, None)
    assert max(dict(found["MWAA single"].curve)) == 5000
    assert max(dict(found["MWAA three"].curve)) == 20_000
    limits = {name: each.way.limit for name, each in found.items() if each.way.limit}
    assert limits == {
        "MWAA three": "it does at most 22,700 runs a month: an environment has at most 3 workers",
        "MWAA unpriced": "it does at most 7,570 runs a month: the price of further workers is not known",
        "MWAA single": "it does at most 7,570 runs a month: the class has one worker, and gets no others",
    }
    over = next(
        point
        for point in estimate(USAGE, prices, 1).break_even
        if (point.cheaper, point.than) == ("MWAA Serverless, own code", "MWAA single")
    )
    assert (over.runs, over.impossible) == (7579, limits["MWAA single"])


def test_an_environment_that_runs_anyway_costs_nothing_more_as_long_as_its_worker_has_slots() -> None:
    found = {each.way.name: each.added for each in estimate(USAGE, PRICES, 100, Environment(workers=1)).ways}
    assert found == {
        "MWAA tiny": 0.0,
        "MWAA Serverless, own code": None,
        "Step Functions Standard": None,
        "Step Functions Express": None,
    }


def test_a_break_even_point_has_its_capacity() -> None:
    point = next(point for point in estimate(USAGE, PRICES, 1).break_even if point.cheaper == "MWAA tiny")
    assert point.runs_per_second == pytest.approx(point.runs / 360_000)
    busy = point.runs * 95 / 360_000
    assert point.capacity[0].startswith(f"MWAA tiny: {busy:.2g} tasks at once on average, of ")
    assert point.capacity[0].endswith("; its 25 workers do 0.53")


def test_more_gigabyte_hours_than_have_a_price_are_no_way() -> None:
    express = PRICES.express.model_copy(update={"gb_hours": ((1, 8.0),)}) if PRICES.express else None
    found = estimate(USAGE, PRICES.model_copy(update={"express": express}), 100_000)
    way = next(each for each in found.ways if each.way.name == "Step Functions Express")
    assert (way.monthly, way.way.limit) == (None, "the price of more than 1 GB-hours a month is not known")


SHIPPED = json.loads((Path(estimate.__code__.co_filename).parent / "prices.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("region", SHIPPED["regions"])
def test_shipped_prices_are_dated_and_have_a_source(region: str) -> None:
    prices = load_prices(region)
    assert prices.region == region
    for _, found in prices.services:
        assert found.as_of >= "2019"
        assert found.source.startswith("https://") and found.confidence
    assert prices.dates[:4] >= "2019"
    assert estimate(USAGE, prices, 30).monthly


def test_prices_that_were_wrong_or_unknown_are_mended() -> None:
    prices = load_prices("us-east-1")
    assert prices.mwaa["mw1.small"].webserver == 0.055
    assert prices.mwaa_serverless is not None and prices.mwaa_serverless.per_task_hour == 0.08
    assert len(SHIPPED["regions"]) == 23
    assert {name: found.slots for name, found in load_prices("us-west-2").mwaa.items()} == {
        "mw1.micro": 3,
        "mw1.small": 5,
        "mw1.medium": 10,
        "mw1.large": 20,
        "mw1.xlarge": 40,
        "mw1.2xlarge": 80,
    }


def test_single_prices_of_ones_own() -> None:
    own = ("standard/per_1000_transitions=0.5", "mwaa/mw1.small/environment=0.6", "mwaa_storage_gb_month=0.2")
    prices = load_prices("eu-west-1", own=own)
    assert prices.standard is not None
    assert (prices.standard.per_1000_transitions, prices.standard.free_transitions_per_month) == (0.5, 4000)
    assert prices.standard.origin == "given on the command line"
    assert (prices.mwaa["mw1.small"].environment, prices.mwaa["mw1.small"].slots) == (0.6, 5)
    assert prices.mwaa_storage_gb_month == 0.2
    assert load_prices("moon-1", own=own[:1]).standard is not None


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ("standard", "write PLACE=DOLLARS"),
        ("standard/per_1000_transitions=cheap", "write PLACE=DOLLARS"),
        ("standard/per_1000_transitions=-1", "a price is a number from 0 on"),
        ("standard/per_1000_transitions=nan", "a price is a number from 0 on"),
        ("standard/per_thousand=1", "regions/us-east-1/standard/per_thousand: Extra inputs"),
        ("mwaa/mw1.huge/environment=1", "regions/us-east-1/mwaa/mw1.huge/slots: Field required"),
    ],
)
def test_a_price_of_ones_own_that_is_none(price: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        load_prices("us-east-1", own=[price])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", 'it needs "regions"'),
        ('{"regions": {}}', "no prices for mars-1; known: "),
        ('{"regions": {"mars-1": 5}}', "regions/mars-1 must be an object"),
        ('{"regions": {"mars-1": {"as_of": "2031-01-01", "standrad": {}}}}', "regions/mars-1/standrad: Extra inputs"),
        (
            '{"regions": {"mars-1": {"standard": {"per_1000_transitions": 1}}}}',
            "regions/mars-1/standard: a price needs its date",
        ),
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
