"""Finds state machines in files of the Serverless Framework.

The plugin serverless-step-functions has them. Each becomes a resource as in a SAM template, and is read like one.

Source: https://www.serverless.com/plugins/serverless-step-functions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.cloudformation import machines as cloudformation
from sfn_provider.translate.definitions.cloudformation.template_reader import Template, read_template
from sfn_provider.translate.definitions.loader import StateMachineResource
from sfn_provider.translate.definitions.serverless_framework.variables import ServerlessVariables

Json = Any

_INSTEAD = (
    "run 'serverless package' and name .serverless/cloudformation-template-update-stack.json, which has all values"
)


def find_state_machines(
    text: str, file: str, substitutions: Mapping[str, str]
) -> dict[str, Callable[[], StateMachineResource]]:
    """Find the state machines of a file: functions that read them, by their names in the file.

    Args:
        text: the text of the file.
        file: its path, for errors and for files beside it.
        substitutions: the user's values, by the text of a variable such as ``opt:stage``.

    Raises:
        UsageError: it cannot be read, or depends on what only the framework knows.
    """
    if not file.endswith((".yml", ".yaml", ".json")):
        raise UsageError(f"{file} is a program, which is not run: {_INSTEAD}")
    source = read_template(text, file)
    if not isinstance(source.value, dict):
        raise UsageError(f"{file}: a file of the Serverless Framework is an object with service and provider")
    variables = ServerlessVariables(file, source.value, substitutions)
    names = [*_machines(variables), *_resources(variables)]
    return {name: partial(_read, source, file, name, substitutions) for name in names}


def _machines(variables: ServerlessVariables) -> dict[str, Json]:
    """Return the machines of the plugin by their names; their values are not resolved."""
    functions = variables.resolve_outer(variables.root.get("stepFunctions"))
    machines = variables.resolve_outer(functions.get("stateMachines")) if isinstance(functions, dict) else functions
    return _merged(variables, machines, "stepFunctions.stateMachines")


def _resources(variables: ServerlessVariables) -> dict[str, Json]:
    """Return the state machines among the file's own resources of CloudFormation."""
    resources = _all_resources(variables)
    return {
        name: entry
        for name, entry in resources.items()
        if isinstance(entry, dict) and entry.get("Type") in cloudformation.TYPES
    }


def _all_resources(variables: ServerlessVariables) -> dict[str, Json]:
    given = variables.resolve_outer(variables.root.get("resources"))
    parts = given if isinstance(given, list) else [given]
    found: dict[str, Json] = {}
    for part in map(variables.resolve_outer, parts):
        if isinstance(part, dict):
            found |= _merged(variables, part.get("Resources"), "resources.Resources")
    return found


def _merged(variables: ServerlessVariables, value: Json, what: str) -> dict[str, Json]:
    """Return an object, or the objects of a list as one."""
    value = variables.resolve_outer(value)
    if value is None:
        return {}
    parts = [variables.resolve_outer(part) for part in value] if isinstance(value, list) else [value]
    merged: dict[str, Json] = {}
    for part in parts:
        if not isinstance(part, dict):
            raise UsageError(f"{variables.file}: {what} depends on {str(part)[:80]}, which is not known: {_INSTEAD}")
        merged |= part
    return merged


def _read(source: Template, file: str, name: str, substitutions: Mapping[str, str]) -> StateMachineResource:
    """Read a machine, with all variables resolved for it alone."""
    variables = ServerlessVariables(file, source.value, substitutions)
    machines = _machines(variables)
    resources = variables.resolve(_all_resources(variables))
    aliases: tuple[str, ...] = ()
    positions: dict[str, tuple[int, int]] = {}
    if name in machines:
        machine = variables.resolve(machines[name])
        resources[name] = _as_resource(machine, f"{file}#{name}")
        aliases = tuple(_logical_ids(machine, name))
        positions = _positions(source, name)
    template = Template({"Resources": resources}, positions)
    found = cloudformation.find_state_machines(template, file, substitutions, aliases)[name]()
    return replace(found, used=found.used | variables.used)


def _as_resource(machine: Json, what: str) -> dict[str, Json]:
    """Return a machine of the plugin as a resource of SAM."""
    definition = machine.get("definition") if isinstance(machine, dict) else None
    if definition is None:
        raise UsageError(f"{what} has no definition")
    if isinstance(definition, str) and re.fullmatch(r"\$\{[^}]*\}", definition.strip()):
        raise UsageError(f"{what}: its definition is {definition.strip()}, which is not known: {_INSTEAD}")
    properties: dict[str, Json] = {
        "DefinitionString" if isinstance(definition, str) else "Definition": definition,
        "Type": machine.get("type", "STANDARD"),
        "Events": dict(_events(machine.get("events"))),
    }
    if "name" in machine:
        properties["Name"] = machine["name"]
    return {"Type": "AWS::Serverless::StateMachine", "Properties": properties}


def _events(events: Json) -> Iterator[tuple[str, Json]]:
    """Iterate over the events of a machine as those of SAM."""
    entries = events if isinstance(events, list) else [] if events is None else [events]
    for number, event in enumerate(entries, 1):
        for kind, settings in event.items() if isinstance(event, dict) else [(str(event), {})]:
            name = settings.get("name", f"{kind} {number}") if isinstance(settings, dict) else f"{kind} {number}"
            if kind != "schedule":
                yield str(name), {"Type": kind}
                continue
            given = settings if isinstance(settings, dict) else {"rate": settings}
            rates = given.get("rate")
            for place, rate in enumerate(rates if isinstance(rates, list) else [rates]):
                yield f"{name}" + (f" ({place + 1})" if place else ""), _schedule(rate, given)


def _schedule(rate: Json, settings: Mapping[str, Json]) -> dict[str, Json]:
    transformer = settings.get("inputTransformer")
    properties = {
        "ScheduleExpression": rate,
        "ScheduleExpressionTimezone": settings.get("timezone"),
        "State": settings.get("enabled", True),
        "Input": settings.get("input"),
        "InputPath": settings.get("inputPath"),
        "InputTransformer": _transformer(transformer) if transformer is not None else None,
    }
    return {"Type": "ScheduleV2", "Properties": {key: value for key, value in properties.items() if value is not None}}


def _transformer(settings: Json) -> Json:
    return {"InputTemplate": settings.get("inputTemplate")} if isinstance(settings, dict) else {}


def _logical_ids(machine: Mapping[str, Json], name: str) -> Iterator[str]:
    """Iterate over the logical ids that the plugin may give a machine."""
    yield f"{name[:1].upper()}{name[1:]}StepFunctionsStateMachine".replace("-", "Dash").replace("_", "Underscore")
    if isinstance(machine.get("id"), str):
        yield machine["id"]


def _positions(source: Template, name: str) -> dict[str, tuple[int, int]]:
    """Return the positions of a machine's definition, if it stands in the file itself."""
    old = pointer("stepFunctions", "stateMachines", name)
    new = pointer("Resources", name, "Properties", "Definition")
    found = {
        new + key.removeprefix(f"{old}/definition"): place
        for key, place in source.positions.items()
        if key.startswith(f"{old}/definition")
    }
    if new not in found and old in source.positions:
        found[new] = source.positions[old]
    return found
