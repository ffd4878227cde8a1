"""Rules: mutually exclusive fields, ranges of numbers, timestamps, empty lists and the Version.

The numbers were measured with ValidateStateMachineDefinition by others and agree with
https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html and its neighbours, but for zero in IntervalSeconds
and in the machine's TimeoutSeconds, which AWS accepts although its documentation asks for positive numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sfn_provider.asl.definition_index.index import DefinitionIndex, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.lint_rules.reporting import error, join_words, warning
from sfn_provider.asl.scope import Json

MAX_SECONDS = 99_999_999
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Fields of which an object has at most one, or exactly one where ``required``."""

    type: str
    names: tuple[str, ...]
    required: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that a field accepts. ``part`` is a part of the state: ``Retry/*`` is every retrier."""

    type: str
    name: str
    minimum: float = 0
    maximum: float | None = None
    part: str = ""


EXCLUSIVE = (
    Exclusive("Wait", ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"), required=True),
    Exclusive("Task", ("TimeoutSeconds", "TimeoutSecondsPath")),
    Exclusive("Task", ("HeartbeatSeconds", "HeartbeatSecondsPath")),
    Exclusive("Fail", ("Error", "ErrorPath")),
    Exclusive("Fail", ("Cause", "CausePath")),
    Exclusive("Map", ("ItemProcessor", "Iterator"), required=True),
    Exclusive("Map", ("ItemSelector", "Parameters")),
    Exclusive("Map", ("MaxConcurrency", "MaxConcurrencyPath")),
    Exclusive("Map", ("ToleratedFailureCount", "ToleratedFailureCountPath")),
    Exclusive("Map", ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath")),
    Exclusive("Map", ("MaxItemsPerBatch", "MaxItemsPerBatchPath"), part="ItemBatcher"),
    Exclusive("Map", ("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"), part="ItemBatcher"),
    Exclusive("Map", ("MaxItems", "MaxItemsPath"), part="ItemReader/ReaderConfig"),
)

RANGES = (
    Range("Task", "TimeoutSeconds", 1, MAX_SECONDS),
    Range("Task", "HeartbeatSeconds", 1, MAX_SECONDS),
    Range("Wait", "Seconds", 0, MAX_SECONDS),
    Range("Map", "MaxConcurrency"),
    Range("Map", "ToleratedFailureCount"),
    Range("Map", "ToleratedFailurePercentage", 0, 100),
    Range("Map", "MaxItemsPerBatch", part="ItemBatcher"),
    Range("Map", "MaxInputBytesPerBatch", 0, 262_144, part="ItemBatcher"),
    Range("Map", "MaxItems", 0, 100_000_000, part="ItemReader/ReaderConfig"),
    *(
        Range(type_, name, minimum, maximum, part="Retry/*")
        for type_ in ("Task", "Parallel", "Map")
        for name, minimum, maximum in (
            ("IntervalSeconds", 0, MAX_SECONDS),
            ("MaxAttempts", 0, MAX_SECONDS),
            ("BackoffRate", 1, None),
            ("MaxDelaySeconds", 1, 31_622_400),
        )
    ),
)

NOT_EMPTY = {"Parallel": "Branches", "Choice": "Choices"}


def exclusive_fields(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Of fields with the same meaning a state has at most one, and exactly one where it is required."""
    for row in EXCLUSIVE:
        for state in definition.of_type(row.type):
            for at, fields in state.parts.get(row.part, ()):
                present = [name for name in row.names if name in fields]
                if len(present) > 1:
                    message = f"{join_words(map(repr, present))} exclude one another: keep one"
                    yield error(message, at + pointer(present[1]))
                elif row.required and not present:
                    yield error(f"a {row.type} state needs one of {join_words(map(repr, row.names), 'or')}", at)


def numbers_in_range(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Numbers are in their range."""
    for row in RANGES:
        for state in definition.of_type(row.type):
            for at, fields in state.parts.get(row.part, ()):
                yield from _out_of_range(fields.get(row.name), row, at + pointer(row.name))
    machine = Range("", "TimeoutSeconds", 0, MAX_SECONDS)
    yield from _out_of_range(definition.fields.get("TimeoutSeconds"), machine, "/TimeoutSeconds")


def _out_of_range(value: Json, row: Range, at: str) -> Iterator[Diagnostic]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    if value < row.minimum:
        yield error(f"{row.name} must be at least {row.minimum:,}, not {value:,}", at)
    elif row.maximum is not None and value > row.maximum:
        yield error(f"{row.name} must be at most {row.maximum:,}, not {value:,}", at)
    elif row.name == "MaxDelaySeconds" and value == row.maximum:
        message = f"MaxDelaySeconds is documented as less than {row.maximum:,}; one second less is the same in practice"
        yield warning("LARGEST_DELAY", message, at)
    elif row.name == "IntervalSeconds" and value == 0:
        yield warning("ZERO_INTERVAL", "IntervalSeconds is documented as positive; with 0 the retries do not wait", at)


def numbers_written_as_text(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A number field holds a number, or in a JSONata state an expression."""
    for row in RANGES:
        if row.part == "Retry/*":
            continue  # it takes no expression: the models refuse every text
        for state in definition.of_type(row.type):
            for at, fields in state.parts.get(row.part, ()):
                value = fields.get(row.name)
                if not isinstance(value, str) or (state.language == "JSONata" and is_jsonata(value)):
                    continue
                if is_placeholder(value):
                    message = (
                        f"{row.name} is a text with a placeholder, which stays a text when it is replaced; Step "
                        "Functions takes a number: write the placeholder without quotes where possible, or the number"
                    )
                    yield warning("UNRESOLVED_SUBSTITUTION", message, at + pointer(row.name))
                    continue
                hint = " or a JSONata expression in {% %}" if state.language == "JSONata" else ""
                yield error(f"expected a number{hint}, not the string {value!r}", at + pointer(row.name))


def heartbeat_within_timeout(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """HeartbeatSeconds is smaller than TimeoutSeconds."""
    for state in definition.of_type("Task"):
        heartbeat, timeout = (state.fields.get(name) for name in ("HeartbeatSeconds", "TimeoutSeconds"))
        if isinstance(heartbeat, int) and isinstance(timeout, int) and timeout <= heartbeat <= MAX_SECONDS:
            message = f"HeartbeatSeconds ({heartbeat}) must be smaller than TimeoutSeconds ({timeout})"
            yield error(message, state.at + "/HeartbeatSeconds")


def not_empty(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A Parallel has branches, a Choice has rules, and a group has states."""
    for group in definition.groups:
        if group.fields.get("States") == {}:
            yield error("there must be at least one state", group.at + "/States")
    for type_, name in NOT_EMPTY.items():
        for state in definition.of_type(type_):
            if state.fields.get(name) == []:
                yield error(f"{name} of a {type_} state cannot be empty", state.at + pointer(name))


def is_timestamp(text: str) -> bool:
    """Is this a time as ASL writes it: RFC 3339, with an upper-case T and Z or an offset?"""
    if not _TIMESTAMP.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", text))
    except ValueError:
        return False
    return True


def wait_timestamps(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Timestamp of a Wait is an RFC 3339 timestamp."""
    for state in definition.of_type("Wait"):
        value = state.fields.get("Timestamp")
        if not isinstance(value, str) or is_placeholder(value) or is_timestamp(value):
            continue
        if not (state.language == "JSONata" and is_jsonata(value)):
            message = f"{value!r} is no time; write it as 2030-01-31T12:00:00Z"
            yield error(message, state.at + "/Timestamp")


def version(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Version is 1.0, the only one."""
    value = definition.fields.get("Version")
    if isinstance(value, str) and value != "1.0":
        yield error(f"the only Version is '1.0', not {value!r}", "/Version")
