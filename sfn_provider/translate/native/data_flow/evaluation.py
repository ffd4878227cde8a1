"""Evaluates a machine symbolically: the input and output of each state, before any run.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html (order of the
fields), https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html (Assign reads values at entry).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from sfn_provider.asl.jsonpath.errors import PathSyntaxError
from sfn_provider.asl.jsonpath.syntax import parse_path
from sfn_provider.asl.model import (
    Branch,
    Catcher,
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    State,
    StateMachine,
    Succeed,
    Task,
)
from sfn_provider.translate.native.data_flow.jsonata import jsonata_template_value
from sfn_provider.translate.native.data_flow.templates import Environment, path_value, template_value
from sfn_provider.translate.native.data_flow.values import (
    CONTEXT,
    EMPTY,
    INPUT,
    Absent,
    Array,
    Key,
    Member,
    Object,
    Source,
    Unresolved,
    Value,
    bounded,
    constant,
    error_output,
    loop_result,
    no_object,
    one_of,
    write,
)
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.parts.loop_parts import LoopPart
from sfn_provider.translate.plan.graph import flow_order, successors

Variables = dict[str, Value]

UNSET = "some of the ways that meet here set a variable that others do not:"
"""Begins why a variable is not known; no state makes it so."""


@dataclass(frozen=True, slots=True)
class Handover:
    """The document and the variables with which one state hands over to another."""

    document: Value
    variables: Variables


class Arrival(NamedTuple):
    """A way to a state: its mark, what it hands over, the position of the state that marks it, whether that failed."""

    mark: Source | None
    way: Handover
    position: int = -1
    is_caught: bool = False


@dataclass(frozen=True, slots=True)
class StateFlow:
    """The data of one state.

    Args:
        name: the state's name.
        state: its model; for states that stay exact these.
        language: ``JSONPath`` or ``JSONata``.
        environment: what its fields read: the document at entry after InputPath, context and variables.
        effective: what it works on: the input after Parameters, or Arguments; of states that stay exact their input.
        output: what it hands over.
        ways: the ways out by the name of the next state; that of an end by ``""``.
        scopes: the branches of a Parallel, or the item processor of a Map.
    """

    name: str
    state: State | ExactPart
    language: str
    environment: Environment
    effective: Value
    output: Value
    ways: tuple[tuple[str, Handover], ...]
    scopes: tuple[ScopeFlow, ...] = ()


@dataclass(frozen=True, slots=True)
class ScopeFlow:
    """The data of the states of a machine, a branch or an item processor.

    Args:
        start_at: the name of the first state.
        states: the data of each state, in the order of the flow.
        output: the output of the scope.
        entry: what the first state gets.
        context: the context object.
        model: the machine, branch or item processor.
    """

    start_at: str
    states: Mapping[str, StateFlow]
    output: Value
    entry: Handover
    context: Value
    model: StateMachine | Branch

    def walk(self) -> Iterator[StateFlow]:
        """Iterate over all states, each before those inside of it."""
        for flow in self.states.values():
            yield flow
            for scope in flow.scopes:
                yield from scope.walk()


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates scopes.

    Args:
        language: the query language of the machine.
        tasks_of_pass: the Pass states that are tasks of their own, so that later states read their results.
        results: the results of states, where they are known by something else than the state.
    """

    language: str = "JSONPath"
    tasks_of_pass: frozenset[str] = field(default_factory=frozenset)
    results: Mapping[str, Value] = field(default_factory=dict)

    def scope(
        self,
        scope: StateMachine | Branch,
        document: Value = INPUT,
        context: Value = CONTEXT,
        variables: Variables | None = None,
    ) -> ScopeFlow:
        """Evaluate the states of a scope, which has no loop.

        Args:
            scope: the machine, a branch or an item processor.
            document: its input.
            context: the context object.
            variables: the variables of the scopes around.
        """
        edges = {name: successors(state) for name, state in scope.states.items()}
        arrivals = {scope.start_at: [Arrival(None, Handover(document, variables or {}))]}
        ends: list[tuple[Source | None, Value]] = []
        flows: dict[str, StateFlow] = {}
        order = {name: position for position, name in enumerate(flow_order(scope.start_at, edges))}
        for name in order:
            way = _merge(_latest_first(arrivals[name]))
            flow = flows[name] = self.state(name, scope.states[name], way, context)
            differing = _differing_targets(flow)
            for number, (target, out) in enumerate(flow.ways):
                mark = self._mark(flow, number, differing) or _inherited_mark(flow, arrivals[name])
                if target:
                    position = order.get(mark.state if mark is not None else name, order[name])
                    is_caught = mark.kind == "error" if mark is not None else number > 0
                    arrivals.setdefault(target, []).append(Arrival(mark, out, position, is_caught))
                elif not isinstance(flow.state, Fail):
                    ends.append((mark, out.document))
        output = one_of(ends) if ends else Absent("no way through these states ends without an error")
        entry = Handover(document, variables or {})
        return ScopeFlow(scope.start_at, flows, output, entry, context, scope)

    def _mark(self, flow: StateFlow, number: int, differing: set[str]) -> Source | None:
        """Return the result or error that a state has exactly where it takes its way of a number."""
        if isinstance(flow.state, LoopPart):
            return loop_result(flow.name) if len(flow.ways) == 1 else None
        if isinstance(flow.state, ExactPart):
            return Source("exit", flow.name, flow.ways[number][0])
        if isinstance(flow.state, Choice):
            target = flow.ways[number][0]
            return Source("choice", flow.name, target) if target not in differing else None
        if number > 0 and isinstance(flow.state, Task):
            several = len(flow.state.catch or ()) > 1
            return Source("error", flow.name, str(number - 1) if several else "")
        is_result = flow.state.type in ("Task", "Map") or flow.name in self.tasks_of_pass
        return Source("result", flow.name) if is_result and number == 0 else None

    def state(self, name: str, state: State | ExactPart, way: Handover, context: Value) -> StateFlow:
        """Evaluate one state with what arrives at it."""
        if isinstance(state, ExactPart):
            return self._exact_part(name, state, way, context)
        language = getattr(state, "query_language", None) or self.language
        # What else the context object has of a state is known only in a run.
        known = (("Name", constant(name)), ("EnteredTime", Source("entered_time", name)))
        inner = Object((("State", Object(known, Member(context, "State"))),), context)
        environment = Environment(way.document, _context(inner, context), way.variables)
        evaluate = self._jsonata_state if language == "JSONata" else self._jsonpath_state
        return evaluate(name, state, way, environment)

    def _exact_part(self, name: str, part: ExactPart, way: Handover, context: Value) -> StateFlow:
        """Evaluate states that stay exact: what comes of them is known only in a run."""
        result = loop_result(name) if isinstance(part, LoopPart) else Source("result", name)
        known = Source("variables", name)
        ways = []
        for target in (*part.exits, *([""] if part.ends else [])):
            assigned: Variables = {variable: Member(known, variable) for variable in part.assigned(target)}
            ways.append((target, Handover(result, way.variables | assigned)))
        names = part.variables
        read = {variable: value for variable, value in way.variables.items() if variable in names}
        environment = Environment(way.document, context, read)
        loops = (part.scope,) if isinstance(part, LoopPart) else ()
        scopes = tuple(self.scope(loop, way.document, context, way.variables) for loop in loops)
        return StateFlow(name, part, self.language, environment, way.document, result, tuple(ways), scopes)

    def _jsonpath_state(self, name: str, state: State, way: Handover, environment: Environment) -> StateFlow:
        selected = _selected(getattr(state, "input_path", "$"), environment)
        inside = Environment(selected, environment.context, way.variables)
        parameters = getattr(state, "parameters", None)
        effective = selected if parameters is None else bounded(template_value(parameters, inside))
        if isinstance(state, Map):
            effective = _items(state, path_value(state.items_path, inside))
        scopes = self._scopes(name, state, inside, effective, way.variables)
        raw, result = self._result(name, state, effective, scopes, inside)
        written = _written(way.document, getattr(state, "result_path", "$"), result)
        if isinstance(state, Choice | Succeed):
            written = selected
        after = Environment(written, environment.context, way.variables)
        output = _selected(getattr(state, "output_path", "$"), after)
        variables = way.variables | _assigned(
            getattr(state, "assign", None), Environment(raw, environment.context, way.variables)
        )
        ways = [(target, Handover(output, variables)) for target in _targets(state)]
        ways += [(catcher.next, self._caught(name, catcher, way, environment)) for catcher in _catchers(state)]
        if isinstance(state, Choice):
            ways = [
                (rule.next or "", Handover(output, way.variables | _assigned(rule.assign, inside)))
                for rule in state.choices
            ]
            ways += [(state.default, Handover(output, variables))] if state.default is not None else []
        return StateFlow(name, state, "JSONPath", inside, effective, output, tuple(ways), scopes)

    def _caught(self, name: str, catcher: Catcher, way: Handover, environment: Environment) -> Handover:
        error = error_output(name)
        inside = Environment(error, environment.context, way.variables)
        document = _written(way.document, catcher.result_path, error)
        return Handover(document, way.variables | _assigned(catcher.assign, inside))

    def _result(
        self, name: str, state: State, effective: Value, scopes: tuple[ScopeFlow, ...], environment: Environment
    ) -> tuple[Value, Value]:
        """Return the result of a state, and that result after ResultSelector."""
        raw: Value = effective
        if isinstance(state, Pass):
            raw = constant(state.result) if "result" in state.model_fields_set else effective
            raw = Source("result", name) if name in self.tasks_of_pass else raw
        elif isinstance(state, Map) and scopes[0].output == Source("item", name):
            raw = effective  # each item is handed on as it is
        elif isinstance(state, Parallel):
            raw = Array(tuple(scope.output for scope in scopes))
        elif state.type in ("Task", "Map"):
            raw = Source("result", name)
        raw = self.results.get(name, raw)
        selector = getattr(state, "result_selector", None)
        if selector is None:
            return raw, raw
        inside = Environment(raw, environment.context, environment.variables)
        return raw, bounded(template_value(selector, inside))

    def _jsonata_state(self, name: str, state: State, way: Handover, environment: Environment) -> StateFlow:
        arguments = getattr(state, "arguments", None)
        effective = way.document if arguments is None else bounded(jsonata_template_value(arguments, environment))
        if isinstance(state, Map):
            made = way.document if state.items is None else jsonata_template_value(state.items, environment)
            effective = _items(state, made)
        scopes = self._scopes(name, state, environment, effective, way.variables)
        result, _ = self._result(name, state, way.document, scopes, environment)
        after = Environment(way.document, environment.context, way.variables, result=result)
        plain = way.document if isinstance(state, Choice | Succeed) or state.type == "Wait" else result
        out = _jsonata_way(state, plain, after)
        ways = [(target, out) for target in _targets(state)]
        for catcher in _catchers(state):
            error = error_output(name)
            failed = Environment(way.document, environment.context, way.variables, error=error)
            ways.append((catcher.next, _jsonata_way(catcher, error, failed)))
        if isinstance(state, Choice):
            ways = [(rule.next or "", _jsonata_way(rule, way.document, environment)) for rule in state.choices]
            ways += [(state.default, out)] if state.default is not None else []
        return StateFlow(name, state, "JSONata", environment, effective, out.document, tuple(ways), scopes)

    def _scopes(
        self, name: str, state: State, environment: Environment, effective: Value, variables: Variables
    ) -> tuple[ScopeFlow, ...]:
        if isinstance(state, Parallel):
            return tuple(self.scope(branch, effective, environment.context, variables) for branch in state.branches)
        if not isinstance(state, Map):
            return ()
        item = Object((("Index", Source("item_index", name)), ("Value", Source("item", name))))
        context = Object((("Map", Object((("Item", item),))),), environment.context)
        selector = state.item_selector if state.item_selector is not None else state.parameters
        inside = Environment(environment.document, context, variables)
        document: Value = Source("item", name)
        if selector is not None:
            is_jsonata = (state.query_language or self.language) == "JSONata"
            document = bounded((jsonata_template_value if is_jsonata else template_value)(selector, inside))
        return (self.scope(state.body, document, context, {} if state.distributed else variables),)


