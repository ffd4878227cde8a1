"""Defines a workflow of MWAA Serverless: its tasks, its settings, and the forms of their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sfn_provider.asl.json_values.json_walk import walk_json
from sfn_provider.translate.serverless.limits import EVALUATED_KEYS

Json = Any

Way = Literal["operators", "code"]
"""How a workflow runs a machine: by amazon operators alone, or by this package's operator from a code package."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration as an argument of a task.

    Args:
        seconds: how long.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class DateArgument:
    """A date as an argument of a workflow, in UTC.

    Args:
        year: its year.
        month: its month.
        day: its day.
    """

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Block:
    """A text that is written in lines of its own: printable ASCII without ``$``, no line of which ends in a blank."""

    text: str


@dataclass(frozen=True, slots=True)
class WorkflowTask:
    """A task.

    Args:
        task_id: its id.
        operator: the dotted path of its class.
        arguments: its arguments: JSON values, in which `Duration` and `Block` may stand.
        upstream: the ids of the tasks before it.
        trigger_rule: None for Airflow's default.
    """

    task_id: str
    operator: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    upstream: tuple[str, ...] = ()
    trigger_rule: str | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow.

    Args:
        name: its name, the DAG's id.
        way: how it runs the machine.
        tasks: its tasks, each behind those before it.
        settings: the arguments of the DAG: ``schedule``, ``start_date``, ``params`` and others.
        comment: lines at the top of the file, without ``#``.
    """

    name: str
    way: Way
    tasks: tuple[WorkflowTask, ...]
    settings: Mapping[str, Any]
    comment: tuple[str, ...] = ()


def find_evaluated_key(value: Json) -> str | None:
    """Return a key in a value that dag-factory would evaluate; None where there is none."""
    return next((name for _, name, _ in walk_json(value) if name in EVALUATED_KEYS), None)
