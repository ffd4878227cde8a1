"""Lists all lint rules in order, and runs them on a definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from sfn_provider.asl.definition_index.index import DefinitionIndex, Fields, index_definition
from sfn_provider.asl.diagnostics import Diagnostic, first_problems, split_pointer
from sfn_provider.asl.lint_rules.choices import (
    choices_without_default,
    conditions,
    pattern_backslashes,
    rule_operands,
    rule_tests,
)
from sfn_provider.asl.lint_rules.constant_expressions import constant_expressions
from sfn_provider.asl.lint_rules.context_paths import context_paths
from sfn_provider.asl.lint_rules.expression_syntax import jsonata_syntax, jsonata_text, paths_and_calls, static_text
from sfn_provider.asl.lint_rules.fields import (
    exclusive_fields,
    heartbeat_within_timeout,
    not_empty,
    numbers_in_range,
    numbers_written_as_text,
    version,
    wait_timestamps,
)
from sfn_provider.asl.lint_rules.http_tasks import http_connections
from sfn_provider.asl.lint_rules.item_readers import item_readers
from sfn_provider.asl.lint_rules.languages import fields_of_other_language, query_languages
from sfn_provider.asl.lint_rules.loops import loops_without_wait
from sfn_provider.asl.lint_rules.maps import batches, distributed_only, items, processor_configs, readers_and_writers
from sfn_provider.asl.lint_rules.missing_data import impossible_paths
from sfn_provider.asl.lint_rules.names import labels, state_names
from sfn_provider.asl.lint_rules.resources import (
    credentials,
    express,
    express_waits,
    missing_parameters,
    resources,
    task_tokens,
)
from sfn_provider.asl.lint_rules.retries import error_names, repeated_errors, unmatched_errors
from sfn_provider.asl.lint_rules.service_calls import call_parameters, sdk_actions
from sfn_provider.asl.lint_rules.transitions import (
    choice_rule_targets,
    missing_end,
    missing_targets,
    next_or_end,
    unreachable_states,
)
from sfn_provider.asl.lint_rules.unknown_fields import null_fields, type_problems, unknown_fields
from sfn_provider.asl.lint_rules.variables import shadowed_variables, undefined_variables, variable_names
from sfn_provider.asl.scope import Json

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType, StateMachine

Rule = Callable[[DefinitionIndex], Iterator[Diagnostic]]

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
    item_readers,
    batches,
    items,
    resources,
    sdk_actions,
    missing_parameters,
    call_parameters,
    http_connections,
    credentials,
    express,
    paths_and_calls,
    jsonata_syntax,
    variable_names,
    shadowed_variables,
    # Rules with warnings only.
    undefined_variables,
    static_text,
    jsonata_text,
    constant_expressions,
    task_tokens,
    express_waits,
    pattern_backslashes,
    impossible_paths,
    context_paths,
    unmatched_errors,
    repeated_errors,
    distributed_only,
    choices_without_default,
    loops_without_wait,
)


def check(value: Fields, execution_type: ExecutionType) -> tuple[StateMachine | None, list[Diagnostic]]:
    """Build the model of a definition and run all rules.

    Args:
        value: the definition's JSON object, of any shape.
        execution_type: STANDARD or EXPRESS.

    Returns:
        The model, None if the shape is wrong; and the diagnostics without lines and columns.
    """
    machine, problems = _validate(value)
    found = first_problems(problems)
    definition = index_definition(value, execution_type)
    for rule in RULES:
        found += first_problems(rule(definition))
    return machine, found


def _validate(value: Fields) -> tuple[StateMachine | None, list[Diagnostic]]:
    from pydantic import ValidationError

    from sfn_provider.asl.model import StateMachine

    try:
        return StateMachine.model_validate(value), []
    except ValidationError as problem:
        return None, type_problems(problem, value)


def sort_diagnostics(diagnostics: Iterable[Diagnostic], value: Json) -> list[Diagnostic]:
    """Sort diagnostics by their positions in a JSON value, without duplicates."""
    order = _document_order(value)
    return sorted(dict.fromkeys(diagnostics), key=lambda diagnostic: order(diagnostic.location))


def _document_order(value: Json) -> Callable[[str], tuple[int, ...]]:
    """Return a sort key for JSON pointers: the position of each part in its object or list."""
    ranks: dict[int, dict[str, int]] = {}

    def key(location: str) -> tuple[int, ...]:
        here, positions = value, []
        for name in split_pointer(location):
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
