"""Compares a run of a workflow on MWAA Serverless with an execution on Step Functions, task by task.

Both call the services, whose answers may differ. So what tasks ran, which failed, how both ended, and the members of
outputs count; the values of members do not. What the service says of a run as a whole is believed only as far as its
tasks agree: it may say SUCCESS where one has failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.diff.json_diff import find_differences
from sfn_provider.compare.diff.state_visits import StateVisit, read_state_visits
from sfn_provider.compare.replay.aws_executions import fetch_execution, start_and_wait
from sfn_provider.compare.serverless.service_runs import ServiceRun, ServiceTask, start_run, wait_for_run
from sfn_provider.engine.execution import Execution
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count
from sfn_provider.translate import Translation
from sfn_provider.translate.serverless.workflow import Workflow

_TOKEN, _ERROR = "token", "error"
"""The keys of XComs of a task with own code: of one that has run states, and of one that has failed."""


@dataclass(frozen=True, slots=True)
class TaskComparison:
    """A task of the workflow, and what Step Functions did of its states.

    Args:
        task_id: the task.
        states: the states that it runs.
        entered: those of them that Step Functions has entered.
        status: the task's status on the service; ``NONE`` where the run has no such task.
        differences: where it differs, in sentences.
        notes: what differs as any two executions do, or could not be compared.
    """

    task_id: str
    states: tuple[str, ...]
    entered: tuple[str, ...]
    status: str
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceComparison:
    """A run of a workflow and an execution, on the same input.

    Args:
        execution: the execution on Step Functions.
        run: the workflow's run.
        succeeded: whether the run has succeeded, by its tasks.
        tasks: the workflow's tasks.
        outcome: where the outcomes differ, in sentences.
        notes: what else there is to know.
    """

    execution: Execution
    run: ServiceRun
    succeeded: bool
    tasks: tuple[TaskComparison, ...]
    outcome: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether both did the same."""
        return not self.outcome and not any(task.differences for task in self.tasks)

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        if self.agrees:
            return f"MWAA Serverless did what Step Functions did, in {count(len(self.tasks), 'task')}."
        differing = count(sum(bool(task.differences) for task in self.tasks), "task differs", "tasks differ")
        return f"MWAA Serverless did something else than Step Functions: {differing}."


def compare_on_service(
    translation: Translation,
    input: Json,
    *,
    workflow_arn: str,
    state_machine_arn: str,
    wait_seconds: float = 3600.0,
    sleep: Callable[[float], None] = time.sleep,
) -> ServiceComparison:
    """Run a state machine on Step Functions and its workflow on MWAA Serverless, both for real, and compare.

    Args:
        translation: the workflow that was created, as it was translated.
        input: the execution's input, an object.
        workflow_arn: the workflow.
        state_machine_arn: the standard state machine.
        wait_seconds: how long to wait for each of the two.
        sleep: waits some seconds.

    Raises:
        UsageError: one of the two cannot be started or read, or takes longer; the input is no object; the run has
            other tasks than the translation.
    """
    if not isinstance(input, dict):
        raise UsageError("a run of MWAA Serverless takes parameters: give an input that is a JSON object")
    run_id = start_run(workflow_arn, input)
    execution_arn = start_and_wait(state_machine_arn, input, wait_seconds, sleep)
    run = wait_for_run(workflow_arn, run_id, wait_seconds, sleep)
    return compare_service_run(translation, fetch_execution(execution_arn).recording().execution, run)


def compare_service_run(translation: Translation, execution: Execution, run: ServiceRun) -> ServiceComparison:
    """Compare a run of a workflow with an execution.

    Args:
        translation: the workflow.
        execution: the execution, with its history.
        run: the run, which has ended.

    Raises:
        ValueError: the translation is no workflow.
        UsageError: the run has other tasks than the translation.
    """
    workflow = translation.workflow
    if workflow is None:
        raise ValueError(f"{translation.plan.dag_id} was not translated for MWAA Serverless")
    found = {task.task_id: task for task in run.tasks}
    _check_tasks(workflow, run)
    visits: dict[str, list[StateVisit]] = {}
    for visit in read_state_visits(execution.events):
        visits.setdefault(visit.state, []).append(visit)
    has_xcoms = any(task.xcoms for task in run.tasks)
    rows = [
        _compare_task(task_id, states, visits, found.get(task_id), workflow.way == "code", has_xcoms)
        for task_id, states in _states_by_task(workflow, translation).items()
    ]
    entered = {row.task_id: row.entered for row in rows}
    unhandled = [
        task
        for task in run.failed
        if workflow.way == "code"
        or not _is_caught([visit for state in entered[task.task_id] for visit in visits[state]], execution)
    ]
    succeeded = run.state == "SUCCESS" and not unhandled
    notes = list(_notes(run, unhandled, workflow.way == "code" and not has_xcoms))
    return ServiceComparison(
        execution, run, succeeded, tuple(rows), tuple(_outcome(execution, run, succeeded, unhandled)), tuple(notes)
    )


def _check_tasks(workflow: Workflow, run: ServiceRun) -> None:
    known = {task.task_id for task in workflow.tasks}
    others = sorted({task.task_id for task in run.tasks} - known)
    if others:
        raise UsageError(
            f"run {run.run_id} has tasks that the translation does not have: {', '.join(others[:5])}. Give the --way "
            "and --tasks with which the workflow was packaged, and its definition"
        )


