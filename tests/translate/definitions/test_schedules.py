"""Schedules of every format become the same: expression, time zone, period, input and findings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.translate import Translation, translate_file
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.plan.schedule import SchedulePeriod
from tests.translate.definitions.schedule_files import SOURCES, TERRAFORM, Given, rule, scheduler, terraform_rule

WITH_PERIOD = ("scheduler", "StartExecution", "SAM ScheduleV2", "Terraform scheduler", "Terraform StartExecution")
WITH_ZONE = (*WITH_PERIOD, "serverless")
WITH_TRANSFORMER = ("rule", "rule in YAML", "Terraform rule", "serverless")


NO_PERIOD = SchedulePeriod()


@dataclass(frozen=True)
class Case:
    """What becomes of a schedule, in every format that has its fields."""

    id: str
    given: Given
    schedule: str | None = "cron(0 2 * * ? *)"
    period: SchedulePeriod = NO_PERIOD
    params: Any = field(default_factory=lambda: {"depot": "east"})
    codes: tuple[str, ...] = ()
    sources: tuple[str, ...] = tuple(SOURCES)


NO_INPUT = Given(input=None)
FIRST = datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
CASES = [
    Case("as it is", Given()),
    Case("rate", Given("rate(5 minutes)"), "rate(5 minutes)"),
    Case("without input", NO_INPUT, params=None, sources=("rule", "scheduler", "SAM Schedule", "Terraform rule",
         "Terraform scheduler", "serverless")),
    Case("StartExecution without input", NO_INPUT, params={}, sources=("StartExecution", "Terraform StartExecution")),
    Case("an empty input", Given(input="{}"), params={}),
    Case("on", Given(enabled=True)),
    Case("off", Given(enabled=False), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("once", Given("at(2026-01-01T00:00:00)"), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("not in Airflow's cron", Given("cron(0 2 15W * ? *)"), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("for a year", Given("cron(0 2 * * ? 2027)"), None, params=None, codes=("EVENT_NOT_TAKEN",)),
    Case("zone", Given(zone="Europe/Berlin"), period=SchedulePeriod("Europe/Berlin"), sources=WITH_ZONE),
    Case("UTC", Given(zone="Etc/UTC"), sources=WITH_ZONE),
    Case("a zone that there is not", Given(zone="Europe/Berln"), codes=("SCHEDULE_TIMEZONE",), sources=WITH_ZONE),
    Case("start", Given(start="2026-03-01T05:30:00Z"), period=SchedulePeriod(start=FIRST), sources=WITH_PERIOD),
    Case("start with fractions", Given(start="2026-03-01T06:30:00.123+01:00"), period=SchedulePeriod(start=FIRST),
         sources=WITH_PERIOD),
    Case("end", Given(end="2026-03-01T05:30:00Z"), period=SchedulePeriod(end=FIRST), sources=WITH_PERIOD),
    Case("a start that is none", Given(start="soon"), codes=("SCHEDULE_PERIOD",), sources=WITH_PERIOD),
    Case("flexible", Given(window=15), codes=("FLEXIBLE_TIME_WINDOW",), sources=WITH_PERIOD),
    Case("an attribute of the scheduler", Given(input='{"at": "<aws.scheduler.scheduled-time>"}'),
         params={"at": "<aws.scheduler.scheduled-time>"}, codes=("SCHEDULE_INPUT",), sources=WITH_PERIOD),
    Case("a constant transformer", Given(input=None, template='{"depot": "east"}'), sources=WITH_TRANSFORMER),
    Case("a transformer", Given(input=None, template='{"at": <t>}'), params=None, codes=("SCHEDULE_INPUT",),
         sources=WITH_TRANSFORMER),
    Case("a path", Given(input=None, path="$.detail"), params=None, codes=("SCHEDULE_INPUT",),
         sources=WITH_TRANSFORMER),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "source"),
    [pytest.param(case, source, id=f"{case.id}, {source}") for case in CASES for source in case.sources],
)
def test_a_schedule_becomes_that_of_the_dag(case: Case, source: str, tmp_path: Path) -> None:
    name, make = SOURCES[source]
    if name == "main.tf":
        pytest.importorskip("hcl2")
    (tmp_path / name).write_text(make(case.given))
    found = read_definition(str(tmp_path / name)).events
    assert (found.schedule, found.params) == (case.schedule, case.params)
    assert tuple(finding.code for finding in (*found.findings, *found.schedule_findings)) == case.codes
    assert (found.period or NO_PERIOD) == case.period


def test_the_schedule_of_a_machine_that_may_not_be_there(tmp_path: Path) -> None:
    pytest.importorskip("hcl2")
    machine = TERRAFORM.replace('"m" {', '"m" {\n  count = var.on ? 1 : 0', 1)
    text = terraform_rule(Given(), "aws_sfn_state_machine.m[0].arn").replace(TERRAFORM, machine)
    (tmp_path / "main.tf").write_text(text)
    found = read_definition(str(tmp_path))
    assert (found.schedule, found.findings) == ("cron(0 2 * * ? *)", ())
    assert [note.code for note in found.document.notes] == ["VARIABLE_WITHOUT_VALUE", "COUNT_NOT_KNOWN"]


def test_the_schedule_of_each_of_several_machines(tmp_path: Path) -> None:
    pytest.importorskip("hcl2")
    jobs = '{ night = "rate(1 day)", week = "rate(7 days)" }'
    machines = TERRAFORM.replace('"m" {', f'"m" {{\n  for_each = {jobs}', 1)
    schedules = (
        f'resource "aws_scheduler_schedule" "s" {{\n  for_each = {jobs}\n  schedule_expression = each.value\n'
        "  target {\n    arn = aws_sfn_state_machine.m[each.key].arn\n"
        "    input = jsonencode({ job = each.key })\n  }\n}\n"
    )
    (tmp_path / "main.tf").write_text(machines + schedules)
    for name, schedule in (("night", "rate(1 day)"), ("week", "rate(7 days)")):
        found = read_definition(f"{tmp_path}#m[{name}]").events
        assert (found.schedule, found.params, found.findings) == (schedule, {"job": name}, ())


def test_parameters_of_a_template_are_put_into_its_schedule(tmp_path: Path) -> None:
    value = json.loads(scheduler(Given()))
    value["Parameters"] = {"When": {"Type": "String", "Default": "rate(1 day)"}, "Zone": {"Type": "String"}}
    fields = value["Resources"]["S"]["Properties"]
    fields |= {"ScheduleExpression": {"Ref": "When"}, "ScheduleExpressionTimezone": {"Ref": "Zone"}}
    file = tmp_path / "template.json"
    file.write_text(json.dumps(value))
    found = read_definition(str(file))
    assert found.schedule == "rate(1 day)"
    assert [note.code for note in found.document.notes] == ["PARAMETER_DEFAULT"]
    assert [finding.code for finding in found.findings] == ["SCHEDULE_TIMEZONE"]
    found = read_definition(str(file), {"Zone": "Asia/Tokyo", "When": "cron(0 1 * * ? *)"})
    assert (found.schedule, found.period) == ("cron(0 1 * * ? *)", SchedulePeriod("Asia/Tokyo"))
    assert (found.findings, found.document.notes) == ((), ())


def test_a_condition_of_a_template_is_reported(tmp_path: Path) -> None:
    value = json.loads(rule(Given()))
    value["Resources"]["R"]["Condition"] = "IsProd"
    (tmp_path / "template.json").write_text(json.dumps(value))
    [finding] = read_definition(str(tmp_path / "template.json")).findings
    assert finding.code == "SCHEDULE_STATE"
    assert "the condition IsProd of the template" in finding.why


def translated(given: Given, tmp_path: Path, **options: Any) -> Translation:
    (tmp_path / "template.json").write_text(scheduler(given))
    return translate_file(str(tmp_path / "template.json"), **options)


def codes_of(translation: Translation) -> list[str]:
    return [finding.code for finding in translation.findings]


ODD = Given("cron(0 2 15W * ? *)", zone="Europe/Berln", window=5, input="{")


def test_a_schedule_of_the_user_replaces_that_of_the_file(tmp_path: Path) -> None:
    assert codes_of(translated(ODD, tmp_path)) == ["EVENT_NOT_TAKEN"]
    made = translated(ODD, tmp_path, schedule="0 2 15 * *", params={"a": 1})
    assert (codes_of(made), made.plan.params) == ([], {"a": 1})
    assert made.plan.schedule is not None and made.plan.schedule.period == SchedulePeriod()


def test_a_time_zone_of_the_user_replaces_that_of_the_file(tmp_path: Path) -> None:
    given = replace(ODD, expression="cron(0 9 * * ? *)")
    assert codes_of(translated(given, tmp_path)) == [
        "SCHEDULE_TIMEZONE",
        "SCHEDULE_INPUT",
        "FLEXIBLE_TIME_WINDOW",
        "SCHEDULE_WITHOUT_INPUT",
    ]
    made = translated(given, tmp_path, timezone="Europe/Berlin", params={"a": 1})
    assert codes_of(made) == ["FLEXIBLE_TIME_WINDOW"]
    assert made.plan.schedule is not None and made.plan.schedule.period.timezone == "Europe/Berlin"


def test_a_further_schedule_is_reported_with_its_options(tmp_path: Path) -> None:
    value = json.loads(scheduler(Given(zone="Asia/Tokyo")))
    value["Resources"]["T"] = json.loads(scheduler(Given("rate(1 hour)", zone="Asia/Tokyo")))["Resources"]["S"]
    (tmp_path / "template.json").write_text(json.dumps(value))
    made = translate_file(str(tmp_path / "template.json"), schedule="@daily")
    [finding] = made.findings
    options = """--dag-id NAME --schedule 'rate(1 hour)' --timezone Asia/Tokyo --input '{"depot": "east"}'"""
    assert (finding.code, finding.advice) == ("EVENT_NOT_TAKEN", f"Translate once more, with {options}.")
