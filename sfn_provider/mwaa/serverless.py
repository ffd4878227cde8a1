"""Which translated DAGs can run on Amazon MWAA Serverless, and why others cannot.

It runs workflows in YAML: tasks of operators by their class paths, own ones from a code package, on Airflow 3 and
Python 3.12. There is no triggerer, no mapping, no task group, no web server of one's own.
Sources: https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/supported-airflow-parameters.html,
https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/custom-code-operators.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.resources import parse_resource
from sfn_provider.translate.plan.model import DagPlan, GroupPlan, Json, tasks_of, walk

TARGET = "mwaa-serverless"


def find_unsupported(plan: DagPlan) -> tuple[Diagnostic, ...]:
    """Tell why a DAG cannot run there (``error``), and what is different there (``warning``)."""
    return (*_groups(plan), *_answers_from_outside(plan), *_arguments_of_the_dag(plan))


def _groups(plan: DagPlan) -> Iterator[Diagnostic]:
    for node in walk(plan.tasks):
        if isinstance(node, GroupPlan):
            code, what, instead = (
                ("MAPPED_TASKS", "maps tasks over its items", "run the items in a state machine and start that")
                if node.mapped
                else ("TASK_GROUP", "is a task group", "put its branches one after the other, or into a state machine")
            )
            told = f"state {node.states[0]!r} {what}, which MWAA Serverless does not have; {instead}"
            yield Diagnostic("error", code, told, pointer("States", node.states[0]))


def _answers_from_outside(plan: DagPlan) -> Iterator[Diagnostic]:
    for task in tasks_of(plan.tasks):
        for text in _texts(task.arguments):
            resource = parse_resource(text)
            if resource.kind == "activity" or resource.pattern == "waitForTaskToken":
                told = (
                    f"state {task.states[0]!r} waits for an answer from outside ({text}), which Airflow's web server "
                    "takes; MWAA Serverless has none"
                )
                yield Diagnostic("error", "TASK_TOKEN", told, pointer("States", task.states[0]))


def _arguments_of_the_dag(plan: DagPlan) -> Iterator[Diagnostic]:
    if plan.schedule is not None and (plan.schedule.cron is None or plan.schedule.cron.startswith("@")):
        told = f"MWAA Serverless takes no other schedules than cron, not {plan.schedule.source!r}; give --schedule"
        yield Diagnostic("error", "SCHEDULE", told)
    if plan.timeout is not None:
        told = "MWAA Serverless ignores a DAG's dagrun_timeout: TimeoutSeconds of the machine has no effect"
        yield Diagnostic("warning", "TIMEOUT_IGNORED", told, "/TimeoutSeconds")


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts(entry)
    elif hasattr(value, "values"):
        for entry in value.values():
            yield from _texts(entry)
