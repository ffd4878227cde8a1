"""Writes the states that an item of a Map goes through as the statements of one function.

Each way is evaluated by itself: where ways meet with different documents or variables, each assigns its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial

from sfn_provider.asl.model import Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait
from sfn_provider.translate.emit.literals import string
from sfn_provider.translate.native.data_flow.evaluation import Evaluator, Handover, ScopeFlow, StateFlow
from sfn_provider.translate.native.data_flow.values import Array, Key, Object, Source, Value, read, reads_error
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import comment_lines, if_lines, indented, statement_lines
from sfn_provider.translate.native.items.calls import ItemCalls
from sfn_provider.translate.native.items.joins import find_joins
from sfn_provider.translate.native.items.statements import (
    Arrival,
    Branches,
    Case,
    Statements,
    always_leaves,
    lay_out,
    meeting,
    suite,
)
from sfn_provider.translate.native.map_forms import check_map
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.polling import Poll
from sfn_provider.translate.native.routing.routes import END
from sfn_provider.translate.native.states.caught_errors import catches_all, error_tests_of_call, name_expression
from sfn_provider.translate.native.states.conditions import PythonConditions
from sfn_provider.translate.native.tasks.node_imports import fail_exception, moment_imports
from sfn_provider.translate.native.tasks.nodes import NodeMaker
from sfn_provider.translate.native.tasks.poll_nodes import leaving_test
from sfn_provider.translate.native.tasks.task_names import JOB_VARIABLES, RESERVED
from sfn_provider.translate.plan import naming

_MOST_TIMES = 3
"""How many times as many states as there are may be written, where ways that do not meet have the same ones."""

Finish = Callable[[Value], list[str]]
"""Returns the lines at the end of a way, for its output."""

Written = tuple[Statements, tuple[str, Handover | list[Arrival]]]
"""Statements, and the next state with what it gets, or the one where ways meet with those that come there."""


@dataclass(slots=True)
class ItemBody:
    """Writes the body of the function for an item.

    Args:
        maker: makes what all tasks need.
        flow: the Map.
        evaluator: evaluates states.
        polls: the loops that ask again, by the name of their Task.
        calls: writes the calls of its Tasks.
        as_argument: returns the name of the parameter that has the result of another task; None where there is none.
        writer: writes expressions.
        used: the variables that expressions read; grows.
        known: those that they read when all was written the last time; None before.
    """

    maker: NodeMaker
    flow: StateFlow
    evaluator: Evaluator
    polls: Mapping[str, Poll]
    calls: ItemCalls
    as_argument: Callable[[str], str | None] = lambda task_id: None
    writer: PythonWriter = field(init=False)
    used: set[str] = field(default_factory=set)
    known: set[str] | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _places: dict[Source, ValuePlace] = field(default_factory=dict)
    _joins: dict[int, dict[str, str]] = field(default_factory=dict)
    _count: int = 0
    _states: int = field(init=False)

    def __post_init__(self) -> None:
        self._states = sum(1 for _ in self.flow.scopes[0].walk())

    def item_lines(self, is_read: bool) -> list[str]:
        """Return the lines of the function for one item, which is its parameter ``item``.

        Args:
            is_read: whether later tasks read the results.

        Raises:
            NotNative: a state cannot be said so.
        """

        def write() -> list[str]:
            scope = self.flow.scopes[0]
            finish = self._returned if is_read else lambda output: []
            return lay_out(self._block(scope, scope.start_at, scope.entry, END, finish)[0])

        self._names["\0item"] = "item"
        return self._settled(write)

    def list_lines(self) -> list[str]:
        """Return the lines of a function that makes the list of results of a Map without calls."""

        def write() -> list[str]:
            return [*lay_out(self._map(self.flow)), *self._returned(Source("result", self.flow.name))]

        lines = self._settled(write)
        if len(lines) == 2 and lines[1] == f"return {lines[0].partition(' = ')[0]}":
            return [f"return {lines[0].partition(' = ')[2]}"]
        return lines

    def _settled(self, write: Callable[[], list[str]]) -> list[str]:
        """Return what is written when it is known which variables and which parts of results are read."""
        lines: list[str] | None = None
        while True:
            self.known, self.used = (None if lines is None else self.used), set()
            self.calls.start()
            self.writer = PythonWriter(self._find, self.maker.find_mark, self._as_argument)
            self._count, self._places = (
                0,
                {
                    Source("item", self.flow.name): ValuePlace("\0item"),
                    Source("item_index", self.flow.name): ValuePlace("", expression=("ti.map_index", "ti")),
                },
            )
            before, lines = lines, write()
            if lines == before and self.known is not None:
                self.calls.check()
                self.writer.imports |= {*self.calls.imports, *moment_imports(lines)}
                return [*self.calls.clients.values(), *lines]

    # What expressions read -------------------------------------------------------------------------------------------

    def _as_argument(self, task_id: str) -> str | None:
        if not task_id.startswith("\0"):
            return self.as_argument(task_id)
        self.used.add(task_id[1:])
        return task_id[1:]

    def _find(self, source: Source, keys: tuple[Key, ...]) -> ValuePlace:
        place = self._places.get(source)
        if place is None:
            return self.maker.find(source, keys)
        if source.kind == "error":
            fields = {"Error": self._names[f"{source.state}\0error"], "Cause": "str(error)"}
            whole = ", ".join(f'"{name}": {text}' for name, text in fields.items())
            return ValuePlace("\0" + (fields[str(keys[0])] if keys else f"{{{whole}}}"))
        if source.kind == "result" and source.state in self.calls.forms:
            return self.calls.place(source.state, place.task_id, keys)
        return replace(place, path=keys)

    def _variable(self, purpose: str, preferred: str) -> str:
        """Return the variable for a purpose, the same each time."""
        if purpose not in self._names:
            others = {*self._names.values(), *self.calls.clients, *RESERVED, *JOB_VARIABLES, "error", "attempt"}
            self._names[purpose] = naming.free_name(preferred, others)
        return self._names[purpose]

    def _local(self, purpose: str, preferred: str, source: Source | None = None) -> tuple[str, Source]:
        """Return a variable, and the source that stands for it."""
        name = self._variable(purpose, preferred)
        source = source or Source("result", f"\0{name}")
        self._places[source] = ValuePlace(f"\0{name}")
        return name, source

    def _is_used(self, name: str) -> bool:
        return self.known is None or name in self.known

    def _assign(self, name: str, value: Value) -> list[str]:
        """Return the lines that assign a value to a variable, if somebody reads it."""
        if not self._is_used(name):
            return []
        return list(statement_lines(f"{name} = ", self.writer.expression(value), self.maker.width))

    def _returned(self, output: Value) -> list[str]:
        return list(statement_lines("return ", self.writer.expression(output), self.maker.width))

    # States ----------------------------------------------------------------------------------------------------------

    def _block(
        self, scope: ScopeFlow, name: str, way: Handover, stop: str, finish: Finish
    ) -> tuple[Statements, list[Arrival]]:
        """Write states up to another one, or to the ends of the ways; return also the ways that come to that state."""
        body: Statements = []
        while name != END and (name != stop or stop == END):
            self._count += 1
            if self._count > _MOST_TIMES * max(4, self._states):
                raise NotNative("the ways through the states of an item seldom meet")
            found = self.evaluator.state(name, scope.model.states[name], way, scope.context)
            more, (following, arriving) = self._state(scope, found, way, stop, finish)
            body += [*comment_lines(found.state.comment, self.maker.width), *more]
            if isinstance(arriving, Handover):
                name, way = following, arriving
                continue
            if not arriving or following == stop != END:
                return body, arriving
            name, way = following, self._merged(name, arriving)
        if name == END:
            return [*body, *finish(way.document)], []
        return body, [Arrival(body, self.maker.width, way)]

    def _state(self, scope: ScopeFlow, flow: StateFlow, way: Handover, stop: str, finish: Finish) -> Written:
        state = flow.state
        if isinstance(state, Pass | Succeed):
            return [], flow.ways[0]
        if isinstance(state, Fail):
            self.writer.imports.add(fail_exception(self.maker.versions))
            return [*self.maker.fail_lines(flow, self.writer)], (END, [])
        if isinstance(state, Wait):
            return [*self._wait(flow)], flow.ways[0]
        if isinstance(state, Choice):
            return self._choice(scope, flow, stop, finish)
        if isinstance(state, Task):
            return self._with_handler(scope, flow, partial(self._task, scope, flow), stop, finish)
        if isinstance(state, Parallel | Map) and state.retry:
            raise NotNative(f"{flow.name} within a Map is tried again as a whole")
        if isinstance(state, Parallel):
            outputs = [self._local(f"{flow.name}\0{number}", "branch") for number in range(len(flow.scopes))]
            results = {flow.name: Array(tuple(source for _, source in outputs))}
            evaluator = replace(self.evaluator, results={**self.evaluator.results, **results})
            flow = evaluator.state(flow.name, state, way, scope.context)
            write = partial(self._branches, flow, [name for name, _ in outputs])
            return self._with_handler(scope, flow, write, stop, finish)
        if isinstance(state, Map):
            return self._with_handler(scope, flow, partial(self._map, flow), stop, finish)
        if isinstance(state, ExactPart):
            raise NotNative(f"{flow.name} stays exact, and is within a function")
        raise TypeError(f"no statements for {state!r}")

    def _wait(self, flow: StateFlow) -> list[str]:
        seconds = self.maker.field_value(flow, "seconds")
        if seconds is None:
            raise NotNative(f"{flow.name} waits for a moment within a Map")
        self.writer.imports.add(("time", ""))
        return [f"time.sleep({self.writer.expression(seconds)})"]

    def _task(self, scope: ScopeFlow, flow: StateFlow) -> Statements:
        name, _ = self._local(flow.name, naming.variable(flow.name), Source("result", flow.name))
        variable = name if self._is_used(name) else None
        poll = self.polls.get(flow.name)
        if poll is None:
            return [*self.calls.write(flow, self.writer, variable)]
        if poll.again is not None:
            raise NotNative("each round of its loop makes another document", flow.name)
        self.writer.imports.add(("time", ""))
        with self._deeper():
            asking = self.calls.write(flow, self.writer, variable)
            choice = scope.model.states[poll.choice]
            deciding = self.evaluator.state(poll.choice, choice, flow.ways[0][1], scope.context)
            test = leaving_test(poll, deciding, self.writer)
            asking += [*if_lines(test, [test], self.maker.width), "    break", f"time.sleep({poll.seconds})"]
        return ["while True:", *indented(asking)]

    def _branches(self, flow: StateFlow, names: list[str]) -> Statements:
        """Write the branches of a Parallel one after the other."""
        lines: Statements = []
        for name, branch in zip(names, flow.scopes, strict=True):
            lines += self._block(branch, branch.start_at, branch.entry, END, partial(self._assign, name))[0]
        return lines

    def _map(self, flow: StateFlow) -> Statements:
        """Write the items of a Map one after the other."""
        check_map(flow.state)  # type: ignore[arg-type]
        scope = flow.scopes[0]
        preferred = "item" if "item" not in self._names.values() else "entry"
        item, _ = self._local(f"{flow.name}\0item", preferred, Source("item", flow.name))
        index, _ = self._local(f"{flow.name}\0index", "index", Source("item_index", flow.name))
        results, _ = self._local(flow.name, "results", Source("result", flow.name))

        def append(output: Value) -> list[str]:
            if not self._is_used(results):
                return []
            return list(statement_lines("", f"{results}.append({self.writer.expression(output)})", self.maker.width))

        with self._deeper():
            body = lay_out(self._block(scope, scope.start_at, scope.entry, END, append)[0])
        if not body and not self._is_used(results):
            return []
        items = self.writer.expression(flow.effective)
        loop = f"for {item if item in self.used else '_'} in {items}"
        if index in self.used:
            loop = f"for {index}, {item if item in self.used else '_'} in enumerate({items})"
        if len(body) == 1 and body[0].startswith(f"{results}.append("):
            listed = f"[{body[0].removeprefix(f'{results}.append(')[:-1]} {loop}]"
            return [*statement_lines(f"{results} = ", listed, self.maker.width)]
        start = [f"{results} = []"] if self._is_used(results) else []
        return [*start, f"{loop}:", *indented(suite(body))]

    # Ways ------------------------------------------------------------------------------------------------------------

    def _join(self, scope: ScopeFlow, name: str, stop: str) -> str:
        if id(scope.model) not in self._joins:
            self._joins[id(scope.model)] = find_joins(scope.model)
        return self._joins[id(scope.model)].get(name, stop)

    def _case(self, scope: ScopeFlow, head: list[str], target: tuple[str, Handover], join: str, finish: Finish) -> Case:
        with self._deeper():
            return Case(head, *self._block(scope, *target, join, finish))

    def _choice(self, scope: ScopeFlow, flow: StateFlow, stop: str, finish: Finish) -> Written:
        state: Choice = flow.state  # type: ignore[assignment]
        join = self._join(scope, flow.name, stop)
        cases: list[Case] = []
        conditions = PythonConditions(flow, self.writer)
        rules, otherwise = conditions.undecided()
        for position, condition in rules:
            first, *rest = if_lines(condition, conditions.lines(state.choices[position]), self.maker.width - 2)
            word = "" if all(map(always_leaves, cases)) else "el"
            cases.append(self._case(scope, [word + first, *rest], flow.ways[position], join, finish))
        does_leave = all(map(always_leaves, cases))
        if otherwise is not None and does_leave:
            return [Branches(cases)] if cases else [], flow.ways[otherwise]
        if otherwise is not None:
            return meeting([*cases, self._case(scope, ["else:"], flow.ways[otherwise], join, finish)], join)
        self.writer.imports.add(fail_exception(self.maker.versions))
        failure = f"raise AirflowFailException({string(f'No rule of {flow.name} matches')})"
        if does_leave:
            return [Branches(cases), failure], (END, [])
        return meeting([*cases, Case(["else:"], [failure])], join)

    def _with_handler(
        self, scope: ScopeFlow, flow: StateFlow, write: Callable[[], Statements], stop: str, finish: Finish
    ) -> Written:
        """Write a state, and the way of its errors."""
        catchers = getattr(flow.state, "catch", ())
        if not catchers:
            return write(), flow.ways[0]
        join = self._join(scope, flow.name, stop)
        with self._deeper():
            tried = Case(["try:"], write())
        self._places[Source("error", flow.name)] = ValuePlace("")
        handler = self._handler(scope, flow, join, finish)
        if always_leaves(handler):
            return [Branches([tried, handler])], flow.ways[0]
        success = self._case(scope, ["else:"], flow.ways[0], join, finish)
        return meeting([tried, handler, success], join)

    def _handler(self, scope: ScopeFlow, flow: StateFlow, join: str, finish: Finish) -> Case:
        """Write what is done with an error: what its catcher says, or nothing where none takes it."""
        head, name = ["except Exception as error:"], name_expression(flow.state)
        self._names[f"{flow.name}\0error"] = name
        if catches_all(flow.state) and all(way == flow.ways[1] for way in flow.ways[2:]):
            return self._case(scope, head, flow.ways[1], join, finish)
        tests = error_tests_of_call(flow.state)
        cases: list[Case] = []
        with self._deeper():
            for test, target in zip(tests, flow.ways[1:], strict=True):
                lines = [f"{'elif' if cases else 'if'} {test.condition(name)}:"]
                cases.append(self._case(scope, ["else:"] if test.takes_all else lines, target, join, finish))
        cases += [] if tests[-1].takes_all else [Case(["else:"], ["raise"])]
        return Case(head, [Branches(cases)], [arrival for case in cases for arrival in case.arrivals])

    def _merged(self, name: str, arrivals: list[Arrival]) -> Handover:
        """Return with what it goes on where ways meet."""
        ways = [arrival.way for arrival in arrivals]
        document = self._common(f"{name}\0document", "data", [way.document for way in ways], arrivals)
        names = [key for key in ways[0].variables if all(key in way.variables for way in ways)]
        variables = {
            key: self._common(f"{name}\0${key}", naming.variable(key), [way.variables[key] for way in ways], arrivals)
            for key in names
        }
        return Handover(document, variables)

    def _common(self, purpose: str, preferred: str, values: list[Value], arrivals: list[Arrival]) -> Value:
        """Return what ways have in common; where they differ, they assign it to a variable.

        Of objects the members that all have are such values of their own, so that one that differs and is not read
        needs no variable.
        """
        first = values[0]
        if all(value == first for value in values) and not reads_error(first):
            return first
        objects = [value for value in values if isinstance(value, Object)]
        if len(objects) < len(values):
            return self._assigned(purpose, preferred, values, arrivals)
        shared = [key for key, _ in objects[0].members if all(key in dict(value.members) for value in objects)]
        is_one_shape = all(value.base == objects[0].base and len(value.members) == len(shared) for value in objects)
        base = objects[0].base if is_one_shape else self._assigned(purpose, preferred, values, arrivals)
        members = []
        for key in shared:
            found = [read(value, (key,)) for value in values]
            members.append((key, self._common(f"{purpose}.{key}", naming.variable(key), found, arrivals)))
        return Object(tuple(members), base)

    def _assigned(self, purpose: str, preferred: str, values: list[Value], arrivals: list[Arrival]) -> Source:
        """Let each way assign its value to a variable; return what stands for the variable."""
        name, source = self._local(purpose, preferred)
        for arrival, value in zip(arrivals, values, strict=True):
            with self.maker.in_width(arrival.width):
                arrival.body.extend(self._assign(name, value))
        return source

    def _deeper(self) -> AbstractContextManager[None]:
        return self.maker.in_width(self.maker.width - 4)
