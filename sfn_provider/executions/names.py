"""Builds execution names that are the same in each retry of a task instance, and new after a clear."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, Final

MAX_NAME_LENGTH: Final = 80
"""Characters in an execution's name. Source: API_StartExecution, parameter ``name``."""

_HASH_LENGTH: Final = 12
# API_StartExecution allows more characters, but only these keep CloudWatch logging of the execution possible.
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z_-]+")
# Source: API_StartExecution, parameter ``name``, "A name must not contain".
_REFUSED: Final = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U0010ffff]""")


def execution_name(
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int | None = -1,
    *,
    run_start: datetime | None = None,
    max_tries: int = 0,
) -> str:
    """Build the name of the execution that a task instance starts, the same in each retry.

    The name ends in a hash of all arguments: two task instances never share a name, however the readable part before
    it is cleaned and cut. Start of the run and maximum tries tell retries from clears: a retry changes neither, a clear
    raises the maximum tries, and a run that is deleted and created again has another start.

    Args:
        dag_id: the DAG's id.
        run_id: the DAG run's id.
        task_id: the task's id, with its groups.
        map_index: the index of a mapped task instance, -1 or None for one that is not mapped.
        run_start: the DAG run's ``start_date``. Airflow resets it when a task of a finished run is cleared, never
            while tasks of the run are running or wait for a retry.
        max_tries: the task instance's ``max_tries``.

    Returns:
        At most 80 characters out of ``0-9A-Za-z_-``.
    """
    parts = [dag_id, task_id, run_id]
    if map_index is not None and map_index >= 0:
        parts.append(str(map_index))
    digest = hashlib.sha256(json.dumps([*parts, *clear_stamp(run_start, max_tries)]).encode()).hexdigest()
    readable = "-".join(_UNSAFE.sub("-", part).strip("-") for part in parts)
    return f"{readable[: MAX_NAME_LENGTH - _HASH_LENGTH - 1].rstrip('-')}-{digest[:_HASH_LENGTH]}"


def clear_stamp(run_start: datetime | None, max_tries: int) -> list[Any]:
    """Return what differs after a clear and is the same in each retry, as JSON values; arguments as above."""
    return [run_start.astimezone(UTC).isoformat() if run_start is not None else "", max_tries]


def name_for_task_instance(context: Any) -> str:
    """Build the name of the execution that the task instance of a context starts."""
    ti = context["ti"]
    return execution_name(
        ti.dag_id,
        ti.run_id,
        ti.task_id,
        ti.map_index,
        run_start=context["dag_run"].start_date,
        max_tries=ti.max_tries,
    )


def permitted_name(name: str) -> str:
    """Make a name that AWS permits of one that may contain a run's id: ``nightly-{{ run_id }}``.

    Args:
        name: any text that is not empty.

    Returns:
        The name with a hyphen in place of each character that AWS refuses, such as the colons of a run's id; one of
        more than 80 characters is cut, and made unique by a hash.
    """
    permitted = _REFUSED.sub("-", name)
    return permitted if len(permitted) <= MAX_NAME_LENGTH else _cut(permitted, name)


def numbered_name(name: str, number: int) -> str:
    """Build the name of the execution that follows ``number - 1`` failed ones: ``nightly``, ``nightly-2``, ...

    Args:
        name: the first execution's name, 1 to 80 characters.
        number: 1 for the first execution, which has the name itself.

    Returns:
        At most 80 characters; a name without room for the number is cut, and made unique by a hash.
    """
    if number == 1:
        return name
    suffix = f"-{number}"
    if len(name) + len(suffix) <= MAX_NAME_LENGTH:
        return name + suffix
    return _cut(name, name, suffix)


def _cut(text: str, identity: str, suffix: str = "") -> str:
    """Cut a name to 80 characters that end in the hash of what identifies it, and a suffix."""
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{text[: MAX_NAME_LENGTH - len(suffix) - _HASH_LENGTH - 1]}-{digest}{suffix}"
