"""Prepares a machine for the native style: cuts polling loops, evaluates the data."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.asl.model import Fail, Map, Parallel, Pass, StateMachine, Task, Wait
from sfn_provider.asl.state_walk import walk_scopes, walk_states
from sfn_provider.translate.native.data_flow.call_names import TEMPLATE
from sfn_provider.translate.native.data_flow.evaluation import Evaluator, ScopeFlow, StateFlow
from sfn_provider.translate.native.data_flow.jsonata import jsonata_template_value
from sfn_provider.translate.native.data_flow.templates import payload_value
from sfn_provider.translate.native.data_flow.values import INPUT, Call, OneOf, Value, constant, walk, write
from sfn_provider.translate.native.map_forms import check_map
from sfn_provider.translate.native.model import NotNative, NotPolling
from sfn_provider.translate.native.parts.exact_parts import ExactPart, replace_exact_parts
from sfn_provider.translate.native.parts.loop_parts import replace_loops
from sfn_provider.translate.native.polling import Poll, cut_polling_loops, with_later_rounds
from sfn_provider.translate.native.states.caught_errors import check_catchers
from sfn_provider.translate.native.states.conditions import rule_values
from sfn_provider.translate.native.states.credentials import role_of
from sfn_provider.translate.plan.graph import loops, successors

_SHOWN = 5
"""The most states of a loop that a reason names."""


@dataclass(frozen=True, slots=True)
class PreparedMachine:
    """A machine with its data.

    Args:
        scope: the data of the states.
        tasks_of_pass: the Pass states that are tasks of their own.
        polls: the loops that become sensors, by the name of their Task.
        parts: the states that stay exact, by the name of the first one.
        takes_any_input: whether a state that stays exact needs an input of the execution that is no object.
    """

    scope: ScopeFlow
    tasks_of_pass: frozenset[str]
    polls: Mapping[str, Poll]
    parts: Mapping[str, ExactPart]
    takes_any_input: bool = False


def prepare_machine(
    machine: StateMachine,
    templates: Mapping[str, str],
    exact: Collection[str],
    functions: Collection[str] = (),
    takes_any_input: bool = False,
) -> PreparedMachine:
    """Prepare a machine.

    Args:
        machine: the machine.
        templates: Jinja expressions in place of fields of the input, by name.
        exact: the names of states that stay exact.
        functions: the Tasks of loops that are functions, not sensors.
        takes_any_input: see `PreparedMachine`.

    Raises:
        ExceptionGroup: of `NotNative`: the states that cannot be said, with the reasons.
    """
    machine, parts = replace_exact_parts(machine, exact)
    machine, polls = cut_polling_loops(machine, functions)
    machine = replace_loops(machine)
    _check_states(machine)
    document: Value = INPUT
    for name, expression in templates.items():
        document = write(document, (name,), Call(TEMPLATE, (constant(expression), constant(name))))
    scope = Evaluator(machine.query_language).scope(machine, document)
    tasks_of_pass: frozenset[str] = frozenset()
    values = [value for flow in scope.walk() for value in (*values_of_state(flow), *rule_values(flow))]
    if any(isinstance(part, OneOf) for value in values for part in walk(value)):
        tasks_of_pass = _value_makers(scope)
        scope = Evaluator(machine.query_language, tasks_of_pass).scope(machine, document)
    polls = _follow_rounds(scope, polls, Evaluator(machine.query_language, tasks_of_pass))
    return PreparedMachine(scope, tasks_of_pass, polls, parts, takes_any_input)


def _follow_rounds(scope: ScopeFlow, polls: Mapping[str, Poll], evaluator: Evaluator) -> dict[str, Poll]:
    """Return the loops with what their Tasks work on in later rounds; raise where that goes on to differ."""
    found, problems = {}, []
    for inner in _scope_flows(scope):
        for name in inner.states:
            poll = with_later_rounds(inner, polls[name], evaluator) if name in polls else None
            if poll is not None:
                found[name] = poll
            elif name in polls:
                problems.append(NotPolling("each round of its loop makes another document", name))
    if problems:
        raise ExceptionGroup("not native", problems)
    return found


def _check_states(machine: StateMachine) -> None:
    """Raise for loops and for state types that no form is for."""
    found = []
    for _, scope in walk_scopes(machine):
        for loop in loops({name: successors(state) for name, state in scope.states.items()}):
            others = ", ".join([*loop[:_SHOWN], *([f"and {len(loop) - _SHOWN} more"] if len(loop) > _SHOWN else [])])
            found += [NotNative(f"two ways lead into the loop of {others}", name) for name in loop]
    for _, names, state in walk_states(machine):
        if isinstance(state, Map):
            try:
                check_map(state)
            except NotNative as refusal:
                found.append(NotNative(refusal.why, names[-1]))
        if isinstance(state, Parallel) and state.retry:
            found.append(NotNative("Airflow tries single tasks again, not a group of them", names[-1]))
        if isinstance(state, Parallel | Map):
            try:
                check_catchers(state)
            except NotNative as refusal:
                found.append(NotNative(refusal.why, names[-1]))
    if found:
        raise ExceptionGroup("not native", found)


def _value_makers(scope: ScopeFlow) -> frozenset[str]:
    """Return the Pass states that make a value on a way that meets others: they become tasks."""
    found: set[str] = set()
    for inner in _scope_flows(scope):
        arrivals: dict[str, list[str]] = {}
        for name, flow in inner.states.items():
            for target, _ in flow.ways:
                arrivals.setdefault(target, []).append(name)
        for names in arrivals.values():
            if len(names) > 1:
                found |= {name for name in names if _makes_value(inner.states[name])}
    return frozenset(found)


def _scope_flows(scope: ScopeFlow) -> list[ScopeFlow]:
    return [scope, *(deep for flow in scope.states.values() for inner in flow.scopes for deep in _scope_flows(inner))]


def _makes_value(flow: StateFlow) -> bool:
    state = flow.state
    if not isinstance(state, Pass) or flow.language != "JSONPath" or state.result_path is None:
        return False
    return not state.model_fields_set.isdisjoint({"result", "parameters"})


def values_of_state(flow: StateFlow) -> list[Value]:
    """Return the values that the task of a state reads."""
    if isinstance(flow.state, ExactPart):
        return [flow.effective, *flow.environment.variables.values()]
    if isinstance(flow.state, Task):
        role = role_of(flow)
        return [flow.effective, *([] if role is None else [role])]
    return _moment_reads(flow) if isinstance(flow.state, Wait | Fail) else []


def words_of_parts(scope: ScopeFlow) -> frozenset[str]:
    """Return the words in the texts of the states that read their documents by names in the run.

    These are the states that stay exact, those of loops and those of items.

    Args:
        scope: the data of the states.
    """
    states = [flow.state for flow in scope.walk() if isinstance(flow.state, ExactPart | Map)]
    parts = [state if isinstance(state, ExactPart) else ExactPart("", {"": state}, (), True) for state in states]
    texts = [text for part in parts for _, text in walk_texts(part.definition())]
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


def _moment_reads(flow: StateFlow) -> list[Value]:
    """Return the values that a Wait or a Fail reads."""
    state = flow.state
    found: list[Value] = []
    for name in ("seconds", "timestamp", "error", "cause"):
        plain, path = getattr(state, name, None), getattr(state, f"{name}_path", None)
        if path is not None:
            found.append(payload_value(path, flow.environment))
        elif isinstance(plain, str) and flow.language == "JSONata":
            found.append(jsonata_template_value(plain, flow.environment))
    return found
