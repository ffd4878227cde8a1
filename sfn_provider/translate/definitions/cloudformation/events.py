"""Finds the events of CloudFormation and SAM templates that start a state machine.

Sources: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-statemachine-statemachineeventsource.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sfn_provider.asl.placeholders import fill_placeholders
from sfn_provider.translate.definitions.cloudformation.functions import Intrinsics, as_fields
from sfn_provider.translate.definitions.events import StartEvent
from sfn_provider.translate.definitions.schedules import START_EXECUTION, constant_transformer, start_execution_request

Json = Any

_NO_VALUE = "${AWS::NoValue}"


@dataclass(slots=True)
class TemplateValues:
    """Resolves the values of a template with its parameters, and records which were used.

    Args:
        intrinsics: resolves functions.
        defaults: the defaults of the template's parameters, by name.
        user: the user's values, by name.
        used: names of the user's values that were used.
        defaulted: names of the defaults that were used.
    """

    intrinsics: Intrinsics
    defaults: Mapping[str, str]
    user: Mapping[str, str]
    used: set[str] = field(default_factory=set)
    defaulted: set[str] = field(default_factory=set)

    def resolve(self, value: Json) -> Json:
        """Return a value with its functions and parameters replaced; None for ``AWS::NoValue``."""
        filled, used = fill_placeholders({"": self.intrinsics.resolve(value)}, {**self.defaults, **self.user})
        self.used |= used & self.user.keys()
        self.defaulted |= used - self.user.keys()
        found = filled[""] if isinstance(filled, dict) else None
        return None if found == _NO_VALUE else found

    def fields(self, value: Json) -> dict[str, Json]:
        """Return the fields of an object with their values resolved, without those of ``AWS::NoValue``."""
        found = {name: self.resolve(entry) for name, entry in as_fields(value).items()}
        return {name: entry for name, entry in found.items() if entry is not None}


def find_events(
    resources: Mapping[str, Json], machine: tuple[str, ...], values: TemplateValues
) -> Iterator[StartEvent]:
    """Find the events that start a machine of a template.

    Args:
        resources: the template's ``Resources``.
        machine: the machine's logical id, and other ids for it.
        values: resolves values of the template.
    """
    properties = as_fields(resources[machine[0]].get("Properties"))
    yield from _sam_events(properties, values)
    is_machine = _arn_test(machine, values.resolve(properties.get("StateMachineName", properties.get("Name"))))
    for name, resource in resources.items():
        finder = _FINDERS.get(resource.get("Type")) if isinstance(resource, dict) else None
        if finder is None:
            continue
        condition = resource.get("Condition")
        for event in finder(name, as_fields(resource.get("Properties")), values, is_machine):
            yield event if condition is None else replace(event, condition=f"the condition {condition} of the template")


ArnTest = Callable[[Json], bool]


def _arn_test(machine: tuple[str, ...], name: Json) -> ArnTest:
    """Return a function that tells whether a resolved value is the ARN of a machine."""
    references = {f"${{{logical_id}{suffix}}}" for logical_id in machine for suffix in ("", ".Arn")}
    end = f":stateMachine:{name}" if isinstance(name, str) else None

    def is_machine(arn: Json) -> bool:
        return isinstance(arn, str) and (arn in references or (end is not None and arn.endswith(end)))

    return is_machine


def _sam_events(machine: Mapping[str, Json], values: TemplateValues) -> Iterator[StartEvent]:
    """Iterate over the Events in the properties of a SAM state machine."""
    for name, event in as_fields(machine.get("Events")).items():
        if not isinstance(event, dict) or next(iter(event), "").startswith("Fn::"):
            yield StartEvent(name, problem="depends on a condition of the template")
            continue
        properties, kind = values.fields(event.get("Properties")), event.get("Type")
        if kind == "Schedule":
            state = properties.get("State", properties.get("Enabled", True))
            yield _with_input(StartEvent(name, properties.get("Schedule"), state=state), properties)
        elif kind == "ScheduleV2":
            yield _scheduled(name, properties, properties)
        else:
            yield StartEvent(name, problem=f"is of the type {kind}, and a DAG has no such event")


def _scheduled(name: str, properties: Mapping[str, Json], target: Mapping[str, Json]) -> StartEvent:
    """Return the event of a schedule of EventBridge's Scheduler."""
    window = properties.get("FlexibleTimeWindow")
    flexible = isinstance(window, dict) and window.get("Mode") not in (None, "OFF")
    event = StartEvent(
        name,
        properties.get("ScheduleExpression"),
        state=properties.get("State", "ENABLED"),
        timezone=properties.get("ScheduleExpressionTimezone"),
        start=properties.get("StartDate"),
        end=properties.get("EndDate"),
        window=window.get("MaximumWindowInMinutes", "some") if flexible and isinstance(window, dict) else None,
    )
    return _with_input(event, target)


def _with_input(event: StartEvent, target: Mapping[str, Json]) -> StartEvent:
    """Return an event with the input that a target has."""
    transformer = target.get("InputTransformer")
    if isinstance(transformer, dict) and constant_transformer(transformer.get("InputTemplate")):
        return replace(event, has_input=True, input=transformer["InputTemplate"])
    if transformer is not None or "InputPath" in target:
        return replace(event, input_problem="is made of EventBridge's event, which a DAG does not get")
    return replace(event, has_input="Input" in target, input=target.get("Input"))


def _schedules(
    name: str, properties: Mapping[str, Json], values: TemplateValues, is_machine: ArnTest
) -> Iterator[StartEvent]:
    target = values.fields(properties.get("Target"))
    arn, given = target.get("Arn"), target.get("Input")
    if isinstance(arn, str) and START_EXECUTION.fullmatch(arn.replace("${AWS::Partition}", "aws")):
        request, (arn, given) = given, start_execution_request(given)
        target = {"Input": given}
        if arn is None and any(map(is_machine, re.findall(r"\$\{[^}]+\}", str(request)))):
            yield StartEvent(name, problem="calls StartExecution with an Input that cannot be read")
    if is_machine(arn):
        yield _scheduled(name, values.fields(properties), target)


def _rules(
    name: str, properties: Mapping[str, Json], values: TemplateValues, is_machine: ArnTest
) -> Iterator[StartEvent]:
    targets = properties.get("Targets")
    for entry in targets if isinstance(targets, list) else ():
        target = values.fields(entry)
        if not is_machine(target.get("Arn")):
            continue
        if "EventPattern" in properties:
            yield StartEvent(name, problem="waits for events of a pattern, and a DAG has no such event")
        if "ScheduleExpression" in properties:
            state = values.resolve(properties.get("State", "ENABLED"))
            yield _with_input(StartEvent(name, values.resolve(properties["ScheduleExpression"]), state=state), target)


def _pipes(
    name: str, properties: Mapping[str, Json], values: TemplateValues, is_machine: ArnTest
) -> Iterator[StartEvent]:
    if is_machine(values.resolve(properties.get("Target"))):
        yield StartEvent(name, problem="is a pipe of EventBridge, and a DAG has no such event")


_FINDERS: dict[Json, Callable[[str, Mapping[str, Json], TemplateValues, ArnTest], Iterator[StartEvent]]] = {
    "AWS::Events::Rule": _rules,
    "AWS::Scheduler::Schedule": _schedules,
    "AWS::Pipes::Pipe": _pipes,
}
"""The finders of events, by the type of a resource."""
