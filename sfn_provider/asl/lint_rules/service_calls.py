"""Rules: calls of the AWS SDK exist, and parameters of calls have the fields of the action.

What Step Functions compares at creation was seen in its messages: ``The resource provided ... is not recognized`` (of
services and actions, by case), ``The field "..." is not supported by Step Functions`` (by case, in objects inside, too)
and ``The field '...' is required but was missing``. A field with a value that is only known at run time is checked at
run time, and so, as far as is known, are the types of all values.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from sfn_provider.asl.aws_actions.installed_actions import InstalledActions
from sfn_provider.asl.aws_actions.optimized_actions import has_pattern
from sfn_provider.asl.aws_actions.parameter_types import find_wrong_types
from sfn_provider.asl.aws_actions.service_actions import (
    Family,
    ServiceActions,
    service_actions,
    service_names,
    table_source,
)
from sfn_provider.asl.definition_index.index import DefinitionIndex, PlacedState, is_placeholder
from sfn_provider.asl.diagnostics import MAX_PROBLEMS, Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.lint_rules.reporting import error, warning
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.asl.suggestions import Suggestions, closest_word

_RETIRED = """
alexaforbusiness codestar elasticinference elastictranscoder evidently honeycode iot1clickprojects iotanalytics
iotevents ioteventsdata iotfleethub lookoutvision macie mobile opsworks opsworkscm panorama qldb qldbsession robomaker
sms
"""
RETIRED_SERVICES: Final = frozenset(_RETIRED.split())
"""Services that the documentation of Step Functions has listed, and that botocore no longer has."""

OWN_ENDPOINTS: Final = frozenset({"apigatewaymanagementapi"})
"""Services with an endpoint for each customer, which Step Functions does not recognize (reported)."""

SDK_NAMES: Final = {
    "elasticmapreduce": "emr",
    "emr-containers": "emrcontainers",
    "emr-serverless": "emrserverless",
    "events": "eventbridge",
    "logs": "cloudwatchlogs",
    "states": "sfn",
    "stepfunctions": "sfn",
}
"""Services of the AWS SDK by other names of theirs."""

_READERS: Final = ("getObject", "listObjectsV2")


def sdk_actions(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Services and actions of the AWS SDK exist."""
    installed, suggestions = InstalledActions(), Suggestions()
    for state in definition.of_type("Task"):
        resource = parse_resource(str(state.fields.get("Resource")))
        if resource.kind != "aws-sdk" or not has_pattern(resource):
            continue  # `resources` reports .sync
        if not is_placeholder(resource.service) and not is_placeholder(resource.action):
            at = state.at + "/Resource"
            yield from _unknown_action(str(resource.service), str(resource.action), at, installed, suggestions)


def _unknown_action(
    service: str, action: str, at: str, models: InstalledActions, suggestions: Suggestions
) -> Iterator[Diagnostic]:
    if service in RETIRED_SERVICES:
        message = f"the service {service!r} is retired: botocore, which the tasks of a DAG call with, no longer has it"
        yield warning("RETIRED_SERVICE", message, at)
        return
    if service in OWN_ENDPOINTS:
        yield error(f"the endpoint of {service} is the customer's own, so that Step Functions does not call it", at)
        return
    shipped = service_actions("aws-sdk", service)
    if shipped is not None and action in shipped.lines:
        return
    # What is newer than the table may be in a newer botocore that is installed.
    installed = models.get("aws-sdk", service)
    if installed is not None and action in installed.lines:
        return
    known = installed or shipped
    if known is None:
        hint = suggestions.did_you_mean(SDK_NAMES.get(service, service), service_names("aws-sdk"))
        yield error(f"the AWS SDK has no service {service!r}{hint}{_as_known()}", at)
    else:
        hint = "" if suggestions.are_used_up else suggestions.did_you_mean(action, known.names)
        yield error(f"the AWS SDK has no action {service}:{action}{hint}{_as_known(known)}", at)


def find_sdk_action(service: str, action: str) -> str | None:
    """Return the action of the AWS SDK that is meant by an integration: ``emr:addJobFlowSteps``; None for none.

    Args:
        service: as ``arn:aws:states:::SERVICE:...`` names it, or nearly.
        action: the action, or a word like it.
    """
    wanted = SDK_NAMES.get(service, service.replace("-", "")).casefold()
    known = service_actions("aws-sdk", wanted)
    near = closest_word(action, known.names, 0.8) if known is not None else None
    return f"{wanted}:{near}" if near else None


def _as_known(actions: ServiceActions | None = None) -> str:
    source = table_source("aws-sdk") if actions is None else actions.source
    return f" (as {source} knows it; if AWS has it by now, install a botocore that has it)"


