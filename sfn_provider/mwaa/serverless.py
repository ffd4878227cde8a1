"""Finds what a translated DAG uses that Amazon MWAA Serverless does not support.

It runs workflows in YAML: tasks of operators by their class paths, own ones from a code package, on Airflow 3 and
Python 3.12. There is no triggerer, no mapping, no task group, no web server of one's own.
Sources: https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/supported-airflow-parameters.html,
https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/custom-code-operators.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_walk import walk_texts
from sfn_provider.asl.resources import parse_resource
from sfn_provider.translate.plan.model import DagPlan, GroupPlan, tasks_of, walk

TARGET = "mwaa-serverless"


def find_unsupported(plan: DagPlan) -> tuple[Diagnostic, ...]:
    """Return what stops a DAG from running there (``error``), and what differs there (``warning``)."""
    return (*_groups(plan), *_task_tokens(plan), *_dag_arguments(plan))


def _groups(plan: DagPlan) -> Iterator[Diagnostic]:
    for node in walk(plan.tasks):
        if isinstance(node, GroupPlan):
            code, what, instead = (
                ("MAPPED_TASKS", "maps tasks over its items", "run the items in a state machine and start that")
                if node.mapped
                else ("TASK_GROUP", "is a task group", "put its branches one after the other, or into a state machine")
            )
            message = f"state {node.states[0]!r} {what}, which MWAA Serverless does not have; {instead}"
            yield Diagnostic("error", code, message, pointer("States", node.states[0]))


def _task_tokens(plan: DagPlan) -> Iterator[Diagnostic]:
    for task in tasks_of(plan.tasks):
        for _, text in walk_texts(dict(task.arguments)):
            resource = parse_resource(text)
            if resource.kind == "activity" or resource.pattern == "waitForTaskToken":
                message = (
                    f"state {task.states[0]!r} waits for an answer from outside ({text}), which Airflow's web server "
                    "takes; MWAA Serverless has none"
                )
                yield Diagnostic("error", "TASK_TOKEN", message, pointer("States", task.states[0]))


def _dag_arguments(plan: DagPlan) -> Iterator[Diagnostic]:
    if plan.schedule is not None and (plan.schedule.cron is None or plan.schedule.cron.startswith("@")):
        message = f"MWAA Serverless takes no other schedules than cron, not {plan.schedule.source!r}; give --schedule"
        yield Diagnostic("error", "SCHEDULE", message)
    elif plan.schedule is not None and plan.schedule.has_timetable:
        message = (
            "MWAA Serverless takes no timetable, which a time zone, a start or an end needs; give --schedule in UTC"
        )
        yield Diagnostic("error", "SCHEDULE", message)
    if plan.timeout is not None:
        message = "MWAA Serverless ignores a DAG's dagrun_timeout: TimeoutSeconds of the machine has no effect"
        yield Diagnostic("warning", "TIMEOUT_IGNORED", message, "/TimeoutSeconds")