def _latest_first(arrivals: list[Arrival]) -> list[Arrival]:
    """Return the ways to a state so that the first of which the mark is there was taken.

    An error stays after it was caught: the execution may go on, and come here by a later state. So later states go
    first where there are errors of earlier ones.
    """
    if any(first.is_caught and first.position != second.position for first, second in pairwise(arrivals)):
        return sorted(arrivals, key=lambda arrival: arrival.position, reverse=True)
    return arrivals


def _differing_targets(flow: StateFlow) -> set[str]:
    """Return the states to which ways of a state lead that bring different data."""
    firsts: dict[str, Handover] = {}
    return {target for target, way in flow.ways if firsts.setdefault(target, way) != way}


def _inherited_mark(flow: StateFlow, arrivals: list[Arrival]) -> Source | None:
    """Return the mark of the only way to a state that has only one way on: it marks that one, too."""
    return arrivals[0].mark if len(arrivals) == 1 and len(flow.ways) == 1 else None


def _context(inner: Object, context: Value) -> Value:
    """Return the context object with the name of the state, which is known."""
    if isinstance(context, Object):
        return Object((*context.members, *inner.members), context.base)
    return inner


def _merge(arrivals: list[Arrival]) -> Handover:
    """Return with what a state starts; a variable that some of the ways set alone is one that nobody can say."""
    names = dict.fromkeys(name for arrival in arrivals for name in arrival.way.variables)
    variables: Variables = {}
    for name in names:
        unset = Unresolved(f"{UNSET} {name}")
        is_set = all(name in arrival.way.variables for arrival in arrivals)
        variables[name] = one_of((each.mark, each.way.variables[name]) for each in arrivals) if is_set else unset
    return Handover(one_of((arrival.mark, arrival.way.document) for arrival in arrivals), variables)