def call_parameters(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Parameters of a call have the fields that its action requires, and no others."""
    installed = InstalledActions()
    for state in definition.of_type("Task"):
        name = parameters_field(state)
        resource = parse_resource(str(state.fields.get("Resource")))
        if has_pattern(resource):  # of others AWS says alone that it does not know them
            yield from _problems_of_call(state, resource, state.fields.get(name), f"{state.at}/{name}", installed)
    for state in definition.of_type("Map"):
        name = parameters_field(state)
        for at, reader in state.parts.get("ItemReader", ()):
            resource = parse_resource(str(reader.get("Resource")))
            if resource.service == "s3" and resource.action in _READERS:
                yield from _problems_of_call(state, resource, reader.get(name), f"{at}/{name}", installed)


def parameters_field(state: PlacedState) -> str:
    """Return the name of the field with the parameters of a state's call."""
    return "Arguments" if state.language == "JSONata" else "Parameters"


def _problems_of_call(
    state: PlacedState, resource: Resource, value: Json, at: str, models: InstalledActions
) -> Iterator[Diagnostic]:
    if resource.kind not in ("optimized", "http:invoke", "aws-sdk") or not isinstance(value, dict):
        return
    family: Family = "aws-sdk" if resource.kind == "aws-sdk" else "optimized"
    service, action = str(resource.service), str(resource.action)
    known = service_actions(family, service)
    if known is None or action not in known.lines:
        return
    found = list(islice(parameter_problems(known, action, value, at, state.language), MAX_PROBLEMS))
    if any(entry.level == "error" for entry in found):
        # A field that is newer than the table may be in a newer botocore that is installed.
        installed = models.get(family, service)
        if installed is not None and action in installed.lines:
            found = list(islice(parameter_problems(installed, action, value, at, state.language), MAX_PROBLEMS))
    yield from found


def parameter_problems(
    actions: ServiceActions, structure: str, value: Json, at: str, language: str
) -> Iterator[Diagnostic]:
    """Compare an object in parameters with the fields that it can have, and with their types.

    Args:
        actions: the actions of the service.
        structure: the action, or the number of a structure inside.
        value: the JSON value; nothing is found in one that is no object, such as a JSONata expression.
        at: its JSON pointer.
        language: the query language of the state.
    """

    def is_dynamic(field: str, entry: Json) -> bool:
        is_path = language == "JSONPath" and field.endswith(".$")
        return is_path or (is_jsonata(entry) and language == "JSONata") or is_placeholder(entry)

    yield from _field_problems(actions, structure, value, at, language, Suggestions())
    for found in find_wrong_types(actions, structure, value, is_dynamic):
        message = f"{found.field} must be {found.expected}. The state fails whenever it runs"
        yield warning("PARAMETER_TYPE", message, at + found.at)


def _field_problems(
    actions: ServiceActions, structure: str, value: Json, at: str, language: str, suggestions: Suggestions
) -> Iterator[Diagnostic]:
    if not isinstance(value, dict):
        return
    fields = actions.structure(structure)
    names = set()
    for key, entry in value.items():
        name = key.removesuffix(".$") if language == "JSONPath" else key
        names.add(name)
        inner = fields.values.get(name)
        if inner is None:
            if not is_placeholder(name):
                hint = _known_fields(name, list(fields.values), suggestions)
                yield _unsupported_field(name, hint, entry, at + pointer(key), name != key)
        elif inner and name == key:
            yield from _inner_problems(actions, inner, entry, at + pointer(key), language, suggestions)
    for name in fields.required:
        if name not in names:
            yield error(f"the field {name!r} is required but missing", at)


def _known_fields(name: str, known: list[str], suggestions: Suggestions) -> str:
    return suggestions.did_you_mean(name, known) or ("; it takes " + ", ".join(known) if len(known) < 9 else "")


def _unsupported_field(name: str, hint: str, value: Json, at: str, is_dynamic: bool) -> Diagnostic:
    message = f"Step Functions does not support the field {name!r} here{hint}"
    if is_dynamic or is_jsonata(value):
        return warning("UNSUPPORTED_FIELD", f"{message}. The state fails whenever it runs", at)
    return error(message, at)


def _inner_problems(
    actions: ServiceActions, inner: str, value: Json, at: str, language: str, suggestions: Suggestions
) -> Iterator[Diagnostic]:
    if inner.isdecimal():
        yield from _field_problems(actions, inner, value, at, language, suggestions)
    elif inner.startswith("l") and isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _inner_problems(actions, inner[1:], entry, at + pointer(index), language, suggestions)
    elif inner.startswith("m") and isinstance(value, dict):
        for key, entry in value.items():
            if not (language == "JSONPath" and key.endswith(".$")):
                yield from _inner_problems(actions, inner[1:], entry, at + pointer(key), language, suggestions)
