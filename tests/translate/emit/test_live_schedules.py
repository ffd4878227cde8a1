"""Schedules of live DAGs: the same as in the DAG's file, at the hours of their time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pendulum
import pytest

from sfn_provider._compat import DagBag
from sfn_provider.translate.definitions.events import Events
from sfn_provider.translate.definitions.loader import StateMachineResource, load_definition
from sfn_provider.translate.emit.live_dag import live_dag
from sfn_provider.translate.plan.schedule import SchedulePeriod
from sfn_provider.translate.translator import translate_definition
from tests.fixtures.airflow.airflow_home import schedule_of

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
MARCH, JUNE = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, 5, 30, tzinfo=UTC)
BERLIN = 'CronTriggerTimetable("0 9 * * *", timezone="Europe/Berlin")'


@pytest.mark.parametrize(
    ("expression", "period", "lines"),
    [
        ("0 9 * * *", SchedulePeriod("Europe/Berlin"),
         [f"schedule={BERLIN}", "start_date=datetime(2025, 1, 1, tzinfo=UTC)"]),
        ("0 9 * * *", SchedulePeriod(start=MARCH),
         ['schedule=CronTriggerTimetable("0 9 * * *", timezone="UTC")', "start_date=datetime(2026, 3, 1, tzinfo=UTC)"]),
        ("0 9 * * *", SchedulePeriod("Europe/Berlin", MARCH, JUNE),
         [f"schedule={BERLIN}", "start_date=datetime(2026, 3, 1, tzinfo=UTC)",
          "end_date=datetime(2026, 6, 1, 5, 30, tzinfo=UTC)"]),
        ("@daily", SchedulePeriod("Europe/Berlin"),
         ['schedule=CronTriggerTimetable("@daily", timezone="Europe/Berlin")']),
        ("@once", SchedulePeriod("Europe/Berlin"), ['schedule="@once"']),
        ("rate(2 hours)", SchedulePeriod("Europe/Berlin", MARCH, JUNE),
         ["schedule=timedelta(hours=2)", "start_date=datetime(2026, 3, 1, tzinfo=UTC)",
          "end_date=datetime(2026, 6, 1, 5, 30, tzinfo=UTC)"]),
    ],
)  # fmt: skip
def test_a_period_stands_in_the_file_and_in_the_live_dag(
    expression: str, period: SchedulePeriod, lines: list[str], tmp_path: Path
) -> None:
    resource = StateMachineResource("x", MACHINE, events=Events(expression, period))
    made = translate_definition(load_definition(resource))
    for line in lines:
        assert f"    {line},\n" in made.source
    assert ("import CronTriggerTimetable" in made.source) is ("CronTriggerTimetable(" in made.source)
    (tmp_path / "x.py").write_text(made.source)
    bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    emitted, live = bag.dags["x"], live_dag(made.plan)
    assert (emitted.start_date, emitted.end_date) == (live.start_date, live.end_date)
    assert timetable_of(emitted) == timetable_of(live)


def timetable_of(dag: Any) -> tuple[type, Any]:
    timetable = dag.timetable  # those of Airflow 3's SDK are serialized elsewhere
    return type(timetable), timetable.serialize() if hasattr(timetable, "serialize") else schedule_of(dag)


def test_a_timetable_runs_at_the_hour_of_its_zone() -> None:
    resource = StateMachineResource("x", MACHINE, events=Events("cron(30 9 * * ? *)", SchedulePeriod("Europe/Berlin")))
    timetable = live_dag(translate_definition(load_definition(resource)).plan).timetable
    runs = [timetable._get_next(pendulum.instance(day)) for day in (datetime(2025, 1, 9, tzinfo=UTC), JUNE)]
    assert [str(run.astimezone(UTC)) for run in runs] == ["2025-01-09 08:30:00+00:00", "2026-06-01 07:30:00+00:00"]
