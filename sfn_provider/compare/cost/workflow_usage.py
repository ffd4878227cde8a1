"""Computes the starts of tasks that MWAA Serverless charges: idle tasks and sensors included."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.model import State, Task, Wait
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.sync_job import PollInterval
from sfn_provider.translate import Translation
from sfn_provider.translate.plan.model import DagPlan
from sfn_provider.translate.plan.task_counts import count_on_a_way
from sfn_provider.translate.serverless.workflow import Workflow, WorkflowTask

START_SECONDS: Final = 45.0
"""What a cycle of a task that is started again takes beside the time between two polls, in seconds.

Source: https://github.com/aws-samples/amazon-mwaa-examples, its rules for workflows of MWAA Serverless: about 45 s.
"""

_SHORT_WAIT: Final = 2.0
"""Seconds up to which own code waits in the task."""

_OTHER_JOBS: Final = PollInterval(5, 60)
"""How jobs are polled of which no table says it."""


@dataclass(frozen=True, slots=True)
class VisitTime:
    """A visit of a state on Step Functions.

    Args:
        state: the state.
        type: its type.
        resource: the Resource of a Task; empty for other states.
        depth: in how many Parallels and Maps it stands.
        seconds: how long the visit took.
        calls: how many calls it made.
        calling: how long these took in all, in seconds; the jobs of ``.sync`` included.
        failed: whether the execution, or its branch, failed in it.
    """

    state: str
    type: str
    resource: str
    depth: int
    seconds: float
    calls: int
    calling: float
    failed: bool

    @property
    def waits_for_job(self) -> bool:
        """Whether it waits for the end of a job."""
        return bool(self.resource) and parse_resource(self.resource).pattern.startswith("sync")


@dataclass(frozen=True, slots=True)
class WorkflowUsage:
    """What a run of a workflow uses.

    Args:
        starts: for each start of a task how long it works, in seconds.
        idle: how many of them are of tasks that were not chosen, and end at once.
        cycles: how many of them look whether something has ended: a sensor's, or those of own code that waits.
    """

    starts: tuple[float, ...]
    idle: int = 0
    cycles: int = 0


def count_restarts(plan: DagPlan) -> int:
    """Return how often tasks of own code are started again in a run, on the way on which it is most often.

    Behind each Wait, and once for each ``.sync`` job, to look whether it has ended: that is all which a definition
    tells. A Map has one item, and nothing is retried.

    Args:
        plan: what `sfn_provider.translate.serverless.code_package_tasks.plan_workflow` has returned, with a task for
            each state.
    """
    pauses: dict[str, int] = {}
    for _, names, state in walk_states(plan.machine):
        pauses[names[0]] = pauses.get(names[0], 0) + _pauses(_shortest_visit(names[-1], state))
    return count_on_a_way(plan, lambda node: sum(pauses[name] for name in node.states))


def _shortest_visit(name: str, state: State) -> VisitTime:
    """Return a visit in which one call is answered at once; one of a Wait takes what the state says, or long."""
    seconds, calls, resource = 0.0, 0, ""
    if isinstance(state, Wait):
        seconds = float(state.seconds) if isinstance(state.seconds, int | float) else math.inf
    elif isinstance(state, Task):
        calls, resource = 1, state.resource
    return VisitTime(name, state.type, resource, 0, seconds, calls, 0.0, False)


def measure_workflow(translation: Translation, visits: Sequence[VisitTime]) -> WorkflowUsage:
    """Return what a run of a workflow uses that does what an execution did.

    Args:
        translation: the workflow.
        visits: the states that the execution visited.

    Raises:
        ValueError: the translation is no workflow.
    """
    workflow = translation.workflow
    if workflow is None:
        raise ValueError(f"{translation.plan.dag_id} was not translated for MWAA Serverless")
    homes = {entry.state: entry.task_id for entry in translation.tasks}
    found: dict[str, list[VisitTime]] = {}
    for visit in visits:
        found.setdefault(homes.get(visit.state, ""), []).append(visit)
    return _measure_code(workflow, found) if workflow.way == "code" else _measure_operators(workflow, found)


def _measure_code(workflow: Workflow, visits: Mapping[str, Sequence[VisitTime]]) -> WorkflowUsage:
    """Every task starts, but those behind one that has failed; one that waits is started again."""
    starts: list[float] = []
    idle = cycles = 0
    without: set[str] = set()
    for task in workflow.tasks:
        own = visits.get(task.task_id, ())
        if without.intersection(task.upstream):
            without.add(task.task_id)
            continue
        if any(visit.failed and visit.depth == 0 for visit in own):
            without.add(task.task_id)
        pauses = sum(map(_pauses, own))
        starts += [sum(visit.calling for visit in own if not visit.waits_for_job), *[0.0] * pauses]
        idle, cycles = idle + (not own), cycles + pauses
    return WorkflowUsage(tuple(starts), idle, cycles)


def _pauses(visit: VisitTime) -> int:
    """How often the task of a state is started again: for each poll, before each retry, and behind a Wait."""
    if visit.type == "Wait":
        return int(visit.seconds > _SHORT_WAIT)
    retries = max(0, visit.calls - 1)
    if not visit.waits_for_job:
        return retries
    return retries + _polls(_interval(visit.resource), visit.calling)


def _polls(interval: PollInterval, seconds: float) -> int:
    polls, at = 1, interval.after(0) + START_SECONDS
    while at < seconds:
        at += interval.after(polls) + START_SECONDS
        polls += 1
    return polls


def _interval(resource: str) -> PollInterval:
    parsed = parse_resource(resource)
    row = OPTIMIZED_INTEGRATIONS.get(f"{parsed.service}:{parsed.action}")
    sync = row.syncs.get(parsed.pattern) if row is not None else None
    return sync.interval if sync is not None else _OTHER_JOBS


def _measure_operators(workflow: Workflow, visits: Mapping[str, Sequence[VisitTime]]) -> WorkflowUsage:
    """The tasks of visited states start, once for each call; sensors once a cycle, until their job has ended."""
    sensors = {task.upstream[0]: task for task in workflow.tasks if "poke_interval" in task.arguments and task.upstream}
    starts: list[float] = []
    cycles = 0
    for task_id, own in visits.items():
        if not task_id:  # folded into others
            continue
        for visit in own:
            starts += _operator_starts(visit, task_id in sensors)
            if task_id in sensors and not (visit.failed and not visit.calling):
                looks = _cycles(sensors[task_id], visit.calling)
                starts += [0.0] * looks
                cycles += looks
    return WorkflowUsage(tuple(starts), 0, cycles)


def _operator_starts(visit: VisitTime, is_split: bool) -> Iterator[float]:
    """Iterate over the seconds of each start of a state's task: it holds its worker unless a sensor waits for it."""
    working = 0.0 if is_split else visit.seconds if visit.type == "Wait" else visit.calling
    calls = max(1, visit.calls)
    yield from [working / calls] * calls


def _cycles(sensor: WorkflowTask, seconds: float) -> int:
    interval: Any = sensor.arguments["poke_interval"]
    return max(1, math.ceil(seconds / (float(interval) + START_SECONDS)))
