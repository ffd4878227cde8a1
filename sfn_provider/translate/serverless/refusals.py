"""Finds what stops a machine from running on MWAA Serverless, with the state and the limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.model import StateMachine, Task
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.translate.serverless.limits import MAX_DEFINITION_BYTES
from sfn_provider.translate.serverless.workflow import Workflow, find_evaluated_key


def find_task_tokens(machine: StateMachine) -> Iterator[Diagnostic]:
    """Iterate over refusals of the states that wait for workers outside."""
    for location, names, state in walk_states(machine):
        resource = parse_resource(state.resource) if isinstance(state, Task) else None
        if resource is not None and (resource.kind == "activity" or resource.pattern == "waitForTaskToken"):
            message = (
                f"state {names[-1]!r} waits for an answer from outside ({resource.text}), which Airflow's web server "
                "takes; MWAA Serverless has none. Let the worker write its answer where a task can poll for it, or "
                "leave this part in a state machine and start that"
            )
            yield Diagnostic("error", "TASK_TOKEN", message, location)


def find_params(params: Mapping[str, Any] | None) -> Iterator[Diagnostic]:
    """Iterate over refusals of the default input."""
    key = find_evaluated_key(params or {})
    if key is not None:
        message = (
            f"the input has the key {key!r}, which the service's loader would evaluate as code; leave it out, and give "
            "it to each run"
        )
        yield Diagnostic("error", "EVALUATED_KEY", message)


def find_size(workflow: Workflow, text: str) -> Iterator[Diagnostic]:
    """Iterate over refusals of a workflow whose YAML is too large."""
    size = len(text.encode())
    if size <= MAX_DEFINITION_BYTES:
        return
    largest = sorted(workflow.tasks, key=lambda task: -_size(task.arguments))[:3]
    names = ", ".join(f"{task.task_id} ({_size(task.arguments):,})" for task in largest)
    message = (
        f"the workflow's YAML has {size:,} bytes, and MWAA Serverless takes {MAX_DEFINITION_BYTES:,} at most. The "
        f"largest tasks are {names}: put them into a state machine of their own, and start that"
    )
    yield Diagnostic("error", "DEFINITION_SIZE", message, pointer("States"))


def _size(arguments: Mapping[str, Any]) -> int:
    return sum(len(str(getattr(value, "text", value))) for value in arguments.values())
