"""Defines the quotas of Step Functions that change what an execution does, and checks payload sizes.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError, UsageError

MAX_PAYLOAD_BYTES: Final = 262_144
"""Largest input or output of a state or task, as UTF-8 JSON."""

MAX_EVENTS: Final = 25_000
"""Most events in the history of a standard execution."""

HISTORY_FULL_ERROR: Final = StatesError(
    "States.Runtime", f"The execution reached the maximum number of history events ({MAX_EVENTS})."
)
"""How an execution ends whose event number 25,000 is not its success.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html; the words are AWS's.
"""

INLINE_CONCURRENCY: Final = 40
"""Iterations of an inline Map that run at once where MaxConcurrency is 0."""

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


class OversizedOutput(StatesError):
    """The output of a state, or the input of a child execution, is too large."""


def oversized_output(state_name: str, value: Json) -> OversizedOutput | None:
    """Return the error for an output that is too large, as AWS words it (recorded executions); else None.

    Args:
        state_name: the state's name.
        value: its output.
    """
    return oversize_error(state_name) if exceeds_payload(value) else None


def oversize_error(state_name: str) -> OversizedOutput:
    """Return the error for an output that is too large, as AWS words it (recorded executions)."""
    return OversizedOutput("States.DataLimitExceeded", _oversize_cause(state_name))


def oversized_result(resource: str | None, value: Json) -> StatesError | None:
    """Return the error for a task's result that is too large, as AWS words it (recorded executions); else None.

    Args:
        resource: the type of the task's resource, ``lambda``, or its ARN.
        value: the result.
    """
    return StatesError("States.DataLimitExceeded", _oversize_cause(str(resource))) if exceeds_payload(value) else None


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
    """Return True if the value is larger than a state's input or output may be.

    A value is serialized only where bounds on its size do not decide; so one that names the same large text many times
    is refused at once.
    """
    least, most = _size_bounds(value)
    if least > MAX_PAYLOAD_BYTES or most <= MAX_PAYLOAD_BYTES:
        return least > MAX_PAYLOAD_BYTES
    text = to_json(value)
    return len(text) > MAX_PAYLOAD_BYTES or (len(text) * 4 > MAX_PAYLOAD_BYTES and utf8_bytes(text) > MAX_PAYLOAD_BYTES)


_BYTES_OF_AN_ATOM: Final = 25
"""The most bytes that a number of 64 bits takes, or null or a boolean."""

_ATOMS: Final = frozenset({int, float, bool, type(None)})


def _size_bounds(value: Json) -> tuple[int, int]:
    """Return how many bytes the value has as JSON: at least, and at most; at least too many where it is too large."""
    least, more, pending = 0, 0, [value]
    while pending:
        part = pending.pop()
        kind = part.__class__
        if kind is dict:
            least += 1 + 2 * len(part)
            more += 1
            pending += part
            pending += part.values()
        elif kind is list:
            least += 2
            more += len(part)
            pending += part
        elif kind is str:
            # A character takes at most two bytes with a backslash before it, or six as \u0000 does.
            least += 2 + len(part)
            more += (1 if part.isascii() and part.isprintable() else 5) * len(part)
        elif kind in _ATOMS and (kind is not int or -(2**63) <= part < 2**63):
            least += 1
            more += _BYTES_OF_AN_ATOM
        else:
            return 0, MAX_PAYLOAD_BYTES + 1
        if least > MAX_PAYLOAD_BYTES:
            return least, least
    return least, least + more
