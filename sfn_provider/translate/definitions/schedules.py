"""What starts a state machine, as its template says it: schedules, and events that a DAG does not take.

Sources: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-statemachine-statemachineeventsource.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.translate.definitions.cloudformation_functions import Intrinsics, as_fields
from sfn_provider.translate.findings import Finding

Json = Any

INPUT_KEY = "sfn_provider:input"
"""Key for an input that is no JSON object, as `sfn_provider.xcom_json` reads it: params are an object."""


@dataclass(frozen=True, slots=True)
class Events:
    """What starts a machine.

    Args:
        schedule: the first schedule that is switched on.
        params: its input.
        findings: what else there is.
    """

    schedule: str | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Event:
    name: str
    expression: Json
    input: Json = None
    enabled: bool = True
    timezone: str | None = None
    problem: str | None = None


def find_events(resources: Mapping[str, Json], machine: str, intrinsics: Intrinsics) -> Events:
    """Find what starts a machine of a template."""
    events = [*_own_events(as_fields(resources[machine].get("Properties"))), *_rules(resources, machine)]
    schedule: str | None = None
    params: dict[str, Json] = {}
    findings: list[Finding] = []
    for event in events:
        problem = _problem(event, schedule, intrinsics)
        if problem is not None:
            findings.append(_not_taken(event, problem))
            continue
        schedule = intrinsics.text(event.expression, f"the schedule {event.name}")
        params, told = _params(event, intrinsics)
        findings += told
        if event.timezone not in (None, "UTC"):
            findings.append(_timezone(event))
    return Events(schedule, params, tuple(findings))


def _problem(event: _Event, schedule: str | None, intrinsics: Intrinsics) -> str | None:
    """Why an event does not become the DAG's schedule."""
    if event.problem is not None:
        return event.problem
    if not event.enabled:
        return "is switched off"
    if schedule is not None:
        return "is one schedule more, and a DAG has one"
    text = intrinsics.resolve(event.expression)
    if not isinstance(text, str) or "${" in text:
        return f"has a schedule that the template does not tell: {text}"
    return None


def _not_taken(event: _Event, problem: str) -> Finding:
    why = f"The event {event.name} of the template {problem}."
    return Finding("EVENT_NOT_TAKEN", "differs", why, "Trigger the DAG another way, or give its schedule yourself.")


def _timezone(event: _Event) -> Finding:
    why = f"The schedule {event.name} is in the time zone {event.timezone}; the DAG's is in UTC."
    return Finding(
        "SCHEDULE_TIMEZONE", "differs", why, "Give the DAG's start_date that time zone, or shift the schedule."
    )


def _params(event: _Event, intrinsics: Intrinsics) -> tuple[dict[str, Json], list[Finding]]:
    if event.input is None:
        return {}, []
    text = intrinsics.resolve(event.input)
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except json.JSONDecodeError:
        why = f"The Input of the schedule {event.name} is not JSON, so the DAG has no default input."
        return {}, [Finding("SCHEDULE_INPUT", "differs", why, "Give it: --input JSON.")]
    return (value if isinstance(value, dict) else {INPUT_KEY: value}), []


def _own_events(properties: Mapping[str, Json]) -> Iterator[_Event]:
    """The Events of a SAM state machine."""
    for name, event in as_fields(properties.get("Events")).items():
        if not isinstance(event, dict):
            yield _Event(name, None, problem="depends on a condition of the template")
            continue
        given = as_fields(event.get("Properties"))
        kind = event.get("Type")
        enabled = given.get("Enabled") is not False and given.get("State") not in ("DISABLED",)
        if kind == "Schedule":
            yield _Event(name, given.get("Schedule"), given.get("Input"), enabled)
        elif kind == "ScheduleV2":
            zone = given.get("ScheduleExpressionTimezone")
            yield _Event(name, given.get("ScheduleExpression"), given.get("Input"), enabled, zone)
        else:
            yield _Event(name, None, problem=f"is of the type {kind}, and a DAG has no such event")


def _rules(resources: Mapping[str, Json], machine: str) -> Iterator[_Event]:
    """Rules of EventBridge and schedules of its Scheduler whose target is the machine."""
    for name, resource in resources.items():
        if not isinstance(resource, dict):
            continue
        given = as_fields(resource.get("Properties"))
        enabled = given.get("State") != "DISABLED"
        if resource.get("Type") == "AWS::Scheduler::Schedule" and _means(given.get("Target"), machine):
            zone = given.get("ScheduleExpressionTimezone")
            yield _Event(name, given.get("ScheduleExpression"), given["Target"].get("Input"), enabled, zone)
        elif resource.get("Type") == "AWS::Events::Rule":
            targets = given.get("Targets")
            for target in targets if isinstance(targets, list) else ():
                if _means(target, machine):
                    yield _rule(name, given, target, enabled)


def _rule(name: str, given: Mapping[str, Json], target: Mapping[str, Json], enabled: bool) -> _Event:
    if "ScheduleExpression" not in given:
        return _Event(name, None, problem="waits for events of a pattern, and a DAG has no such event")
    if "InputTransformer" in target or "InputPath" in target:
        return _Event(name, None, problem="makes its input of EventBridge's event, which a DAG does not get")
    return _Event(name, given["ScheduleExpression"], target.get("Input"), enabled)


def _means(target: Json, machine: str) -> bool:
    arn = target.get("Arn") if isinstance(target, dict) else None
    return arn in ({"Ref": machine}, {"Fn::GetAtt": [machine, "Arn"]}, {"Fn::GetAtt": f"{machine}.Arn"})
