"""Finds the schedules and events of a Terraform folder that start a state machine.

Sources: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/scheduler_schedule,
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_event_rule
and https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_event_target
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.translate.definitions.events import StartEvent
from sfn_provider.translate.definitions.schedules import (
    START_EXECUTION,
    constant_transformer,
    start_execution_request,
)
from sfn_provider.translate.definitions.terraform.module import Instance, Module, reference
from sfn_provider.translate.definitions.terraform.unknown_values import Unknown, as_text

Json = Any

_OTHERS_VALUE = re.compile(r"var\.|local\.|each\.|data\.|(module\.[^.]+\.)+[^.]+$")
"""Names whose values come from elsewhere; others are attributes of resources."""

_MAY_BE_MACHINE = re.compile(r"sfn|state_?machine|step_?func|workflow", re.IGNORECASE)
"""Names of values that may be the ARN of a state machine."""


@dataclass(frozen=True)
class _Machine:
    """How expressions refer to a machine.

    Args:
        references: the placeholders of its ARN.
        suffix: the end of its ARN, where its name is known.
        address: its address without a key.
    """

    references: frozenset[str]
    suffix: str | None
    address: str

    def matches(self, arn: Json) -> bool:
        """Whether a value is the machine's ARN."""
        return isinstance(arn, str) and (arn in self.references or bool(self.suffix and arn.endswith(self.suffix)))

    def may_match(self, arn: Json) -> bool:
        """Whether a value may be the machine's ARN: it is not known."""
        name = arn.name if isinstance(arn, Unknown) else None
        if name is None:
            return False
        if re.match(re.escape(self.address) + r"(\[(?!['\d])|\.\*)", name):  # an index that is not known, or all
            return True
        return _OTHERS_VALUE.match(name) is not None and _MAY_BE_MACHINE.search(name) is not None


def find_events(root: Module, module: Module, machine: Instance) -> Iterator[StartEvent]:
    """Find the events that start a machine.

    Args:
        root: the module of the folder that was named.
        module: the module that has the machine.
        machine: the machine's block.
    """
    name = machine.value("name")
    if machine.block.kind == "module":
        address = f"{module.prefix}module.{machine.block.labels[0]}"
        attributes = ("state_machine_arn", "state_machine_id")
    else:
        address, attributes = machine.address, ("arn", "id")
    addresses = [address] if machine.is_certain else [address, f"{address}[0]"]
    found = _Machine(
        frozenset(reference(place, attribute) for place in addresses for attribute in attributes),
        f":stateMachine:{name}" if isinstance(name, str) else None,
        address.partition("[")[0],
    )
    with root.uses.recording(False):
        yield from _events(root, found)


def _events(root: Module, found: _Machine) -> Iterator[StartEvent]:
    for place in (root, *root.children()):
        for block in place.folder.of_kind("resource", *_FINDERS):
            finder = _FINDERS[block.labels[0]]
            for instance in place.instances(block):
                yield from _conditional(instance, finder(instance, place, found))
        yield from _modules(place, found)


def _conditional(instance: Instance, events: Iterator[StartEvent]) -> Iterator[StartEvent]:
    for event in events:
        yield event if instance.is_certain else replace(event, condition="a count or for_each that is not known")


def _not_known(instance: Instance, arn: Json) -> StartEvent:
    return StartEvent(instance.address, problem=f"may start the machine; the value of its target is not known: {arn}")


def _schedule(instance: Instance, place: Module, machine: _Machine) -> Iterator[StartEvent]:
    arn = instance.value("target", "arn")
    calls = isinstance(arn, str) and START_EXECUTION.fullmatch(re.sub(r"\$\{[^}]*\}", "aws", arn)) is not None
    if calls:
        request = instance.value("target", "input")
        arn = start_execution_request(request)[0]
        if arn is None and any(map(machine.matches, re.findall(r"\$\{[^}]+\}", str(request)))):
            yield StartEvent(instance.address, problem="calls StartExecution with an input that cannot be read")
    if machine.matches(arn):
        with place.uses.recording(True):
            yield _scheduled(instance, calls)
    elif machine.may_match(arn):
        yield _not_known(instance, arn)