def _items(state: Map, value: Value) -> Value:
    """Return what a Map takes its items from: of an object a distributed one alone."""
    return value if state.distributed else no_object(value)


def _selected(path: str | None, environment: Environment) -> Value:
    """Return what InputPath or OutputPath selects; null selects an empty object."""
    return EMPTY if path is None else path_value(path, environment)


def _written(document: Value, path: str | None, value: Value) -> Value:
    """Return the document after ResultPath; null leaves it as it is."""
    if path is None:
        return document
    try:
        selectors = parse_path(path).selectors
    except PathSyntaxError:  # lint accepts a placeholder in it
        return Unresolved(f"the path {path} has a placeholder without a value")
    keys: tuple[Key, ...] = tuple(key for key in selectors if isinstance(key, str | int))
    return bounded(write(document, keys, value))


def _assigned(assign: object, environment: Environment) -> Variables:
    value = template_value(assign, environment) if isinstance(assign, dict) else EMPTY
    return _variables(value)


def _variables(assigned: Value) -> Variables:
    return {name: bounded(value) for name, value in assigned.members} if isinstance(assigned, Object) else {}


def _jsonata_way(fields: object, plain: Value, environment: Environment) -> Handover:
    """Return the way out with Output and Assign of a state, a catcher or a rule."""
    output, assign = getattr(fields, "output", None), getattr(fields, "assign", None)
    document = plain if output is None else bounded(jsonata_template_value(output, environment))
    assigned = jsonata_template_value(assign, environment) if isinstance(assign, dict) else EMPTY
    return Handover(document, environment.variables | _variables(assigned))


def _targets(state: State) -> tuple[str, ...]:
    return (getattr(state, "next", None) or "",)


def _catchers(state: State) -> tuple[Catcher, ...]:
    return tuple(getattr(state, "catch", ()))
