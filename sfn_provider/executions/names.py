"""Builds execution names that are the same in every try of a task instance."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

MAX_NAME_LENGTH: Final = 80
"""Characters in an execution's name. Source: API_StartExecution, parameter ``name``."""

_HASH_LENGTH: Final = 12
# API_StartExecution allows more characters, but only these keep CloudWatch logging of the execution possible.
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z_-]+")


def execution_name(dag_id: str, run_id: str, task_id: str, map_index: int | None = -1) -> str:
    """Build the name of the execution that a task instance starts, the same in every try.

    The name ends in a hash of the four ids: two task instances never share a name, however the readable part before
    it is cleaned and cut.

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


def name_for_task_instance(ti: Any) -> str:
    """Build the name of the execution that a task instance (``context["ti"]``) starts."""
    return execution_name(ti.dag_id, ti.run_id, ti.task_id, ti.map_index)


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
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    room = MAX_NAME_LENGTH - len(suffix) - len(digest) - 1
    return f"{name[:room]}-{digest}{suffix}"
