"""Defines a workflow of MWAA Serverless, and writes it as YAML for dag-factory.

dag-factory replaces ``$NAME`` in the whole text by environment variables before it parses it, and evaluates some keys
at any depth: no text of a definition may get there as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from sfn_provider.asl.json_walk import walk_json
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
class Moment:
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


def emit_workflow(workflow: Workflow) -> str:
    """Return the text of a workflow's YAML; the same workflow gives the same text.

    Raises:
        ValueError: a key stands in it that dag-factory would evaluate: whoever made the workflow has not checked.
    """
    _check_keys(dict(workflow.settings))
    tasks = {task.task_id: _task(task) for task in workflow.tasks}
    content = {workflow.name: {**workflow.settings, "tasks": tasks}}
    text = yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=1_000_000, default_flow_style=False
    )
    head = "".join(f"# {line}\n" for line in workflow.comment)
    return (head + text).replace("$", "\\x24")


def find_evaluated_key(value: Json) -> str | None:
    """Return a key in a value that dag-factory would evaluate; None where there is none."""
    return next((name for _, name, _ in walk_json(value) if name in EVALUATED_KEYS), None)


def _check_keys(value: Json) -> None:
    key = find_evaluated_key(value)
    if key is not None:
        raise ValueError(f"the key {key!r} would be evaluated")


def _task(task: WorkflowTask) -> dict[str, Any]:
    _check_keys(dict(task.arguments))
    rule = {} if task.trigger_rule is None else {"trigger_rule": task.trigger_rule}
    dependencies = {"dependencies": list(task.upstream)} if task.upstream else {}
    return {"operator": task.operator, **task.arguments, **rule, **dependencies}


class _Dumper(yaml.SafeDumper):
    """Writes what the loader reads back unchanged."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values twice rather than as anchors: whether the service takes those is not known."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of lists."""
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Write a text; one with ``$`` in double quotes, where it can be escaped."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "$" in text else None)


def _block(dumper: yaml.SafeDumper, block: Block) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", block.text, style="|")


def _duration(dumper: yaml.SafeDumper, duration: Duration) -> yaml.MappingNode:
    seconds = int(duration.seconds) if duration.seconds == int(duration.seconds) else duration.seconds
    return dumper.represent_dict({"__type__": "datetime.timedelta", "seconds": seconds})


def _moment(dumper: yaml.SafeDumper, moment: Moment) -> yaml.MappingNode:
    parts = {"year": moment.year, "month": moment.month, "day": moment.day}
    return dumper.represent_dict({"__type__": "datetime.datetime", **parts})


_Dumper.add_representer(str, _string)
_Dumper.add_representer(Block, _block)
_Dumper.add_representer(Duration, _duration)
_Dumper.add_representer(Moment, _moment)
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)
