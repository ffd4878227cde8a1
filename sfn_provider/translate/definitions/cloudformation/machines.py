"""Finds state machines in CloudFormation and SAM templates, with their values and schedules.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
and https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.document import SourceMap
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.cloudformation.events import TemplateValues, find_events
from sfn_provider.translate.definitions.cloudformation.functions import Intrinsics, as_fields
from sfn_provider.translate.definitions.cloudformation.template_reader import Template
from sfn_provider.translate.definitions.files import read_sibling, sibling_path
from sfn_provider.translate.definitions.loader import StateMachineResource
from sfn_provider.translate.definitions.schedules import choose_schedule

Json = Any


TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")


def find_state_machines(
    template: Template, file: str, substitutions: Mapping[str, str], aliases: tuple[str, ...] = ()
) -> dict[str, Callable[[], StateMachineResource]]:
    """Find the state machines of a template: functions that read them, by logical id.

    Args:
        template: the template.
        file: its path, for errors and for files beside it.
        substitutions: the user's values, for parameters of schedules.
        aliases: other logical ids by which the template refers to its machine.
    """
    resources = template.value["Resources"]
    names = [
        name for name, resource in resources.items() if isinstance(resource, dict) and resource.get("Type") in TYPES
    ]
    return {name: partial(_read_resource, template, name, file, substitutions, aliases) for name in names}


def _read_resource(
    template: Template, name: str, file: str, substitutions: Mapping[str, str], aliases: tuple[str, ...]
) -> StateMachineResource:
    resource = template.value["Resources"][name]
    properties = resource.get("Properties")
    if not isinstance(properties, dict):
        raise UsageError(f"{file}#{name} has no Properties, so there is no definition")
    intrinsics = Intrinsics(file, as_fields(template.value.get("Mappings")))
    defaults = _defaults(template.value.get("Parameters"))
    values = TemplateValues(intrinsics, defaults, substitutions)
    return replace(
        _read_definition(template, name, properties, intrinsics),
        values=_values(properties, intrinsics),
        events=choose_schedule(find_events(template.value["Resources"], (name, *aliases), values)),
        execution_type="EXPRESS" if _kind(properties) == "EXPRESS" else "STANDARD",
        defaults=defaults,
        used=frozenset(values.used),
        defaulted=frozenset(values.defaulted),
    )


def _kind(properties: Mapping[str, Json]) -> Json:
    return properties.get("StateMachineType", properties.get("Type"))


def _read_definition(
    template: Template, name: str, properties: Mapping[str, Json], intrinsics: Intrinsics
) -> StateMachineResource:
    what = f"{intrinsics.file}#{name}"
    keys = [key for key in READERS if key in properties]
    if len(keys) != 1:
        raise UsageError(f"{what} has {' and '.join(keys) or _no_definition(properties)}")
    at = pointer("Resources", name, "Properties", keys[0])
    positions = {key.removeprefix(at): found for key, found in template.positions.items() if key.startswith(at)}
    resource = StateMachineResource(name, {}, source_map=SourceMap(_first_line(template, at), positions))
    return READERS[keys[0]](resource, properties[keys[0]], intrinsics)


def _from_text(resource: StateMachineResource, value: Json, intrinsics: Intrinsics) -> StateMachineResource:
    return replace(resource, source=intrinsics.text(value, f"{resource.name}'s DefinitionString"))


def _from_object(resource: StateMachineResource, value: Json, intrinsics: Intrinsics) -> StateMachineResource:
    source = intrinsics.resolve(value)
    if not isinstance(source, dict):
        what = f"{intrinsics.file}#{resource.name}"
        raise UsageError(f"{what}: Definition must be an object; it gives {str(source)[:80]}")
    return replace(resource, source=source)


def _from_uri(resource: StateMachineResource, uri: Json, intrinsics: Intrinsics) -> StateMachineResource:
    what = f"{intrinsics.file}#{resource.name}"
    if not isinstance(uri, str) or uri.startswith("s3://"):
        raise UsageError(f"{what}: DefinitionUri is in S3 ({uri}); download the file and name it instead")
    text = read_sibling(intrinsics.file, uri, f"the definition of {what}")
    return replace(resource, source=text, source_map=SourceMap(first_line=1), file=sibling_path(intrinsics.file, uri))


READERS: dict[str, Callable[[StateMachineResource, Json, Intrinsics], StateMachineResource]] = {
    "DefinitionString": _from_text,
    "Definition": _from_object,
    "DefinitionUri": _from_uri,
}
"""The readers of a definition, by the property that holds it."""


def _first_line(template: Template, at: str) -> int | None:
    """Return the first line of a definition in a block of text; None for a text on one line."""
    for location in (at, f"{at}/Fn::Sub", f"{at}/Fn::Sub/0"):
        if location in template.blocks:
            return template.blocks[location]
    return None


def _no_definition(properties: Mapping[str, Json]) -> str:
    if "DefinitionS3Location" in properties:
        return "its definition in S3 (DefinitionS3Location); download the file and name it instead"
    return f"none of {', '.join(READERS)}"


def _values(properties: Mapping[str, Json], intrinsics: Intrinsics) -> dict[str, str]:
    values = as_fields(properties.get("DefinitionSubstitutions"))
    return {name: intrinsics.text(value, f"DefinitionSubstitutions' {name}") for name, value in values.items()}


def _defaults(parameters: Json) -> dict[str, str]:
    """Return the defaults of the template's parameters. Those of Systems Manager are names of values, not values."""
    return {
        name: str(parameter["Default"])
        for name, parameter in as_fields(parameters).items()
        if isinstance(parameter, dict)
        and "Default" in parameter
        and not str(parameter.get("Type")).startswith("AWS::SSM::")
    }
