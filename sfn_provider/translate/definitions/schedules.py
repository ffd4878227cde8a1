"""Finds the schedules and events of a template that start a state machine.

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
from sfn_provider.xcom_json import encode_dag_run_conf

Json = Any


@dataclass(frozen=True, slots=True)
class Events:
    """The events that start a machine, as far as a DAG can have them.

    Args:
        schedule: the first enabled schedule.
        params: its input.
        findings: the events that the DAG does not have, and differences of the schedule.
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
    """Find the events that start a machine of a template."""
    events = [*_sam_events(as_fields(resources[machine].get("Properties"))), *_eventbridge_events(resources, machine)]
    schedule: str | None = None
    params: dict[str, Json] = {}
    findings: list[Finding] = []
    for event in events:
        problem = _problem(event, schedule, intrinsics)
        if problem is not None:
            findings.append(_unsupported_event(event, problem))
            continue
        schedule = intrinsics.text(event.expression, f"the schedule {event.name}")
        params, problems = _params(event, intrinsics)
        findings += problems
        if event.timezone not in (None, "UTC"):
            findings.append(_timezone(event))
    return Events(schedule, params, tuple(findings))


def _problem(event: _Event, schedule: str | None, intrinsics: Intrinsics) -> str | None:
    """Return why an event cannot be the DAG's schedule; None if it can."""
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


def _unsupported_event(event: _Event, problem: str) -> Finding:
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
    return encode_dag_run_conf(value), []


def _sam_events(machine: Mapping[str, Json]) -> Iterator[_Event]:
    """Iterate over the Events in the properties of a SAM state machine."""
    for name, event in as_fields(machine.get("Events")).items():
        if not isinstance(event, dict):
            yield _Event(name, None, problem="depends on a condition of the template")
            continue
        properties = as_fields(event.get("Properties"))
        kind = event.get("Type")
        enabled = properties.get("Enabled") is not False and properties.get("State") not in ("DISABLED",)
        if kind == "Schedule":
            yield _Event(name, properties.get("Schedule"), properties.get("Input"), enabled)
        elif kind == "ScheduleV2":
            zone = properties.get("ScheduleExpressionTimezone")
            yield _Event(name, properties.get("ScheduleExpression"), properties.get("Input"), enabled, zone)
        else:
            yield _Event(name, None, problem=f"is of the type {kind}, and a DAG has no such event")


def _eventbridge_events(resources: Mapping[str, Json], machine: str) -> Iterator[_Event]:
    """Iterate over the rules of EventBridge and the schedules of its Scheduler whose target is the machine."""
    for name, resource in resources.items():
        if not isinstance(resource, dict):
            continue
        properties = as_fields(resource.get("Properties"))
        enabled = properties.get("State") != "DISABLED"
        if resource.get("Type") == "AWS::Scheduler::Schedule" and _is_machine(properties.get("Target"), machine):
            zone = properties.get("ScheduleExpressionTimezone")
            yield _Event(name, properties.get("ScheduleExpression"), properties["Target"].get("Input"), enabled, zone)
        elif resource.get("Type") == "AWS::Events::Rule":
            targets = properties.get("Targets")
            for target in targets if isinstance(targets, list) else ():
                if _is_machine(target, machine):
                    yield _rule(name, properties, target, enabled)


def _rule(name: str, properties: Mapping[str, Json], target: Mapping[str, Json], enabled: bool) -> _Event:
    if "ScheduleExpression" not in properties:
        return _Event(name, None, problem="waits for events of a pattern, and a DAG has no such event")
    if "InputTransformer" in target or "InputPath" in target:
        return _Event(name, None, problem="makes its input of EventBridge's event, which a DAG does not get")
    return _Event(name, properties["ScheduleExpression"], target.get("Input"), enabled)


def _is_machine(target: Json, machine: str) -> bool:
    arn = target.get("Arn") if isinstance(target, dict) else None
    return arn in ({"Ref": machine}, {"Fn::GetAtt": [machine, "Arn"]}, {"Fn::GetAtt": f"{machine}.Arn"})