def _scheduled(instance: Instance, calls: bool) -> StartEvent:
    """Return the event of a schedule whose target is the machine, or a call of StartExecution for it."""
    given = instance.value("target", "input")
    if calls:
        given = start_execution_request(given)[1]
    mode = instance.value("flexible_time_window", "mode")
    minutes = instance.value("flexible_time_window", "maximum_window_in_minutes")
    return StartEvent(
        instance.address,
        instance.value("schedule_expression"),
        has_input=given is not None,
        input=given,
        state=_or(instance.value("state"), "ENABLED"),
        timezone=instance.value("schedule_expression_timezone"),
        start=instance.value("start_date"),
        end=instance.value("end_date"),
        window=_or(minutes, "some") if mode not in (None, "OFF") else None,
    )


def _or(value: Json, default: Json) -> Json:
    return default if value is None else value


def _target(instance: Instance, place: Module, machine: _Machine) -> Iterator[StartEvent]:
    """Iterate over the events of a target of a rule: its schedule, its pattern."""
    arn = instance.value("arn")
    if not machine.matches(arn):
        if machine.may_match(arn):
            yield _not_known(instance, arn)
        return
    rule = _find_rule(place, instance.value("rule"))
    if rule is None:
        problem = f"is a target of the rule {as_text(instance.value('rule'))}, which the folder does not have"
        yield StartEvent(instance.address, problem=problem)
        return
    with place.uses.recording(True):
        yield from _of_rule(rule, instance)


def _of_rule(rule: Instance, target: Instance) -> Iterator[StartEvent]:
    if "event_pattern" in rule.block.attributes and rule.value("event_pattern") is not None:
        yield StartEvent(rule.address, problem="waits for events of a pattern, and a DAG has no such event")
    if rule.value("schedule_expression") is not None:
        state = _or(rule.value("state"), _or(rule.value("is_enabled"), True))
        condition = None if rule.is_certain else "a count or for_each that is not known"
        event = StartEvent(rule.address, rule.value("schedule_expression"), state=state, condition=condition)
        yield _with_input(event, target)


def _find_rule(place: Module, rule: Json) -> Instance | None:
    for block in place.folder.of_kind("resource", "aws_cloudwatch_event_rule"):
        for instance in place.instances(block):
            names = [reference(instance.address, attribute) for attribute in ("name", "id", "arn")]
            if rule in [*names, instance.value("name")]:
                return instance
    return None


def _with_input(event: StartEvent, target: Instance) -> StartEvent:
    """Return an event with the input that a target has."""
    template = target.value("input_transformer", "input_template")
    if template is not None and constant_transformer(template):
        return replace(event, has_input=True, input=template)
    if template is not None or target.block.block("input_transformer") or target.value("input_path") is not None:
        return replace(event, input_problem="is made of EventBridge's event, which a DAG does not get")
    given = target.value("input")
    return replace(event, has_input=given is not None, input=given)


def _pipe(instance: Instance, place: Module, machine: _Machine) -> Iterator[StartEvent]:
    if machine.matches(instance.value("target")):
        yield StartEvent(instance.address, problem="is a pipe of EventBridge, and a DAG has no such event")


_FINDERS: dict[str, Callable[[Instance, Module, _Machine], Iterator[StartEvent]]] = {
    "aws_scheduler_schedule": _schedule,
    "aws_cloudwatch_event_target": _target,
    "aws_pipes_pipe": _pipe,
}
"""The finders of events, by the type of a resource."""


def _modules(place: Module, machine: _Machine) -> Iterator[StartEvent]:
    """Iterate over the modules that are not read and that may have a schedule for the machine."""
    for block in place.folder.of_kind("module"):
        if place.child(block.labels[0]) is not None:
            continue
        values = [place.context.value(entry) for name, entry in block.attributes.items() if name != "source"]
        if any(machine.matches(text) for _, text in walk_texts(values)):
            source = place.context.text(block.attributes["source"]) if "source" in block.attributes else "?"
            problem = f"({source}) gets the machine's ARN and is not read, so that a schedule in it is not seen"
            yield StartEvent(f"module.{block.labels[0]}", problem=problem)
