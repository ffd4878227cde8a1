"""State machines in CloudFormation and SAM templates.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
and https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.cloudformation_functions import Intrinsics, as_fields
from sfn_provider.translate.definitions.definition import Machine
from sfn_provider.translate.definitions.files import beside, read_beside
from sfn_provider.translate.definitions.schedules import find_events
from sfn_provider.translate.definitions.template_reader import Template

Json = Any


TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")


def machines_in(template: Template, file: str) -> dict[str, Callable[[], Machine]]:
    """The state machines of a template by logical id, each read when it is called for."""
    resources = template.value["Resources"]
    found = [
        name for name, resource in resources.items() if isinstance(resource, dict) and resource.get("Type") in TYPES
    ]
    return {name: _reader(template, name, file) for name in found}


def _reader(template: Template, name: str, file: str) -> Callable[[], Machine]:
    return lambda: _machine(template, name, file)


def _machine(template: Template, name: str, file: str) -> Machine:
    resource = template.value["Resources"][name]
    properties = resource.get("Properties")
    if not isinstance(properties, dict):
        raise UsageError(f"{file}#{name} has no Properties, so there is no definition")
    intrinsics = Intrinsics(file, as_fields(template.value.get("Mappings")))
    events = find_events(template.value["Resources"], name, intrinsics)
    return replace(
        _definition(template, name, properties, intrinsics),
        values=_values(properties, intrinsics),
        schedule=events.schedule,
        params=events.params,
        execution_type="EXPRESS" if _kind(properties) == "EXPRESS" else "STANDARD",
        findings=events.findings,
        defaults=_defaults(template.value.get("Parameters")),
    )


def _kind(properties: Mapping[str, Json]) -> Json:
    return properties.get("StateMachineType", properties.get("Type"))


def _definition(template: Template, name: str, properties: Mapping[str, Json], intrinsics: Intrinsics) -> Machine:
    what = f"{intrinsics.file}#{name}"
    given = [key for key in READERS if key in properties]
    if len(given) != 1:
        raise UsageError(f"{what} has {' and '.join(given) or _no_definition(properties)}")
    at = pointer("Resources", name, "Properties", given[0])
    places = {key.removeprefix(at): place for key, place in template.positions.items() if key.startswith(at)}
    made = Machine(name=name, source={}, positions=places, first_line=_line(template, at))
    return READERS[given[0]](made, properties[given[0]], intrinsics)


def _from_text(machine: Machine, value: Json, intrinsics: Intrinsics) -> Machine:
    return replace(machine, source=intrinsics.text(value, f"{machine.name}'s DefinitionString"))


def _from_object(machine: Machine, value: Json, intrinsics: Intrinsics) -> Machine:
    source = intrinsics.resolve(value)
    if not isinstance(source, dict):
        raise UsageError(f"{intrinsics.file}#{machine.name}: Definition must be an object; it gives {str(source)[:80]}")
    return replace(machine, source=source)


def _from_uri(machine: Machine, uri: Json, intrinsics: Intrinsics) -> Machine:
    what = f"{intrinsics.file}#{machine.name}"
    if not isinstance(uri, str) or uri.startswith("s3://"):
        raise UsageError(f"{what}: DefinitionUri is in S3 ({uri}); download the file and name it instead")
    text = read_beside(intrinsics.file, uri, f"the definition of {what}")
    return replace(machine, source=text, first_line=1, positions={}, file=beside(intrinsics.file, uri))


READERS: dict[str, Callable[[Machine, Json, Intrinsics], Machine]] = {
    "DefinitionString": _from_text,
    "Definition": _from_object,
    "DefinitionUri": _from_uri,
}
"""The properties that hold a definition, and how each is read."""


def _line(template: Template, at: str) -> int | None:
    """The line at which a text starts: that of its block, or that of the property for a text on one line."""
    for location in (at, f"{at}/Fn::Sub", f"{at}/Fn::Sub/0"):
        if location in template.blocks:
            return template.blocks[location]
    return None


def _no_definition(properties: Mapping[str, Json]) -> str:
    if "DefinitionS3Location" in properties:
        return "its definition in S3 (DefinitionS3Location); download the file and name it instead"
    return f"none of {', '.join(READERS)}"


def _values(properties: Mapping[str, Json], intrinsics: Intrinsics) -> dict[str, str]:
    given = as_fields(properties.get("DefinitionSubstitutions"))
    return {name: intrinsics.text(value, f"DefinitionSubstitutions' {name}") for name, value in given.items()}


def _defaults(parameters: Json) -> dict[str, str]:
    """The defaults of the template's parameters. Those of Systems Manager are names of values, not values."""
    found = {}
    for name, parameter in as_fields(parameters).items():
        given = isinstance(parameter, dict) and "Default" in parameter
        if given and not str(parameter.get("Type")).startswith("AWS::SSM::"):
            found[name] = str(parameter["Default"])
    return found
