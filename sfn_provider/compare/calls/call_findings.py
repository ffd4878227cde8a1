"""Finds what a DAG does other than its state machine, and says it in sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sfn_provider.asl.scope import Json
from sfn_provider.compare.calls.call_places import next_pairs
from sfn_provider.compare.calls.interception.client_calls import CaughtCall
from sfn_provider.compare.calls.machine_calls import MachineCall, MachineRun, plain_name
from sfn_provider.compare.calls.matching import CallPair
from sfn_provider.compare.calls.parameters.comparison import shown
from sfn_provider.compare.diff.state_visits import StateVisit, read_state_visits
from sfn_provider.formatting import cut, format_times

FindingKind = Literal[
    "unexpected call",
    "missing call",
    "number of calls",
    "different parameter",
    "wrong order",
    "different outcome",
    "different failure",
    "different state",
    "not comparable",
    "refused",
]


@dataclass(frozen=True, slots=True)
class CallFinding:
    """One difference between a DAG and its state machine.

    Args:
        kind: what differs.
        state: the state that it is about; None for none.
        task_id: the task that it is about; None for none.
        call: the call, as ``glue StartJobRun``; None for none.
        text: the difference, in a sentence.
        member: the first parameter that differs, as ``Payload.bucket``; None for none.
    """

    kind: FindingKind
    state: str | None
    task_id: str | None
    call: str | None
    text: str
    member: str | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """What it is about: the same in every case in which it is found."""
        return self.kind, self.state, self.task_id, self.call, self.member

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class TaskRun:
    """How a task instance of the DAG ended.

    Args:
        task_id: its task.
        map_index: its map index, -1 for a task that is not mapped.
        state: Airflow's state of it, as ``success``.
        error: why its last try failed; None where it did not.
    """

    task_id: str
    map_index: int
    state: str
    error: str | None = None


@dataclass(frozen=True)
class DagSide:
    """What a run of the DAG did.

    Args:
        state: ``success`` or ``failed``.
        tasks: its task instances.
        calls: its calls, in order.
        upstream: for each task the tasks that it waits for, directly or by others.
        refused: what was refused: each with ``task_id`` and ``what``.
    """

    state: str
    tasks: tuple[TaskRun, ...]
    calls: tuple[CaughtCall, ...]
    upstream: Mapping[str, Sequence[str]]
    refused: tuple[Mapping[str, Json], ...] = ()

    @property
    def failed(self) -> list[TaskRun]:
        """The task instances that failed themselves."""
        return [task for task in self.tasks if task.state == "failed"]


def find_differences_of_calls(machine: MachineRun, dag: DagSide, pairs: Sequence[CallPair]) -> list[CallFinding]:
    """Return all findings of one case, those about the outcome first; calls that differ alike are found once.

    Args:
        machine: the execution.
        dag: the run of the DAG.
        pairs: their calls, as `sfn_provider.compare.calls.matching.match_calls` gives them.
    """
    found = [
        *_outcome(machine, dag, pairs),
        *_refused(dag),
        *_not_comparable(machine),
        *_numbers_of_calls(pairs),
        *_calls_of_one_side(machine, pairs),
        *_parameters(pairs),
        *_orders(dag, pairs),
    ]
    return list({finding.key: finding for finding in reversed(found)}.values())[::-1]


def _outcome(machine: MachineRun, dag: DagSide, pairs: Sequence[CallPair]) -> Iterator[CallFinding]:
    execution = machine.execution
    reason = f" by {execution.error}" if execution.error else ""
    green = execution.status == "SUCCEEDED"
    if green is not (dag.state == "success"):
        state = None if green else _failing_visit(machine)
        where = f"{reason} in state {state.state}" if state is not None else reason
        text = f"The execution ends as {execution.status}{where}, the DAG run as {dag.state}{_failures(dag)}."
        task = dag.failed[0].task_id if dag.failed else None
        yield CallFinding("different outcome", state.state if state else None, task, None, text)
    elif not green:
        yield from _other_failure(machine, dag, pairs)


def _failures(dag: DagSide) -> str:
    texts = [f"task {_instance(task)} failed: {_first_line(task.error)}" for task in dag.failed[:3]]
    return f": {'; '.join(texts)}" if texts else ""


def _other_failure(machine: MachineRun, dag: DagSide, pairs: Sequence[CallPair]) -> Iterator[CallFinding]:
    """Both fail: does a task fail that stands for the state which fails?"""
    visit, execution = _failing_visit(machine), machine.execution
    if visit is None or visit.type == "Fail" or not dag.failed:
        return
    states_of: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair.expected is not None and pair.actual is not None and pair.actual.task_id is not None:
            states_of[pair.actual.task_id].add(pair.expected.state)
    around = {plain_name(name) for name in _names_around(machine, visit)}
    if any(
        visit.state in states_of.get(task.task_id, {visit.state}) or plain_name(task.task_id) in around
        for task in dag.failed
    ):
        return
    task = dag.failed[0]
    why = f"{execution.error or 'no error name'}: {_first_line(execution.cause)}"
    text = (
        f"Both fail, but the execution in state {visit.state} ({why}), and the DAG run in task "
        f"{_instance(task)} ({_first_line(task.error)})."
    )
    yield CallFinding("different failure", visit.state, task.task_id, None, text)


def _names_around(machine: MachineRun, visit: StateVisit) -> list[str]:
    """The names of a visit's state and of the Parallels and Maps around it: a task of such a name may run all in it."""
    names = {other.place: other.state for other in read_state_visits(machine.execution.events)}
    return [visit.state, *(names[place] for place in visit.containers if place in names)]


