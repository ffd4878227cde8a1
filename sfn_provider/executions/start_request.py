"""What StartExecution is sent: the execution's name, its input as text, and the ARNs around it.

Pure functions over plain values; nothing here calls AWS or imports boto3.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

from sfn_provider.exceptions import UsageError

MAX_NAME_LENGTH: Final = 80
"""Characters in an execution's name. Source: API_StartExecution, parameter ``name``."""

MAX_INPUT_BYTES: Final = 262_144
"""UTF-8 bytes in an input or an output. Source: Step Functions quotas, "Maximum input or output size"."""

KILLED_ERROR: Final = "Airflow.TaskKilled"
KILLED_CAUSE: Final = "The Airflow task that waited for this execution was killed, cleared, marked or timed out."
"""What an execution shows that was stopped together with its task."""

_HASH_LENGTH: Final = 12
# API_StartExecution allows more characters, but only these keep CloudWatch logging of the execution possible.
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z_-]+")
# A child of a Map Run has a slash behind the machine's name.
_EXPRESS: Final = re.compile(r":express:[^:/]+:")
_REGION: Final = re.compile(r"arn:[\w-]+:states:([\w-]+):")
_TRUE_WORDS: Final = frozenset({"true", "1", "yes", "y", "on", "t"})
_FALSE_WORDS: Final = frozenset({"false", "0", "no", "n", "off", "f", "none", ""})


def execution_name(dag_id: str, run_id: str, task_id: str, map_index: int | None = -1) -> str:
    """Name the execution that one task instance starts, the same in every try.

    The name ends in a hash of the four ids, so that two task instances never share one, whatever cleaning and cutting
    do to the readable part before it.

    Args:
        dag_id: the DAG's id.
        run_id: the DAG run's id.
        task_id: the task's id, with its groups.
        map_index: the index of a mapped task instance, -1 or None for one that is not mapped.

    Returns:
        At most 80 characters out of ``0-9A-Za-z_-``.
    """
    parts = [dag_id, task_id, run_id]
    if map_index is not None and map_index >= 0:
        parts.append(str(map_index))
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_HASH_LENGTH]
    readable = "-".join(_UNSAFE.sub("-", part).strip("-") for part in parts)
    return f"{readable[: MAX_NAME_LENGTH - _HASH_LENGTH - 1].rstrip('-')}-{digest}"


def numbered_name(name: str, number: int) -> str:
    """Name the execution after ``number - 1`` failed ones: ``nightly``, ``nightly-2``, ``nightly-3``.

    Args:
        name: the first execution's name, 1 to 80 characters.
        number: 1 for the first execution, which keeps its name.

    Returns:
        At most 80 characters; a name without room for the number is cut and told apart by a hash.
    """
    if number == 1:
        return name
    suffix = f"-{number}"
    if len(name) + len(suffix) <= MAX_NAME_LENGTH:
        return name + suffix
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    room = MAX_NAME_LENGTH - len(suffix) - len(digest) - 1
    return f"{name[:room]}-{digest}{suffix}"


def encode_input(value: Any) -> str | None:
    """Write the execution's input as JSON text, as ``encode_json`` does.

    Returns:
        The text, or None for None: AWS then takes ``{}``.
    """
    return None if value is None else encode_json(value, "state_machine_input")


def encode_json(value: Any, field: str) -> str:
    """Write a value as the JSON text that Step Functions is sent.

    Args:
        value: any JSON value. Mappings and sequences of any kind count as objects and arrays, ``datetime``, ``date``
            and ``time`` become ISO 8601 text, ``Decimal`` a number. A ``str`` is taken as JSON text and sent as it is.
        field: the argument's name, for the error.

    Raises:
        UsageError: the value is no JSON, or its text has more than 262,144 UTF-8 bytes.
    """
    text = _checked_text(value, field) if isinstance(value, str) else _dump(value, field)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_INPUT_BYTES:
        raise UsageError(
            f"{field}: {size:,} bytes as JSON, and Step Functions takes at most {MAX_INPUT_BYTES:,}; "
            "put the data into S3 and pass its place"
        )
    return text


def _checked_text(text: str, field: str) -> str:
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{field}: a text that is no JSON ({error}): {text[:80]!r}; "
            "pass a dict or a list, or json.dumps(...) of a plain string; in a template, | tojson"
        ) from error
    return text


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _dump(value: Any, field: str) -> str:
    try:
        return json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{field}: cannot be written as JSON: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, date | time):  # datetime is a date
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview | set | frozenset):
        return list(value)  # a lazy XCom sequence, for one
    raise TypeError(f"{type(value).__name__} is no JSON type: {str(value)[:80]}")


def as_bool(value: Any, field: str) -> bool:
    """Read a boolean that may come out of a template as text.

    Args:
        value: a bool, None (false), an int, or one of the words true/false, yes/no, on/off, 1/0 in any case.
        field: the argument's name, for the error.

    Raises:
        UsageError: a text that is none of these words.
    """
    if not isinstance(value, str):
        return bool(value)
    word = value.strip().lower()
    if word in _TRUE_WORDS or word in _FALSE_WORDS:
        return word in _TRUE_WORDS
    raise UsageError(f"{field}: {value!r} is neither true nor false; write 'true' or 'false'")


def execution_arn(state_machine_arn: str, name: str) -> str:
    """Build the ARN of a Standard execution.

    Args:
        state_machine_arn: ARN of a state machine, with or without a version or an alias behind its name, which is no
            part of an execution's ARN.
        name: the execution's name.

    Raises:
        UsageError: ``state_machine_arn`` is not the ARN of a state machine.
    """
    head, separator, tail = state_machine_arn.partition(":stateMachine:")
    machine = tail.split(":")[0]
    if not separator or not machine:
        raise UsageError(
            f"state_machine_arn: {state_machine_arn!r} is not the ARN of a state machine; "
            "it reads arn:aws:states:REGION:ACCOUNT:stateMachine:NAME"
        )
    return f"{head}:execution:{machine}:{name}"


def region_of(arn: Any) -> str | None:
    """Read the region out of an ARN of Step Functions; None for anything else, a template or an XCom to be for one."""
    found = _REGION.match(arn) if isinstance(arn, str) else None
    return found[1] if found else None


def refuse_express(arn: str) -> None:
    """Refuse an Express execution where its state matters.

    Args:
        arn: an execution's ARN.

    Raises:
        UsageError: the execution is an Express one, and no child of a Map Run. DescribeExecution does not know these.
            Source: API_DescribeExecution, "not supported by EXPRESS state machines unless they were dispatched by a
            Map Run".
    """
    if _EXPRESS.search(arn):
        raise UsageError(
            f"{arn}: AWS keeps no state of an Express execution, so that it cannot be waited on, described, stopped or "
            "redriven; start it with StepFunctionStartSyncExecutionOperator, which waits for up to five minutes, or "
            "with wait_for_completion=False, and look at its logs in CloudWatch"
        )
