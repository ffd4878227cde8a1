"""Rules: the errors that Retry and Catch name exist and can reach their entry."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sfn_provider.asl.definition_index.index import (
    DefinitionIndex,
    Fields,
    PlacedState,
    is_placeholder,
    objects,
)
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.lint_rules.reporting import error, warning
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.suggestions import Suggestions

RESERVED_ERRORS = (
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ReferencePathConflict",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation

Executions also report States.ReferencePathConflict, for a ResultPath that cannot be written."""

_NEVER_MATCHED = "States.Runtime"
_STATUS_CODES = "States.Http.StatusCode."
_FIELDS = ("Retry", "Catch")
_TIMEOUTS = ("States.Timeout", "States.HeartbeatTimeout")
_NOT_TASK_FAILED = ("States.ALL", "States.DataLimitExceeded")
"""Names that match more than States.TaskFailed does, beside timeouts."""

_REPORTED_AS_RUNTIME = ("States.IntrinsicFailure", "States.NoChoiceMatched", "States.ParameterPathFailure")
_OF_OTHER_TYPES = {
    "States.BranchFailed": "Parallel",
    "States.ExceedToleratedFailureThreshold": "Map",
    "States.ItemReaderFailed": "Map",
    "States.ResultWriterFailed": "Map",
}


def retriers_and_catchers(definition: DefinitionIndex) -> Iterator[tuple[PlacedState, str, int, Fields, bool]]:
    """Yield retriers and catchers: the state, the field, the index, the entry, and whether it is the last."""
    for state in definition.of_type("Task", "Parallel", "Map"):
        for name in _FIELDS:
            items = state.fields.get(name)
            for index, entry in objects(state.fields, name):
                yield state, name, index, entry, isinstance(items, list) and index == len(items) - 1


def error_names(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """ErrorEquals names errors; States.ALL is alone in it, in the last entry."""
    for state, field, index, entry, last in retriers_and_catchers(definition):
        names = entry.get("ErrorEquals")
        at = state.at + pointer(field, index, "ErrorEquals")
        if names == []:
            yield error("ErrorEquals cannot be empty: name an error, or States.ALL for any", at)
        elif isinstance(names, list) and "States.ALL" in names and len(names) > 1:
            yield error("States.ALL must stand alone in ErrorEquals: it matches the others too", at)
        elif names == ["States.ALL"] and not last:
            yield error(f"the entry with States.ALL must be the last of {field}: nothing gets past it", at)


def unmatched_errors(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Every error name can match an error."""
    suggestions = Suggestions()
    for state, field, index, entry, _ in retriers_and_catchers(definition):
        names = entry.get("ErrorEquals")
        for position, name in enumerate(names if isinstance(names, list) else []):
            if isinstance(name, str) and (
                message := _never_matches(name, field, suggestions) or _never_raised(name, state)
            ):
                yield warning("UNMATCHED_ERROR", message, state.at + pointer(field, index, "ErrorEquals", position))


def _never_matches(name: str, field: str, suggestions: Suggestions) -> str:
    if name == _NEVER_MATCHED:
        # Recorded: an execution with States.Runtime fails at once, regardless of Retry and Catch.
        return f"{name} is never matched by {field}: it ends the execution; avoid what causes it"
    if name.startswith("States.") and name not in RESERVED_ERRORS and not name.startswith(_STATUS_CODES):
        return f"there is no error {name!r}{suggestions.did_you_mean(name, RESERVED_ERRORS)}"
    return ""


def _never_raised(name: str, state: PlacedState) -> str:
    """Say why the state never fails with an error of Step Functions; a worker may name its errors as it likes."""
    resource = state.fields.get("Resource")
    if state.type != "Task" or not isinstance(resource, str) or is_placeholder(resource):
        return ""
    parsed = parse_resource(resource)
    if parsed.kind == "activity" or parsed.pattern == "waitForTaskToken":
        return ""
    if name in _REPORTED_AS_RUNTIME:
        # Recorded: the documentation has these errors, and executions end with States.Runtime in their place.
        return f"{name} is never matched by Retry or Catch: an execution reports it as {_NEVER_MATCHED}, which ends it"
    if name in _OF_OTHER_TYPES:
        return f"a Task never fails with {name}, which is an error of a {_OF_OTHER_TYPES[name]} state"
    return ""


def repeated_errors(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Every entry matches an error that no earlier entry of the same field matches."""
    seen: dict[tuple[str, str], set[str]] = {}
    for state, field, index, entry, _ in retriers_and_catchers(definition):
        names = entry.get("ErrorEquals")
        earlier = seen.setdefault((state.at, field), set())
        written = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        if written and all(_is_taken(name, earlier) for name in written):
            message = f"earlier entries of {field} match the same errors, so this one is never used"
            yield warning("UNREACHABLE_ENTRY", message, state.at + pointer(field, index))
        earlier.update(written)


def _is_taken(name: str, earlier: Collection[str]) -> bool:
    """Return whether names of earlier entries match whatever a name matches."""
    if name in earlier:
        return True
    if name in _TIMEOUTS:
        return name == "States.HeartbeatTimeout" and "States.Timeout" in earlier
    return "States.TaskFailed" in earlier and name not in _NOT_TASK_FAILED
