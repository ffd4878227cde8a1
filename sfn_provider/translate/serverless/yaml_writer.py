"""Writes a workflow as the YAML that dag-factory reads.

dag-factory replaces ``$NAME`` in the whole text by environment variables before it parses it, and evaluates some keys
at any depth: no text of a definition may get there as it is.
"""

from __future__ import annotations

from typing import Any

import yaml

from sfn_provider.translate.serverless.workflow import (
    Block,
    DateArgument,
    Duration,
    Workflow,
    WorkflowTask,
    find_evaluated_key,
)

Json = Any


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


def _moment(dumper: yaml.SafeDumper, moment: DateArgument) -> yaml.MappingNode:
    parts = {"year": moment.year, "month": moment.month, "day": moment.day}
    return dumper.represent_dict({"__type__": "datetime.datetime", **parts})


_Dumper.add_representer(str, _string)
_Dumper.add_representer(Block, _block)
_Dumper.add_representer(Duration, _duration)
_Dumper.add_representer(DateArgument, _moment)
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)
