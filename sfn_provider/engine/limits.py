"""Defines the quotas of Step Functions that change what an execution does, and checks payload sizes.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError, UsageError

MAX_PAYLOAD_BYTES: Final = 262_144
"""Largest input or output of a state or task, as UTF-8 JSON."""

MAX_EVENTS: Final = 25_000
"""Most events in the history of a standard execution."""


def history_full_error(limit: float) -> StatesError:
    """Return how an execution ends whose event number ``limit`` is not its success.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html; the words are AWS's.
    """
    cause = f"The execution reached the maximum number of history events ({limit:.0f})."
    return StatesError("States.Runtime", cause)


HISTORY_FULL_ERROR: Final = history_full_error(MAX_EVENTS)
"""How an execution ends that reaches AWS's quota of events."""

UNKNOWN_BYTES: Final = MAX_PAYLOAD_BYTES + 1
"""The size of a value that nobody has estimated yet."""

INLINE_CONCURRENCY: Final = 40
"""Iterations of an inline Map that run at once where MaxConcurrency is 0."""

CHILDREN_PER_TASK: Final = 40
"""Child executions of a distributed Map in one task of a DAG, unless that makes more tasks than Airflow maps: as many
calls one task makes at once."""

EXPRESS_SECONDS: Final = 300
"""How long an Express execution may take."""

STANDARD_SECONDS: Final = 31_536_000
"""How long a standard execution may take: one year."""

MAX_SECONDS: Final = 99_999_999
"""The largest number that a field for seconds takes.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html and state-task.html
"""

CHILD_CONCURRENCY: Final = 10_000
"""Child executions of a distributed Map that run at once where MaxConcurrency is 0."""


to_json: Final[Callable[[Json], str]] = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""Serializes a value as Step Functions does: no blanks, no escapes for non-ASCII text."""


def utf8_bytes(text: str) -> int:
    """Return the size of a text in UTF-8; half a surrogate pair counts as the question mark that Java makes of it."""
    return len(text.encode(errors="replace"))


DATA_LIMIT_ERROR: Final = "States.DataLimitExceeded"


class OversizedOutput(StatesError):
    """What a state makes is too large: its output, its parameters, its variables, the input of a child execution.

    ``States.ALL`` does not match it. Source: concepts-error-handling.html, "States.DataLimitExceeded".
    """


def restored_error(error: str | None, cause: str | None, *, is_oversized: bool) -> StatesError:
    """Return an error that another task has stored by its parts.

    Args:
        error: the error's name.
        cause: the cause beside it.
        is_oversized: True where it was an OversizedOutput.
    """
    return OversizedOutput(error, cause) if is_oversized else StatesError(error, cause)


def oversized_output(state_name: str, value: Json) -> OversizedOutput | None:
    """Return the error for an output that is too large, as AWS words it (recorded executions); else None.

    Args:
        state_name: the state's name.
        value: its output.
    """
    return oversize_error(state_name) if exceeds_payload(value) else None


def oversize_error(state_name: str) -> OversizedOutput:
    """Return the error for an output that is too large, as AWS words it (recorded executions)."""
    return OversizedOutput(DATA_LIMIT_ERROR, _oversize_cause(state_name))


def oversized_parameters(state_name: str, value: Json) -> OversizedOutput | None:
    """Return the error for parameters that are too large, as AWS words it (reported from executions); else None.

    Args:
        state_name: the state's name.
        value: what Parameters, Arguments or ItemSelector made.
    """
    if not exceeds_payload(value):
        return None
    limit = "a size exceeding the maximum number of bytes service limit"
    return OversizedOutput(DATA_LIMIT_ERROR, f"The state/task '{state_name}' provided parameters with {limit}.")


def oversized_result(resource: str | None, value: Json) -> StatesError | None:
    """Return the error for a task's result that is too large, as AWS words it (recorded executions); else None.

    Args:
        resource: the type of the task's resource, ``lambda``, or its ARN.
        value: the result.
    """
    return StatesError(DATA_LIMIT_ERROR, _oversize_cause(str(resource))) if exceeds_payload(value) else None


def _oversize_cause(name: str) -> str:
    return f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."


def check_execution_input(value: Json) -> None:
    """Refuse an execution's input that StartExecution refuses.

    Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

    Raises:
        UsageError: if it has more than 262,144 bytes.
    """
    if exceeds_payload(value):
        raise UsageError(
            f"the execution's input has {utf8_bytes(to_json(value)):,} bytes as JSON, and Step Functions takes at most "
            f"{MAX_PAYLOAD_BYTES:,}: no execution starts; put the data into S3 and pass its place"
        )


def exceeds_payload(value: Json) -> bool:
    """Return True if the value is larger than a state's input or output may be."""
    return most_bytes(value) > MAX_PAYLOAD_BYTES


def most_bytes(value: Json) -> int:
    """Return how many bytes a value has as JSON, at most; more than a payload may have only where that is so.

    A value is serialized only where bounds on its size do not decide: most are far below the limit, and one that names
    the same large text many times is far above.
    """
    least, most = _size_bounds(value)
    if least > MAX_PAYLOAD_BYTES or most <= MAX_PAYLOAD_BYTES:
        return most
    return utf8_bytes(to_json(value))


def most_bytes_after(value: Json, previous: Json, previous_bytes: int) -> int:
    """Return the same as `most_bytes` of a value that may share parts with another one, without visiting these.

    Args:
        value: the value, such as a document into which a result was written.
        previous: the other one, such as the document before.
        previous_bytes: how many bytes the other one has at most.
    """
    if previous_bytes <= MAX_PAYLOAD_BYTES:
        most = previous_bytes + _bytes_added(value, previous, levels=3)
        if most <= MAX_PAYLOAD_BYTES:
            return most
    return most_bytes(value)


def _bytes_added(value: Json, previous: Json, levels: int) -> int:
    """Return how many bytes a value has more than another one, at most; compare objects down to a number of levels."""
    if value is previous:
        return 0
    if levels == 0 or value.__class__ is not dict or previous.__class__ is not dict:
        return _size_bounds(value)[1]
    added = 0
    for key, member in value.items():
        if key not in previous:
            added += _size_bounds({key: member})[1]
        elif member is not previous[key]:
            added += _bytes_added(member, previous[key], levels - 1)
    return added


_BYTES_OF_A_CHARACTER: Final = 6
r"""The most bytes that a character of a text takes, as ``\u0000`` does."""

_BYTES_OF_A_MEMBER: Final = 32
"""The most bytes that a number of 64 bits takes, or null or a boolean, and comma, colon, quotes and brackets."""

_ATOMS: Final = frozenset({int, float, bool, type(None)})


def _size_bounds(value: Json) -> tuple[int, int]:
    """Return how many bytes a value has as JSON, at least and at most."""
    members = characters = 0
    containers: list[Any] = [[value]]
    for parts in containers:  # which grows meanwhile
        members += len(parts)
        if parts.__class__ is dict:
            try:
                characters += len("".join(parts))
            except TypeError:  # a key that is no text: Python's JSON has such, in a mock
                return 0, UNKNOWN_BYTES
            parts = parts.values()
        for part in parts:
            kind = part.__class__
            if kind is str:
                characters += len(part)
            elif kind is dict or kind is list:
                containers.append(part)
            elif kind not in _ATOMS or (kind is int and not -(2**63) <= part < 2**63):
                return 0, UNKNOWN_BYTES
        if members + characters > MAX_PAYLOAD_BYTES:
            break
    return members + characters, _BYTES_OF_A_MEMBER * members + _BYTES_OF_A_CHARACTER * characters
