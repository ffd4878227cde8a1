"""Defines the events that start a state machine, as files have them and as a DAG can have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfn_provider.translate.findings import Finding
    from sfn_provider.translate.plan.schedule import SchedulePeriod

Json = Any


@dataclass(frozen=True, slots=True)
class StartEvent:
    """What starts a machine, as a file has it; values that are not known are placeholders.

    Args:
        name: its name in the file.
        expression: EventBridge's ``cron()``, ``rate()`` or ``at()``.
        has_input: whether it has a constant input.
        input: that input, JSON text or a value.
        input_problem: why its input is not constant.
        state: ``ENABLED`` or ``DISABLED``, or a boolean.
        timezone: the time zone of the expression.
        start: StartDate.
        end: EndDate.
        window: the minutes of a FlexibleTimeWindow; None where it has none.
        condition: on what its existence depends.
        problem: why a DAG cannot have it.
    """

    name: str
    expression: Json = None
    has_input: bool = False
    input: Json = None
    input_problem: str | None = None
    state: Json = "ENABLED"
    timezone: Json = None
    start: Json = None
    end: Json = None
    window: Json = None
    condition: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """The events that start a machine, as far as a DAG can have them.

    Args:
        schedule: the first schedule that is on and that a DAG can have.
        period: its time zone, and when it begins and ends; None without a schedule.
        params: its input, encoded as the run's configuration; None where it has none.
        findings: the events that the DAG does not have.
        schedule_findings: what is different of the schedule; void where the user gives another one.
    """

    schedule: str | None = None
    period: SchedulePeriod | None = None
    params: Mapping[str, Json] | None = None
    findings: tuple[Finding, ...] = ()
    schedule_findings: tuple[Finding, ...] = ()
