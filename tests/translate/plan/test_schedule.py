from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from croniter import croniter  # type: ignore[import-untyped]

from sfn_provider.exceptions import UsageError
from sfn_provider.translate import translate
from sfn_provider.translate.plan.schedule import SchedulePeriod, parse_schedule
from sfn_provider.translate.plan.schedule_differences import find_differences

WEDNESDAY = datetime(2025, 1, 1, tzinfo=UTC)
"""The first of January 2025 was a Wednesday."""


@dataclass(frozen=True)
class Case:
    """An EventBridge schedule.

    Args:
        expression: what EventBridge has.
        cron: what Airflow gets.
        runs: the first runs after the first of January 2025, computed by hand.
    """

    expression: str
    cron: str
    runs: tuple[str, ...]


CASES = [
    Case("cron(0 2 * * ? *)", "0 2 * * *", ("01-01 02:00", "01-02 02:00", "01-03 02:00")),
    Case("cron(0/15 * * * ? *)", "0-59/15 * * * *", ("01-01 00:15", "01-01 00:30", "01-01 00:45", "01-01 01:00")),
    Case("cron(5/20 8 * * ? *)", "5-59/20 8 * * *", ("01-01 08:05", "01-01 08:25", "01-01 08:45", "01-02 08:05")),
    Case("cron(*/30 8 * * ? *)", "*/30 8 * * *", ("01-01 08:00", "01-01 08:30", "01-02 08:00")),
    Case("cron(10-14/2 0 * * ? *)", "10-14/2 0 * * *", ("01-01 00:10", "01-01 00:12", "01-01 00:14", "01-02 00:10")),
    Case("cron(0 8-10 * * ? *)", "0 8-10 * * *", ("01-01 08:00", "01-01 09:00", "01-01 10:00", "01-02 08:00")),
    Case("cron(0 22-1 * * ? *)", "0 22-1 * * *", ("01-01 01:00", "01-01 22:00", "01-01 23:00", "01-02 00:00")),
    Case("cron(0 6,18 * * ? *)", "0 6,18 * * *", ("01-01 06:00", "01-01 18:00", "01-02 06:00")),
    Case("cron(0 0 1,15 * ? *)", "0 0 1,15 * *", ("01-15 00:00", "02-01 00:00", "02-15 00:00")),
    Case("cron(0 0 10/10 * ? *)", "0 0 10-31/10 * *", ("01-10 00:00", "01-20 00:00", "01-30 00:00", "02-10 00:00")),
    Case("cron(0 0 L * ? *)", "0 0 L * *", ("01-31 00:00", "02-28 00:00", "03-31 00:00", "04-30 00:00")),
    Case("cron(0 0 1 JAN-MAR ? *)", "0 0 1 1-3 *", ("02-01 00:00", "03-01 00:00", "01-01 00:00")),
    Case("cron(0 0 1 feb/3 ? *)", "0 0 1 2-12/3 *", ("02-01 00:00", "05-01 00:00", "08-01 00:00", "11-01 00:00")),
    Case("cron(0 0 1 5/6 ? *)", "0 0 1 5-12/6 *", ("05-01 00:00", "11-01 00:00", "05-01 00:00")),
    Case("cron(0 0 1 JUN,DEC ? *)", "0 0 1 6,12 *", ("06-01 00:00", "12-01 00:00", "06-01 00:00")),
    # Days of the week: SUN is 1 in EventBridge and 0 in cron.
    Case("cron(0 9 ? * 1 *)", "0 9 * * 0", ("01-05 09:00", "01-12 09:00")),
    Case("cron(0 9 ? * 7 *)", "0 9 * * 6", ("01-04 09:00", "01-11 09:00")),
    Case("cron(0 9 ? * SUN *)", "0 9 * * 0", ("01-05 09:00", "01-12 09:00")),
    Case("cron(0 9 ? * 2-6 *)", "0 9 * * 1-5", ("01-01 09:00", "01-02 09:00", "01-03 09:00", "01-06 09:00")),
    Case("cron(0 9 ? * MON-FRI *)", "0 9 * * 1-5", ("01-01 09:00", "01-02 09:00", "01-03 09:00", "01-06 09:00")),
    Case("cron(0 9 ? * FRI-MON *)", "0 9 * * 5-1", ("01-03 09:00", "01-04 09:00", "01-05 09:00", "01-06 09:00")),
    Case("cron(0 9 ? * 7-1 *)", "0 9 * * 6-0", ("01-04 09:00", "01-05 09:00", "01-11 09:00")),
    Case("cron(0 9 ? * mon,wed,7 *)", "0 9 * * 1,3,6", ("01-01 09:00", "01-04 09:00", "01-06 09:00", "01-08 09:00")),
    Case("cron(0 9 ? * 2/2 *)", "0 9 * * 1-6/2", ("01-01 09:00", "01-03 09:00", "01-06 09:00", "01-08 09:00")),
    Case("cron(0 9 ? * 2-6/2 *)", "0 9 * * 1-5/2", ("01-01 09:00", "01-03 09:00", "01-06 09:00")),
    Case("cron(0 9 ? * */3 *)", "0 9 * * */3", ("01-01 09:00", "01-04 09:00", "01-05 09:00", "01-08 09:00")),
    Case("cron(0 9 ? * 3#2 *)", "0 9 * * 2#2", ("01-14 09:00", "02-11 09:00", "03-11 09:00")),
    Case("cron(0 9 ? * FRI#1 *)", "0 9 * * 5#1", ("01-03 09:00", "02-07 09:00")),
    Case("cron(0 9 ? * 6L *)", "0 9 * * L5", ("01-31 09:00", "02-28 09:00", "03-28 09:00")),
    Case("cron(0 9 ? * L *)", "0 9 * * 6", ("01-04 09:00", "01-11 09:00")),
    Case("cron(0 9 ? * * *)", "0 9 * * *", ("01-01 09:00", "01-02 09:00")),
    Case("  CRON( 0   9 ? *  * * ) ", "0 9 * * *", ("01-01 09:00", "01-02 09:00")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.expression.strip())
def test_a_cron_of_eventbridge_runs_at_the_same_times_in_airflow(case: Case) -> None:
    schedule = parse_schedule(case.expression)
    assert (schedule.cron, schedule.interval, schedule.source) == (case.cron, None, case.expression)
    runs = croniter(case.cron, WEDNESDAY)
    assert tuple(runs.get_next(datetime).strftime("%m-%d %H:%M") for _ in case.runs) == case.runs


@pytest.mark.parametrize(
    ("expression", "interval"),
    [
        ("rate(1 minute)", ("minutes", 1)),
        ("rate(5 minutes)", ("minutes", 5)),
        ("rate(1 hour)", ("hours", 1)),
        ("rate(12 hours)", ("hours", 12)),
        (" rate( 7  days ) ", ("days", 7)),
    ],
)
def test_a_rate_is_an_interval(expression: str, interval: tuple[str, int]) -> None:
    schedule = parse_schedule(expression)
    assert (schedule.cron, schedule.interval) == (None, interval)
    assert timedelta(**{interval[0]: interval[1]})


@pytest.mark.parametrize(
    "text", ["@daily", "@once", "0 2 * * *", "*/5 8-18 * JAN,3 mon-fri", "0 0 L * 5#2", "0 0 * * 7"]
)
def test_what_airflow_understands_stays(text: str) -> None:
    assert parse_schedule(text).cron == text


ASK = "write cron(minutes hours day-of-month month day-of-week year), rate(value unit), or an Airflow cron text"


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("often", f"is not understood: {ASK}"),
        ("", f"schedule '' is not understood: {ASK}"),
        ("@fortnightly", f"is not understood: {ASK}"),
        ("every(5 minutes)", f"is not understood: {ASK}"),
        ("at(2025-03-15T02:00:00)", "runs once; Airflow schedules repeat: leave it out and trigger the DAG"),
        ("rate(5)", "rate takes a positive number and minutes, hours or days"),
        ("rate(0 minutes)", "rate takes a positive number and minutes, hours or days"),
        ("rate(-1 hours)", "rate takes a positive number and minutes, hours or days"),
        ("rate(1.5 hours)", "rate takes a positive number and minutes, hours or days"),
        ("rate(5 seconds)", "rate takes a positive number and minutes, hours or days"),
        ("rate(2 weeks)", "rate takes a positive number and minutes, hours or days"),
        ("cron(0 2 * * ?)", f"has 5 fields where EventBridge has 6: {ASK}"),
        ("cron(0 0 2 * * ? *)", "has 7 fields where EventBridge has 6"),
        ("cron(0 2 * * ? 2025)", "is for the year 2025; cron in Airflow has no years: use '*' there"),
        ("cron(0 2 * * ? 2025-2030)", "is for the year 2025-2030"),
        ("cron(0 2 15W * ? *)", "'15W', the weekday nearest to a day, cannot be said in Airflow's cron"),
        ("cron(0 2 LW * ? *)", "'LW', the weekday nearest to a day, cannot be said in Airflow's cron"),
        ("cron(0 2 1 * MON *)", "write '?' as the day of month or as the day of week"),
        ("cron(0 2 * * * *)", "write '?' as the day of month or as the day of week"),
        ("cron(? 2 * * ? *)", "'?' is not understood in the field minutes, which takes 0 to 59"),
        ("cron(60 2 * * ? *)", "'60' is not understood in the field minutes, which takes 0 to 59"),
        ("cron(0 24 * * ? *)", "'24' is not understood in the field hours, which takes 0 to 23"),
        ("cron(0 2 0 * ? *)", "'0' is not understood in the field day of month, which takes 1 to 31"),
        ("cron(0 2 L-3 * ? *)", "'L-3' is not understood in the field day of month"),
        ("cron(0 2 * 13 ? *)", "'13' is not understood in the field month, which takes 1 to 12"),
        ("cron(0 2 * FOO ? *)", "'FOO' is not understood in the field month"),
        ("cron(0 MON * * ? *)", "'MON' is not understood in the field hours"),
        ("cron(0/0 2 * * ? *)", "'0/0' is not understood in the field minutes"),
        ("cron(1;2 2 * * ? *)", "'1;2' is not understood in the field minutes"),
        ("cron(1, 2 * * ? *)", "'' is not understood in the field minutes"),
        (
            "cron(0 2 ? * 0 *)",
            "'0' is not understood in the field day of week, which takes SUN to SAT or 1 (SUN) to 7 (SAT)",
        ),
        ("cron(0 2 ? * 8 *)", "'8' is not understood in the field day of week"),
        ("cron(0 2 ? * FOO *)", "'FOO' is not understood in the field day of week"),
        ("cron(0 2 ? * 3#6 *)", "'3#6' is not understood in the field day of week"),
        ("cron(0 2 ? * 2#1,3#2 *)", "'2#1,3#2': with '#' or 'L' the day of week takes one entry only"),
        ("cron(0 2 ? * 2,6L *)", "'2,6L': with '#' or 'L' the day of week takes one entry only"),
        ("61 2 * * *", "'61' is not understood in the field minutes, which takes 0 to 59"),
        ("0 2 * * FOO", "'FOO' is not understood in the field day of week, which takes 0 to 7"),
        ("0 2 ? * *", "'?' is not understood in the field day of month, which takes 1 to 31"),
        ("a b c d e", "'a' is not understood in the field minutes"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(expression: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_schedule(expression)
    assert str(error.value).startswith(f"schedule {expression!r}")
    assert told in str(error.value)


MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
GROUP = {
    "StartAt": "P",
    "States": {
        "P": {
            "Type": "Parallel",
            "Branches": [MACHINE, {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}],
            "End": True,
        }
    },
}


@pytest.mark.parametrize(
    ("expression", "argument"),
    [
        ("cron(0 9 ? * 2-6 *)", '"0 9 * * 1-5"'),
        ("rate(5 minutes)", "timedelta(minutes=5)"),
        (None, "None"),
        ("@daily", '"@daily"'),
    ],
)
def test_the_schedule_stands_in_the_file(expression: str | None, argument: str) -> None:
    source = translate(MACHINE, dag_id="x", schedule=expression).source
    assert f"    schedule={argument},\n" in source
    assert ("import UTC, datetime, timedelta\n" in source) is ("timedelta(" in source)


ZONES = [
    ("Europe/Berlin", "Europe/Berlin"),
    ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ("UTC", None),
    ("Etc/UTC", None),
    (None, None),
]


@pytest.mark.parametrize(("name", "zone"), ZONES)
def test_the_time_zone_of_a_schedule(name: str | None, zone: str | None) -> None:
    assert parse_schedule("cron(0 2 * * ? *)", SchedulePeriod(name)).period == SchedulePeriod(zone)
    assert parse_schedule("rate(1 hour)", SchedulePeriod(name)).period == SchedulePeriod(None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Europe/Berln", "there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ("+02:00", "there is no time zone '+02:00'; it looks like Europe/Berlin"),
        ("/etc/passwd", "there is no time zone '/etc/passwd'"),
        ("../Berlin", "there is no time zone '../Berlin'"),
        ("Europe", "there is no time zone 'Europe'"),
        ("", "there is no time zone ''"),
    ],
)
def test_a_time_zone_that_there_is_not_is_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_schedule("0 2 * * *", SchedulePeriod(name))
    assert str(error.value).startswith(message)


MARCH = datetime(2026, 3, 1, tzinfo=UTC)
BERLIN = 'CronTriggerTimetable("0 9 * * *", timezone="Europe/Berlin")'


@pytest.mark.parametrize("minutes", ["5", "5,15,25,35", "0,5,10,15,20,25,30,35,40,45,50,55"])
@pytest.mark.parametrize("definition", [MACHINE, GROUP], ids=["tasks", "a group alone"])
def test_a_long_timetable_is_laid_out_as_ruff_does(minutes: str, definition: dict[str, Any], tmp_path: Path) -> None:
    zone = "America/Argentina/Buenos_Aires"
    source = translate(definition, dag_id="x", schedule=f"{minutes} 8-18 * * 1-5", timezone=zone).source
    (tmp_path / "x.py").write_text(source)
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(tmp_path / "x.py")]
    done = subprocess.run(ruff, capture_output=True, text=True)
    assert done.returncode == 0, source


@pytest.mark.parametrize(
    ("expression", "period", "codes"),
    [
        ("30 2 * * *", SchedulePeriod("Europe/Berlin"), ["DAYLIGHT_SAVING"]),
        ("30 1 * * *", SchedulePeriod("Europe/Berlin"), []),
        ("30 1 * * *", SchedulePeriod("Europe/London"), ["DAYLIGHT_SAVING"]),
        ("30 2 * * *", SchedulePeriod("America/New_York"), ["DAYLIGHT_SAVING"]),
        ("30 2 * * *", SchedulePeriod("Asia/Tokyo"), []),
        ("30 2 * * *", SchedulePeriod(), []),
        ("0 */2 * * *", SchedulePeriod("Europe/Berlin"), ["DAYLIGHT_SAVING"]),
        ("0 22-3 * * *", SchedulePeriod("Europe/Berlin"), ["DAYLIGHT_SAVING"]),
        ("0 1-9/2,23 * * *", SchedulePeriod("Europe/Berlin"), []),
        ("0 * * * *", SchedulePeriod("Europe/Berlin"), []),
        ("@daily", SchedulePeriod("Europe/Berlin"), []),
        ("@hourly", SchedulePeriod("Europe/Berlin"), []),
        ("rate(1 day)", SchedulePeriod(start=MARCH), ["RATE_START"]),
        ("rate(1 day)", SchedulePeriod(end=MARCH), []),
    ],
)
def test_what_airflow_does_differently_with_a_schedule(
    expression: str, period: SchedulePeriod, codes: list[str]
) -> None:
    assert [finding.code for finding in find_differences(parse_schedule(expression, period))] == codes


def test_the_time_zone_is_that_of_the_schedule() -> None:
    made = translate(MACHINE, dag_id="x", schedule="0 9 * * *", timezone="Europe/Berlin")
    assert f"schedule={BERLIN}" in made.source
    with pytest.raises(UsageError, match="the time zone Europe/Berlin has no schedule: give one with --schedule"):
        translate(MACHINE, dag_id="x", timezone="Europe/Berlin")
