"""All rules in the order they run, and how a definition goes through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.lint.choices import choices_without_default, conditions, rule_operands, rule_tests
from sfn_provider.asl.lint.definition_walk import Definition, ExecutionType, Fields, open_definition
from sfn_provider.asl.lint.expression_syntax import jsonata_syntax, jsonata_text, paths_and_calls, static_text
from sfn_provider.asl.lint.fields import (
    exclusive_fields,
    heartbeat_within_timeout,
    not_empty,
    numbers_in_range,
    numbers_written_as_text,
    version,
    wait_timestamps,
)
from sfn_provider.asl.lint.languages import fields_of_other_language, query_languages
from sfn_provider.asl.lint.loops import loops_without_wait
from sfn_provider.asl.lint.maps import distributed_only, processor_configs, readers_and_writers
from sfn_provider.asl.lint.missing_data import impossible_paths
from sfn_provider.asl.lint.names import labels, state_names
from sfn_provider.asl.lint.resources import credentials, express, required_parameters, resources
from sfn_provider.asl.lint.retries import error_names, repeated_errors, unmatched_errors
from sfn_provider.asl.lint.transitions import (
    choice_rule_targets,
    missing_end,
    missing_targets,
    next_or_end,
    unreachable_states,
)
from sfn_provider.asl.lint.unknown_fields import null_fields, type_problems, unknown_fields
from sfn_provider.asl.lint.variables import shadowed_variables, undefined_variables, variable_names
from sfn_provider.asl.scope import Json
from sfn_provider.asl.source import Document, load

if TYPE_CHECKING:
    from sfn_provider.asl.model import StateMachine

Rule = Callable[[Definition], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    unknown_fields,
    null_fields,
    not_empty,
    version,
    state_names,
    labels,
    query_languages,
    fields_of_other_language,
    missing_targets,
    unreachable_states,
    missing_end,
    next_or_end,
    choice_rule_targets,
    exclusive_fields,
    numbers_in_range,
    numbers_written_as_text,
    heartbeat_within_timeout,
    wait_timestamps,
    rule_tests,
    rule_operands,
    conditions,
    error_names,
    processor_configs,
    readers_and_writers,
    resources,
    required_parameters,
    credentials,
    express,
    paths_and_calls,
    jsonata_syntax,
    variable_names,
    shadowed_variables,
    # From here on warnings alone.
    undefined_variables,
    static_text,
    jsonata_text,
    impossible_paths,
    unmatched_errors,
    repeated_errors,
    distributed_only,
    choices_without_default,
    loops_without_wait,
)


def check(source: str | dict[str, Any], execution_type: ExecutionType) -> tuple[StateMachine | None, list[Diagnostic]]:
    """Check a definition and build its model.

    Returns:
        The model, None where the shape is wrong; and every problem, as `lint` returns them.
    """
    document = load(source)
    if not isinstance(document.value, dict):
        return None, list(document.diagnostics)
    machine, found = _shape(document.value)
    definition = open_definition(document.value, execution_type)
    found += [diagnostic for rule in RULES for diagnostic in rule(definition)]
    return machine, _in_order([*document.diagnostics, *found], document)


def _shape(value: Fields) -> tuple[StateMachine | None, list[Diagnostic]]:
    from pydantic import ValidationError

    from sfn_provider.asl.model import StateMachine

    try:
        return StateMachine.model_validate(value), []
    except ValidationError as problem:
        return None, type_problems(problem, value)


def _in_order(found: list[Diagnostic], document: Document) -> list[Diagnostic]:
    """Sort by the order of the definition, drop what is said twice, and add lines and columns."""
    if not found:
        return []
    order = _document_order(document.value)
    ranked = sorted(dict.fromkeys(found), key=lambda diagnostic: order(diagnostic.location))
    return [_with_line(diagnostic, document) for diagnostic in ranked]


def _with_line(diagnostic: Diagnostic, document: Document) -> Diagnostic:
    place = None if diagnostic.line is not None else document.locate(diagnostic.location)
    return diagnostic if place is None else replace(diagnostic, line=place[0], column=place[1])


def _document_order(value: Json) -> Callable[[str], tuple[int, ...]]:
    """Make a sort key for JSON pointers: the position of each part in its object or list."""
    ranks: dict[int, dict[str, int]] = {}

    def key(location: str) -> tuple[int, ...]:
        here, positions = value, []
        for part in location.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(here, dict) and name in here:
                ranking = ranks.setdefault(id(here), {})
                if not ranking:
                    ranking.update((member, index) for index, member in enumerate(here))
                positions.append(ranking[name])
                here = here[name]
            elif isinstance(here, list) and name.isdigit() and int(name) < len(here):
                positions.append(int(name))
                here = here[int(name)]
            else:
                break
        return tuple(positions)

    return key