def _failing_visit(machine: MachineRun) -> StateVisit | None:
    """The innermost state in which the execution ended: one whose call has failed, if there is one.

    What a Parallel or Map that was left has stopped, or has failed in it and was caught, did not end the execution.
    """
    visits = read_state_visits(machine.execution.events)
    left = {visit.place for visit in visits if visit.exited}
    inside = [visit for visit in visits if not visit.exited and left.isdisjoint(visit.containers)]
    return max(inside, key=lambda visit: (_has_failed(visit), len(visit.place)), default=None)


def _has_failed(visit: StateVisit) -> bool:
    return visit.type == "Fail" or bool(
        visit.attempts and visit.attempts[-1].outcome not in ("succeeded", "unanswered")
    )


def _refused(dag: DagSide) -> Iterator[CallFinding]:
    for what, task_id in dict.fromkeys((entry["what"], entry["task_id"]) for entry in dag.refused):
        who = f"Task {task_id}" if task_id else "The DAG file"
        text = f"{who} tried what was refused: {what}; a compared DAG runs without network and processes of its own."
        yield CallFinding("refused", None, task_id, None, text)


def _not_comparable(machine: MachineRun) -> Iterator[CallFinding]:
    for state, problem in dict.fromkeys((call.state, call.problem) for call in machine.calls if call.call is None):
        text = f"The call of state {state} cannot be compared: {problem}."
        yield CallFinding("not comparable", state, None, None, text)


def _numbers_of_calls(pairs: Sequence[CallPair]) -> Iterator[CallFinding]:
    """Retries: a task that calls more often, or less often, than the state whose call it makes."""
    for state, task_id, call, expected, actual in _repeated(pairs):
        visits = {_visit(pair.expected) for pair in pairs if pair.expected is not None and pair.expected.state == state}
        what = "other retries" if len(visits) == 1 else "other rounds or retries"
        text = f"Task {task_id} calls {call} {format_times(actual)}, state {state} {format_times(expected)}: {what}."
        yield CallFinding("number of calls", state, task_id, call, text)


def _visit(call: MachineCall) -> str:
    """The place of the visit of the state that makes a call."""
    return call.place.rpartition(".")[0]


def _repeated(pairs: Sequence[CallPair]) -> Iterator[tuple[str, str, str, int, int]]:
    """State, task, call, and the number of calls on both sides, where the numbers differ."""
    for state, task_id, call in _matched_tasks(pairs):
        expected = sum(pair.expected is not None and pair.expected.state == state for pair in pairs)
        actual = sum(
            pair.actual is not None
            and pair.actual.task_id == task_id
            and str(pair.actual.call) == call
            and (pair.expected is None or pair.expected.state == state)  # a task may go through several states
            for pair in pairs
        )
        others = sum(
            pair.expected is not None
            and pair.actual is not None
            and pair.expected.state == state
            and pair.actual.task_id != task_id
            for pair in pairs
        )
        if others == 0 and expected != actual and (expected > 1 or actual > 1):
            yield state, task_id, call, expected, actual


def _matched_tasks(pairs: Sequence[CallPair]) -> list[tuple[str, str, str]]:
    """State, task and call, but where the task asks by itself, as often as it likes."""
    found: dict[tuple[str, str, str], bool] = {}
    for pair in pairs:
        if pair.expected is not None and pair.actual is not None and pair.actual.task_id is not None:
            key = (pair.expected.state, pair.actual.task_id, str(pair.actual.call))
            found[key] = found.get(key, False) or pair.is_poll
    return [key for key, is_poll in found.items() if not is_poll]


