"""Finds Tasks that are known to fail: calls that botocore does not have, resources without a value.

`sfn_provider.asl.lint` compares calls of the AWS SDK with a table of actions and fields; the installed botocore's
models have the fields of the objects inside, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from sfn_provider.asl.aws_actions.installed_actions import InstalledActions
from sfn_provider.asl.definition_index.index import PlacedState, index_definition
from sfn_provider.asl.diagnostics import MAX_PROBLEMS, Diagnostic
from sfn_provider.asl.lint_rules.reporting import join_some
from sfn_provider.asl.lint_rules.service_calls import RETIRED_SERVICES, parameter_problems, parameters_field
from sfn_provider.asl.placeholders import fill_partition, placeholder_names, strip_partition
from sfn_provider.asl.resources import Resource, parse_resource

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document


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
        found += [_without_value(state, text) for state, text in tasks if placeholder_names(strip_partition(text))]
    calls = [(state, parse_resource(fill_partition(text))) for state, text in tasks]
    calls = [(state, resource) for state, resource in calls if "${" not in resource.text]
    sdk_calls = [(state, resource) for state, resource in calls if resource.kind == "aws-sdk"]
    found += islice(_unknown_calls(sdk_calls), MAX_PROBLEMS)
    from sfn_provider.asl.lint_rules.rules import sort_diagnostics

    known = {(entry.location, entry.message) for entry in document.diagnostics}
    errors = {entry.location for entry in document.diagnostics if entry.level == "error"}
    found = [
        entry
        for entry in found
        if (entry.location, entry.message) not in known and not (entry.level == "warning" and entry.location in errors)
    ]
    return [document.with_position(entry) for entry in sort_diagnostics(found, document.value)]


def _without_value(state: PlacedState, resource: str) -> Diagnostic:
    message = f"{resource} has no value, and the task fails without: give it, for example --substitutions NAME=VALUE"
    return Diagnostic("warning", "RESOURCE_WITHOUT_VALUE", message, f"{state.at}/Resource")


def _unknown_calls(calls: list[tuple[PlacedState, Resource]]) -> Iterator[Diagnostic]:
    """Find calls of the AWS SDK that the installed botocore does not have, and fields that they do not take."""
    if not calls:
        return
    import botocore

    models = InstalledActions()
    for state, resource in calls:
        service, action = str(resource.service), str(resource.action)
        if resource.pattern.startswith("sync") or service in RETIRED_SERVICES:
            continue  # reported by rules of the language
        actions = models.get("aws-sdk", service)
        if service in models.left_out:
            continue
        if actions is None or action not in actions.lines:
            version = botocore.__version__
            message = f"botocore {version}, with which tasks call, has no {service}:{action}: install a newer one"
            yield Diagnostic("warning", "UNSUPPORTED_INTEGRATION", message, f"{state.at}/Resource")
            continue
        name = parameters_field(state)
        yield from parameter_problems(actions, action, state.fields.get(name), f"{state.at}/{name}", state.language)
    if models.left_out:
        message = (
            f"the calls of {join_some(models.left_out)} are not compared with botocore {botocore.__version__}: the "
            "definition calls more services than it takes a second to read; check a part of it"
        )
        yield Diagnostic("warning", "CALLS_NOT_COMPARED", message, "/States")
