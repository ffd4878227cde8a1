"""Finds where a run of a native DAG has the results, errors and variables that states read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sfn_provider.asl.model import Choice, Map, Pass, Succeed, Task, Wait
from sfn_provider.translate.native.data_flow.evaluation import ScopeFlow, StateFlow
from sfn_provider.translate.native.data_flow.values import (
    INPUT,
    NO_OBJECT,
    Key,
    Member,
    Object,
    Source,
    Value,
    one_of,
    read,
    write,
)
from sfn_provider.translate.native.expressions.places import (
    CHOSEN_KEY,
    CONTEXT_OBJECT,
    ENTERED_TIME,
    ENTERED_TIME_2,
    ERROR_KEY,
    ValuePlace,
)
from sfn_provider.translate.native.map_forms import MapForm
from sfn_provider.translate.native.merges import Merge
from sfn_provider.translate.native.model import NotNative, Versions
from sfn_provider.translate.native.operator_table.arguments import parse_path
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.parts.loop_parts import LEAVE, LoopPart
from sfn_provider.translate.native.polling import Poll
from sfn_provider.translate.native.states.caught_errors import error_tests
from sfn_provider.translate.native.states.forms import LambdaForm, OperatorForm, TaskForm
from sfn_provider.xcom_json import NEXT_KEY, VARIABLES_KEY


@dataclass(slots=True)
class PlannedStates:
    """What is known of the states while a DAG is planned.

    Args:
        scope: the data of the states.
        versions: Airflow's and the provider's.
        tasks_of_pass: the Pass states that are tasks.
        polls: the loops that became sensors, by the name of their Task.
        parts: the states that stay exact, by the name of the first one.
        read_results: the states whose results tasks read.
        reads: the paths into the result of each state that tasks read, and the documents with which loops begin.
        loop_reads: the paths into results of states in the documents with which loops begin, by the state.
        read_variables: the variables behind each loop that tasks read, by the name of the loop.
        flows: the data of each state; of a loop that of the loop.
        forms: the form of each Task.
        failing: why states fail whatever their input is.
        maps: how each Map is written.
        merges: what tasks merge for others, by their keys.
        mapped: the Map around a state that runs for each item in a mapped task.
        loops: the name of the state at which a loop begins that is one function, by those of all its states.
        partial: the states of whose result only parts are passed on; grows.
        with_error: the states whose errors are read.
        task_ids: the ids of tasks by key.
        chosen: the tasks that each Choice may choose, `END` for none, by the names of the next states.
        asked_choices: the Choices of which tasks ask what they have chosen; grows.
        takes_any_input: whether a state that stays exact needs an input of the execution that is no object.
        reader: the state of which a task is being made.
    """

    scope: ScopeFlow
    versions: Versions
    tasks_of_pass: frozenset[str]
    polls: Mapping[str, Poll] = field(default_factory=dict)
    parts: Mapping[str, ExactPart] = field(default_factory=dict)
    read_results: set[str] = field(default_factory=set)
    reads: dict[str, dict[tuple[Key, ...], None]] = field(default_factory=dict)
    loop_reads: dict[str, dict[tuple[Key, ...], None]] = field(default_factory=dict)
    read_variables: dict[str, dict[str, None]] = field(default_factory=dict)
    flows: dict[str, StateFlow] = field(default_factory=dict)
    forms: dict[str, TaskForm] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    maps: dict[str, MapForm] = field(default_factory=dict)
    merges: dict[str, Merge] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)
    loops: dict[str, str] = field(default_factory=dict)
    partial: set[str] = field(default_factory=set)
    with_error: set[str] = field(default_factory=set)
    task_ids: dict[str, str] = field(default_factory=dict)
    chosen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asked_choices: set[str] = field(default_factory=set)
    takes_any_input: bool = False
    reader: str = ""

    def find(self, source: Source, keys: tuple[Key, ...]) -> ValuePlace:
        """Return where a run has a path of a source; see `sfn_provider.translate.native.expressions.places.Find`."""
        if source == INPUT:
            if keys and isinstance(keys[0], int):
                raise NotNative(NO_OBJECT)
            is_any = self.takes_any_input and not keys
            return ValuePlace("", path=keys, is_any_input=is_any, is_container=not keys and not is_any)
        known = (*self.tasks_of_pass, *self.parts, *self.merges)
        if source.kind == "result" and source.state in known:
            return ValuePlace(self.task_ids[source.state], path=keys)
        loop = source.state.removesuffix("\0loop")
        if source.kind == "result" and loop != source.state:
            is_wrapped = len(self.flows[loop].ways) > 1 or loop in self.read_variables
            return ValuePlace(self.task_ids[loop], path=("output", *keys) if is_wrapped else keys)
        if source.kind == "variables" and source.state in self.loops.values():
            return ValuePlace(self.task_ids[source.state], path=("variables", *keys))
        if source.kind == "variables":
            return ValuePlace(self.task_ids[source.state], path=keys, xcom=VARIABLES_KEY)
        if source.kind == "context" and keys in CONTEXT_OBJECT:
            return ValuePlace("", expression=CONTEXT_OBJECT[keys])
        if source.kind == "context" and keys[:2] == ("Execution", "Input"):
            return self.find(INPUT, keys[2:])
        if source.kind == "entered_time" and self._is_own_start(source.state):
            return ValuePlace("", expression=ENTERED_TIME_2 if self.versions.is_2 else ENTERED_TIME)
        if source.kind == "error" and (tasks := self.tasks_of_error(source.state)):
            return self._find_error(source, keys, tasks)
        form = self.forms.get(source.state) if source.kind == "result" else None
        if source.kind == "result" and source.state in self.failing:
            return ValuePlace(self.task_ids[source.state], path=keys)  # nobody gets there
        if source.kind == "result" and source.state in self.maps:
            key = source.state if self.maps[source.state] == "list" else f"{source.state}\0results"
            if key not in self.task_ids:
                raise NotNative(_unknown_source(source, keys))
            return ValuePlace(self.task_ids[key], path=keys, is_container=not keys)
        if form is None:
            raise NotNative(_unknown_source(source, keys))
        place = form.place(self.task_ids.get(source.state, ""), keys)
        if place is not None:
            return place
        if not isinstance(form, OperatorForm):
            raise TypeError(f"{form!r} has no parts")
        return self._known_parts(source, keys, form)

    def _find_error(self, source: Source, keys: tuple[Key, ...], tasks: tuple[Source, ...]) -> ValuePlace:
        if tasks != (source,):
            return ValuePlace("", value=read(one_of((error, error) for error in tasks), keys))
        is_mapped = isinstance(self.flows[source.state].state, Map)
        return ValuePlace(self.task_ids[source.state], path=keys, xcom=ERROR_KEY, is_mapped=is_mapped)

    def tasks_of_error(self, state: str) -> tuple[Source, ...]:
        """Return the errors of Tasks of which one is the error of a state; none where others may be, too.

        That of a Parallel is the error of the Task that has failed in it, if nothing else in it fails or is caught;
        that of a Map the error of its mapped task, if nothing but calls fails in that.
        """
        flow = self.flows[state]
        if isinstance(flow.state, Task):
            return (Source("error", state),)
        walked = [inner for scope in flow.scopes for inner in scope.walk()]
        inside = [inner for inner in walked if not inner.name.startswith(LEAVE)]
        if isinstance(flow.state, Map):
            is_known = all(isinstance(inner.state, Task | Map | LoopPart) or _never_fails(inner) for inner in inside)
            return (Source("error", state),) if is_known and self.maps[state] != "list" else ()
        tasks = [inner.name for inner in inside if isinstance(inner.state, Task) and not inner.state.catch]
        is_known = all(inner.name in tasks or _never_fails(inner) for inner in inside)
        return tuple(Source("error", name) for name in tasks) if is_known else ()

    def _is_own_start(self, state: str) -> bool:
        """Return whether the task that is being made starts when the execution comes to a state, and only then.

        A sensor, a loop and the task of an item come to their states more than once, or later.
        """
        is_in_function = state in self.polls or state in self.loops or state in self.mapped
        return state == self.reader and not is_in_function

    def find_mark(self, mark: Source) -> ValuePlace:
        """Return an XCom that is there, or has a value, exactly where a task has succeeded or failed in a way."""
        if mark.kind == "exit":
            return ValuePlace(self.task_ids[mark.state], xcom=NEXT_KEY, equals=mark.target)
        if mark.kind == "choice":
            return self._find_choice(mark)
        if mark.kind == "error" and mark.target:
            return self._find_catcher(mark)
        if mark.kind == "error" or mark.state in self.tasks_of_pass or mark.state.endswith("\0loop"):
            return self.find(mark, ())
        form = self.forms.get(mark.state)
        if isinstance(form, OperatorForm):
            keys = {found.xcom for found in form.row.returns.values() if found.source in ("value", "json")}
            if not keys:
                raise NotNative(f"{mark.state} leaves nothing that says whether it has run")
            return ValuePlace(self.task_ids[mark.state], xcom=sorted(keys, key=lambda key: key != "return_value")[0])
        if isinstance(form, LambdaForm) and mark.state not in self.polls:
            raise NotNative(f"{mark.state} may answer nothing, which says not that it has run")
        if form is None or (mark.state in self.polls and mark.state not in self.read_results):
            raise NotNative(f"{mark.state} leaves nothing that says whether it has run")
        return ValuePlace(self.task_ids[mark.state])

    def _find_choice(self, mark: Source) -> ValuePlace:
        """Return the id of the task that a Choice has chosen, with that of the one to a state."""
        chosen = self.chosen.get(mark.state, {})
        key = chosen.get(mark.target)
        if not key or [*chosen.values()].count(key) > 1:
            raise NotNative(f"{mark.state} leaves nothing that says what it has chosen")
        self.asked_choices.add(mark.state)
        return ValuePlace(self.task_ids[mark.state], xcom=CHOSEN_KEY, equals=self.task_ids[key])

    def _find_catcher(self, mark: Source) -> ValuePlace:
        """Return the error of a Task with the names by which one of its catchers takes it."""
        place = self.find(Source("error", mark.state), ())
        tests = error_tests(self.flows[mark.state].state)  # type: ignore[arg-type]
        test, earlier = tests[int(mark.target)], tests[: int(mark.target)]
        before = tuple(name for other in earlier for name in other.names)
        if test.takes_all and not any(other.excludes for other in earlier):
            return replace(place, names=before, excludes=True)
        names = tuple(name for name in test.names if name not in before)
        if test.excludes or any(other.excludes for other in earlier) or not names:
            raise NotNative("which catcher has taken an error is not told by its name")
        return replace(place, names=names)

    def _known_parts(self, source: Source, keys: tuple[Key, ...], form: OperatorForm) -> ValuePlace:
        """Return an object with the parts of a result that an operator returns."""
        value: Value = Object(())
        for text in form.parts:
            path = parse_path(text)
            if path[: len(keys)] == keys:
                part: Value = source
                for key in path:
                    part = Member(part, key)
                value = write(value, path, part)
        self.partial.add(source.state)
        return ValuePlace("", value=read(value, keys))


def _never_fails(flow: StateFlow) -> bool:
    state = flow.state
    return isinstance(state, Pass | Succeed | Wait) or (isinstance(state, Choice) and state.default is not None)


def _unknown_source(source: Source, keys: tuple[Key, ...]) -> str:
    path = ".".join(map(str, keys))
    return {
        "error": f"the error of {source.state} is not where a later task could read it",
        "entered_time": f"the time at which {source.state} starts is not known to the task that reads it",
        "context": f"the context object's {path or 'whole'} has no counterpart that means the same",
    }.get(source.kind, f"the result of {source.state} cannot be read")