def _calls_of_one_side(machine: MachineRun, pairs: Sequence[CallPair]) -> Iterator[CallFinding]:
    counted = {(state, task_id, call) for state, task_id, call, _, _ in _repeated(pairs)}
    counted_states = {state for state, _, _ in counted}
    counted_tasks = {(task_id, call) for _, task_id, call in counted}
    for pair in pairs:
        if pair.actual is None and pair.expected is not None and pair.expected.state not in counted_states:
            call = pair.expected
            text = f"State {call.state} calls {call.call}{_about(call)}, no task of the DAG does."
            yield CallFinding("missing call", call.state, None, str(call.call), text)
        elif (
            pair.expected is None
            and pair.actual is not None
            and (pair.actual.task_id, str(pair.actual.call)) not in counted_tasks
        ):
            yield _unexpected(machine, pair.actual)


def _unexpected(machine: MachineRun, actual: CaughtCall) -> CallFinding:
    who = f"Task {actual.task_id}" if actual.task_id else "The DAG file, while it is read,"
    text = f"{who} calls {actual.call}{_about_parameters(actual.call.parameters)}, no state of this execution does"
    named = plain_name(actual.task_id or "")
    state = next((state.state for state in machine.states if plain_name(state.state) == named), None)
    visit = _failing_visit(machine)
    if visit is not None and visit.state == state:
        text += f": state {state} fails before its call by {machine.execution.error}"
    elif state is not None and not any(call.state == state for call in machine.calls):
        text += f": it does not reach state {state}"
    return CallFinding("unexpected call", state, actual.task_id, str(actual.call), text + ".")


def _parameters(pairs: Sequence[CallPair]) -> Iterator[CallFinding]:
    for pair in pairs:
        if pair.expected is None or pair.actual is None or not pair.different:
            continue
        first, *others = pair.different
        more = f" (and {len(others)} more: {', '.join(verdict.member for verdict in others[:5])})" if others else ""
        state, task_id, call = pair.expected.state, pair.actual.task_id, str(pair.actual.call)
        text = f"Task {task_id} calls {call} with other parameters than state {state}: {first}{more}."
        yield CallFinding("different parameter", state, task_id, call, text, first.member)


def _orders(dag: DagSide, pairs: Sequence[CallPair]) -> Iterator[CallFinding]:
    matched = [
        (pair.expected, pair.actual)
        for pair in pairs
        if pair.expected is not None and pair.actual is not None and not pair.is_poll
    ]
    numbers = {id(call): number for number, call in enumerate(dag.calls)}
    reported = set()
    for one, other in next_pairs([expected.place for expected, _ in matched]):
        (first, before), (second, after) = matched[one], matched[other]
        key = (first.state, second.state, before.task_id, after.task_id)
        problem = _order_problem(dag, before, after, numbers)
        if problem is None or key in reported:
            continue
        reported.add(key)
        text = f"{problem}: state {first.state} calls {first.call} before state {second.state} calls {second.call}."
        yield CallFinding("wrong order", second.state, after.task_id, str(second.call), text)


def _order_problem(dag: DagSide, before: CaughtCall, after: CaughtCall, numbers: Mapping[int, int]) -> str | None:
    """Why two calls of the DAG are not in their order; None where they are."""
    if before.task_id is None or after.task_id is None:
        return None
    if before.task_id == after.task_id:
        one_instance = before.map_index == after.map_index
        # Which of two equal calls was paired with which, as retries are and those of equal items, says no order.
        if one_instance and before.call != after.call and numbers[id(before)] > numbers[id(after)]:
            return f"Task {after.task_id} calls {after.call} before {before.call}"
        return None
    if before.task_id in dag.upstream.get(after.task_id, ()):
        return None
    if after.task_id in dag.upstream.get(before.task_id, ()):
        return f"Task {after.task_id} comes before task {before.task_id}"
    return f"Task {after.task_id} does not wait for task {before.task_id}"


def _about(call: MachineCall) -> str:
    return _about_parameters(call.call.parameters if call.call is not None else {})


def _about_parameters(parameters: Any) -> str:
    """The first members of a call's parameters, for people."""
    if not isinstance(parameters, dict) or not parameters:
        return ""
    members = ", ".join(f"{name}: {shown(value)}" for name, value in list(parameters.items())[:3])
    return f" ({members})"


def _instance(task: TaskRun) -> str:
    return task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"


def _first_line(text: str | None) -> str:
    line = (text or "without an error").strip().partition("\n")[0]
    return cut(line, 200).rstrip(".")
