"""Runs tasks of translated DAGs and gives what their log says, for tests."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sfn_provider.integrations import Submitted
from sfn_provider.operators.state_machine import ChoiceStateOperator, PassStateOperator
from sfn_provider.runtime.routing import task_routing as routing
from sfn_provider.runtime.state_operator import StateOperator
from tests.fixtures.airflow.task_runs import Run, dag
from tests.fixtures.calls.live_driver import JOB, task

SUBMITTED = Submitted({"id": "jr_1", "resource": JOB}, {"JobRunId": "jr_1"}, 30.0)
GLUE = "https://console.aws.amazon.com/gluestudio/home?region=eu-west-1#/job/load/run/jr_1"
LAMBDA = "https://console.aws.amazon.com/lambda/home?region=us-east-1#/functions/work"
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 60, "MaxAttempts": 2}]


class Log:
    """The lines of a task at INFO."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def lines(self) -> list[str]:
        records = self._caplog.records
        return [record.getMessage() for record in records if (record.name, record.levelno) == ("task", logging.INFO)]


class Skipper:
    """Skips nothing."""

    def skip_all_except(self, instance: Any, taken: list[str]) -> None:
        """Do nothing."""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level(logging.INFO)
    # Airflow 3 logs elsewhere.
    monkeypatch.setattr(StateOperator, "log", logging.getLogger("task"), raising=False)
    monkeypatch.setattr(routing, "SkipMixin", Skipper)
    return Log(caplog)


@pytest.fixture
def run() -> Run:
    return Run(conf={"a": 1})


def ask(*choices: dict[str, Any], **fields: Any) -> Any:
    """A Choice named Ask; the rules lead to Yes where they name no state."""
    rules = [{"Next": "Yes", **rule} for rule in choices]
    names = dict.fromkeys([*(rule["Next"] for rule in rules), *filter(None, [fields.get("default")])])
    with dag():
        made = ChoiceStateOperator(task_id="Ask", choices=rules, **fields)
        made >> [PassStateOperator(task_id=name, end=True) for name in names]
    return made


def glue(**fields: Any) -> Any:
    return task(resource=JOB, parameters={"JobName": "load"}, **fields)
