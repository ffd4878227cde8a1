"""Chooses a DAG's schedule among the events of a file that start a state machine.

Sources: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
and https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import parse_json_text
from sfn_provider.translate.definitions.events import Events, StartEvent
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.plan.params import params_problem
from sfn_provider.translate.plan.schedule import SchedulePeriod, parse_schedule, parse_time, parse_timezone
from sfn_provider.xcom_json import encode_dag_run_conf

Json = Any

START_EXECUTION = re.compile(r"arn:[^:]+:scheduler:::aws-sdk:sfn:startExecution")
"""Target of a schedule that calls StartExecution itself, with the machine's ARN and input in its Input."""

_VARIABLE = re.compile(r"<[\w.:-]+>")
"""A variable of an InputTransformer, or an attribute such as ``<aws.scheduler.scheduled-time>``."""

_ADVICE = "Trigger the DAG another way, or give its schedule yourself: --schedule."


def choose_schedule(events: Iterable[StartEvent]) -> Events:
    """Choose the first schedule that a DAG can have; each other event becomes a finding."""
    schedule: str | None = None
    period, params = SchedulePeriod(), None
    others: list[Finding] = []
    details: list[Finding] = []
    for event in events:
        if event.problem is not None:
            others.append(_not_taken(event.name, event.problem))
            continue
        problem = _schedule_problem(event)
        if problem is not None:
            details.append(_not_taken(event.name, problem))
        elif schedule is not None:
            others.append(_further_schedule(event))
        else:
            schedule = event.expression
            period, found = _period(event)
            params, problems = _params(event)
            details += [*found, *problems, *_differences(event)]
    return Events(schedule, period, params, tuple(others), tuple(details))


def _not_taken(name: str, problem: str, advice: str = _ADVICE) -> Finding:
    return Finding("EVENT_NOT_TAKEN", "differs", f"The event {name} of the file {problem}.", advice)


def _schedule_problem(event: StartEvent) -> str | None:
    """Return why an event cannot be the DAG's schedule; None if it can."""
    if not isinstance(event.expression, str) or "${" in event.expression:
        return f"has a schedule whose value is not known: {event.expression}"
    if str(event.state).upper() in ("DISABLED", "FALSE"):
        return f"is switched off ({event.expression})"
    try:
        parse_schedule(event.expression)
    except UsageError as error:
        return f"cannot be the DAG's schedule: {error}"
    return None


def _further_schedule(event: StartEvent) -> Finding:
    zone = f" --timezone {event.timezone}" if event.timezone is not None else ""
    given = f" --input '{_as_text(event.input)}'" if event.has_input else ""
    options = f"--dag-id NAME --schedule '{event.expression}'{zone}{given}"
    problem = "is one schedule more, and a DAG has one"
    return _not_taken(event.name, problem, f"Translate once more, with {options}.")


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# What is different of the schedule -----------------------------------------------------------------------------------


def _period(event: StartEvent) -> tuple[SchedulePeriod, list[Finding]]:
    findings: list[Finding] = []
    timezone: str | None = None
    try:
        timezone = parse_timezone(_known(event.timezone))
    except UsageError as error:
        why = f"The time zone of the schedule {event.name} cannot be used, so the DAG's is UTC: {error}."
        findings.append(Finding("SCHEDULE_TIMEZONE", "differs", why, "Give it: --timezone NAME."))
    times: list[datetime | None] = []
    for label, value in (("StartDate", event.start), ("EndDate", event.end)):
        try:
            times.append(_time(value))
        except UsageError as error:
            times.append(None)
            why = f"The {label} of the schedule {event.name} cannot be used, so the DAG has none: {error}."
            findings.append(Finding("SCHEDULE_PERIOD", "differs", why, "Set start_date or end_date in the DAG file."))
    return SchedulePeriod(timezone, *times), findings


def _known(value: Json) -> str | None:
    """Return a text; None for none.

    Raises:
        UsageError: its value is not known.
    """
    if value is None or (isinstance(value, str) and "${" not in value):
        return value
    raise UsageError(f"the value of {_as_text(value)} is not known")


def _time(value: Json) -> datetime | None:
    text = _known(value if value is None or isinstance(value, str) else str(value))
    return None if text is None else parse_time(text)


def _differences(event: StartEvent) -> Iterable[Finding]:
    if event.window is not None:
        why = (
            f"The schedule {event.name} has a FlexibleTimeWindow: EventBridge starts the machine within "
            f"{event.window} minutes, Airflow starts the DAG at the time."
        )
        advice = "Shift the schedules of DAGs that must not start together."
        yield Finding("FLEXIBLE_TIME_WINDOW", "differs", why, advice)
    state = str(event.state).upper()
    if state not in ("TRUE", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"):
        why = f"Whether the schedule {event.name} is switched on is not known ({event.state}); the DAG has it."
        yield Finding("SCHEDULE_STATE", "differs", why, "Pause the DAG where it is off, or leave its schedule out.")
    if event.condition is not None:
        why = f"The schedule {event.name} depends on {event.condition}; the DAG has it in any case."
        yield Finding("SCHEDULE_STATE", "differs", why, "Pause the DAG where there is none, or leave its schedule out.")


def _params(event: StartEvent) -> tuple[Mapping[str, Json] | None, list[Finding]]:
    """Return the DAG's default input, and what it lacks."""
    if event.input_problem is not None:
        return None, [_input_finding(event.name, f"{event.input_problem}, so the DAG has no default input")]
    if not event.has_input:
        return None, []
    value = event.input
    if isinstance(value, str):
        try:
            value = parse_json_text(value, event.name)
        except UsageError:
            return None, [_input_finding(event.name, "is not JSON, so the DAG has no default input")]
    if problem := params_problem(value):
        return None, [_input_finding(event.name, f"{problem}, so the DAG has no default input")]
    text = json.dumps(value)
    unknown = sorted({*re.findall(r"\$\{[^}]+\}", text), *_VARIABLE.findall(text)})
    names = f"has {', '.join(unknown)} without a value: the text stands in the DAG as it is"
    advice = "Give the values with --substitutions, or the input: --input JSON."
    return encode_dag_run_conf(value), [_input_finding(event.name, names, advice)] if unknown else []


def _input_finding(name: str, problem: str, advice: str = "Give it: --input JSON.") -> Finding:
    return Finding("SCHEDULE_INPUT", "differs", f"The Input of the schedule {name} {problem}.", advice)


def constant_transformer(template: Json) -> bool:
    """Whether an InputTemplate has no variables, so that it makes the same input each time."""
    return isinstance(template, str) and _VARIABLE.search(template) is None


def start_execution_request(request: Json) -> tuple[Json, Json]:
    """Return the machine's ARN and its input in a request of StartExecution, JSON text or an object."""
    try:
        fields = parse_json_text(request, "Input") if isinstance(request, str) else request
    except UsageError:
        fields = None
    if not isinstance(fields, dict):
        return None, None
    return fields.get("StateMachineArn"), fields.get("Input", "{}")