def _states_by_task(workflow: Workflow, translation: Translation) -> dict[str, tuple[str, ...]]:
    """Return the states of each task, in the workflow's order; a sensor has those of the task that it waits for."""
    named: dict[str, tuple[str, ...]] = {}
    for entry in translation.tasks:
        if entry.task_id:
            named[entry.task_id] = (*named.get(entry.task_id, ()), entry.state)
    found: dict[str, tuple[str, ...]] = {}
    for task in workflow.tasks:
        found[task.task_id] = named.get(task.task_id) or tuple(
            state for before in task.upstream[:1] for state in found.get(before, ())
        )
    return found


def _compare_task(
    task_id: str,
    states: tuple[str, ...],
    visits: Mapping[str, Sequence[StateVisit]],
    task: ServiceTask | None,
    is_code: bool,
    has_xcoms: bool,
) -> TaskComparison:
    entered = tuple(state for state in states if state in visits)
    if task is None:
        missing = (f"Step Functions entered {', '.join(entered)}; the run has no such task",) if entered else ()
        return TaskComparison(task_id, states, entered, "NONE", missing)
    own = [visit for state in entered for visit in visits[state]]
    differences = list(_differing_status(task, entered, own, is_code, has_xcoms))
    notes: list[str] = []
    if is_code and not differences and _TOKEN in task.xcoms:
        _compare_outputs(task, own, differences, notes)
    return TaskComparison(task_id, states, entered, task.status, tuple(differences), tuple(notes))


def _differing_status(
    task: ServiceTask, entered: Sequence[str], visits: Sequence[StateVisit], is_code: bool, has_xcoms: bool
) -> Iterator[str]:
    names = ", ".join(entered)
    ran = task.ran and (not is_code or task.failed or _TOKEN in task.xcoms)
    may_fail = [visit.state for visit in visits if not visit.exited or (not is_code and _was_caught(visit))]
    if not entered:
        if ran:
            yield f"it is {task.status}, and Step Functions entered none of its states{_told(task)}"
    elif not task.ran:
        yield f"Step Functions entered {names}; the task is {task.status}{_told(task)}"
    elif task.failed and not may_fail:
        yield f"it is {task.status}, and on Step Functions {names} did not fail{_told(task)}"
    elif not task.failed and (stuck := [visit.state for visit in visits if not visit.exited and not visit.containers]):
        yield f"it has succeeded, and on Step Functions {', '.join(stuck)} failed"
    elif is_code and not ran and has_xcoms:
        yield f"it has ended without running a state, and Step Functions entered {names}"


def _told(task: ServiceTask) -> str:
    return f": {task.error}" if task.error else ""


def _was_caught(visit: StateVisit) -> bool:
    return visit.exited and bool(visit.attempts) and visit.attempts[-1].outcome == "failed"


def _is_caught(visits: Sequence[StateVisit], execution: Execution) -> bool:
    """Whether a task that failed stands for a state whose error was caught on Step Functions, by it or around it."""
    stopped = execution.status == "SUCCEEDED" and any(not visit.exited for visit in visits)
    return stopped or any(map(_was_caught, visits))


def _compare_outputs(task: ServiceTask, visits: Sequence[StateVisit], differences: list[str], notes: list[str]) -> None:
    token = task.xcoms[_TOKEN]
    if isinstance(token, dict) and "address" in token:
        notes.append(f"its output is at {token['address']}, and was not compared")
        return
    left = [visit for visit in visits if visit.exited and not visit.containers]
    if not left:
        return
    last = max(left, key=lambda visit: visit.place)
    for difference in find_differences(last.output, task.xcoms.get("return_value")):
        is_member = difference.expected is MISSING or difference.actual is MISSING
        (differences if is_member else notes).append(f"output {difference}".replace("on Airflow", "on MWAA Serverless"))


def _outcome(execution: Execution, run: ServiceRun, succeeded: bool, unhandled: Sequence[ServiceTask]) -> Iterator[str]:
    if succeeded is not (execution.status == "SUCCEEDED"):
        reason = f" by {execution.error}" if execution.error else ""
        failed = f" (task {unhandled[0].task_id} is {unhandled[0].status}{_told(unhandled[0])})" if unhandled else ""
        how = "succeeded" if succeeded else f"failed{failed}"
        yield f"the execution ended as {execution.status}{reason}, and the run has {how}; it says {run.state}"
    for task in unhandled:
        error = task.xcoms.get(_ERROR)
        name = error.get("Error") if isinstance(error, dict) else None
        if execution.status != "SUCCEEDED" and name is not None and name != execution.error:
            yield f"the execution failed by {execution.error}, task {task.task_id} by {name}"


def _notes(run: ServiceRun, unhandled: Sequence[ServiceTask], lacks_xcoms: bool) -> Iterator[str]:
    if run.state == "SUCCESS" and unhandled:
        names = ", ".join(task.task_id for task in unhandled)
        yield f"The run says SUCCESS, but {count(len(unhandled), 'task')} failed ({names}): it has failed."
    if run.error:
        yield f"The run says: {run.error}"
    if lacks_xcoms:
        yield "The service returned no XComs: which tasks were chosen, and their outputs, were not compared."
