"""Finds Tasks that are known to fail: calls that no service has, resources without a value.

Step Functions refuses most of them at creation; `sfn_provider.asl.lint` cannot know them without boto3's models.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.lint_rules.definition_walk import PlacedState, index_definition
from sfn_provider.asl.lint_rules.reporting import did_you_mean
from sfn_provider.asl.placeholders import PLACEHOLDER, fill_partition, strip_partition
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document

Json = Any


def find_known_failures(document: Document, *, is_template: bool = False) -> list[Diagnostic]:
    """Find the Tasks of a definition that are known to fail.

    Args:
        document: the definition.
        is_template: it stands in a template, whose deployment gives a value to each ``${Name}``.

    Returns:
        Errors for what Step Functions refuses, warnings for the rest, with their places in the file.
    """
    if not isinstance(document.value, dict):
        return []
    definition = index_definition(document.value, document.execution_type)
    tasks = [(state, str(state.fields.get("Resource"))) for state in definition.of_type("Task")]
    found = []
    if not is_template:
        found += [_without_value(state, text) for state, text in tasks if PLACEHOLDER.search(strip_partition(text))]
    calls = [(state, parse_resource(fill_partition(text))) for state, text in tasks]
    calls = [(state, resource) for state, resource in calls if "${" not in resource.text]
    found += _unknown_calls([(state, resource) for state, resource in calls if resource.kind == "aws-sdk"])
    from sfn_provider.asl.lint_rules.rules import sort_diagnostics

    known = {entry.location for entry in document.diagnostics if entry.level == "error"}
    found = [entry for entry in found if entry.location not in known]
    return [document.with_position(entry) for entry in sort_diagnostics(found, document.value)]


def _without_value(state: PlacedState, resource: str) -> Diagnostic:
    message = f"{resource} has no value, and the task fails without: give it, for example --substitutions NAME=VALUE"
    return Diagnostic("warning", "RESOURCE_WITHOUT_VALUE", message, f"{state.at}/Resource")


def _unknown_calls(calls: list[tuple[PlacedState, Resource]]) -> Iterator[Diagnostic]:
    """Find calls of the AWS SDK that boto3 does not know, and parameters that they do not take."""
    if not calls:
        return
    import botocore

    from sfn_provider.integrations.clients import Clients
    from sfn_provider.integrations.resolver import find_integration
    from sfn_provider.integrations.value_shapes import SDK_STYLE

    clients = Clients(None)
    for state, resource in calls:
        if resource.pattern.startswith("sync"):
            continue  # a rule of the language: no call of the AWS SDK waits for a job
        try:
            integration = find_integration(resource, clients)
        except StatesError as error:
            cause = str(error.cause).removesuffix(".")
            message = f"{cause} (as botocore {botocore.__version__} knows it)"
            yield Diagnostic("error", "UNSUPPORTED_INTEGRATION", message, f"{state.at}/Resource")
            continue
        name = "Arguments" if state.language == "JSONata" else "Parameters"
        shape = clients.model(integration.client).operation_model(integration.operation).input_shape
        for at, problem in _field_problems(shape, state.fields.get(name, {}), f"{state.at}/{name}", SDK_STYLE.field):
            yield Diagnostic("error", "SCHEMA_VALIDATION_FAILED", f"{integration.operation}: {problem}", at)


def _field_problems(shape: Any, value: Json, at: str, spell: Any) -> Iterator[tuple[str, str]]:
    """Compare the names of fields with those of a shape, as far as they stand in the definition."""
    if not isinstance(value, dict):
        return
    members = {} if shape is None else {spell(member): member for member in shape.members}
    folded = {name.casefold(): member for name, member in members.items()}
    folded |= {member.casefold(): member for member in members.values()}
    given = {name.removesuffix(".$").casefold() for name in value}
    for name, entry in value.items():
        member = folded.get(name.removesuffix(".$").casefold())
        if member is None:
            yield f"{at}/{name}", _unknown_field(name, members)
        elif not name.endswith(".$"):
            yield from _inner_problems(shape.members[member], entry, f"{at}/{name}", spell)
    for member in shape.required_members if shape is not None else ():
        if not {spell(member).casefold(), member.casefold()} & given:
            yield at, f"the field {spell(member)!r} is required but missing"


def _unknown_field(name: str, members: dict[str, str]) -> str:
    return f"there is no field {name!r}{did_you_mean(name, members)}"


def _inner_problems(shape: Any, value: Json, at: str, spell: Any) -> Iterator[tuple[str, str]]:
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        yield from _field_problems(shape, value, at, spell)
    elif shape.type_name == "list" and isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _inner_problems(shape.member, entry, f"{at}/{index}", spell)
