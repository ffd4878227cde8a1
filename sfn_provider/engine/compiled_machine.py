"""Compiles the states of a machine, each when it is first entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from sfn_provider.asl.diagnostics import pointer, split_pointer
from sfn_provider.asl.model import Branch, Retrier, State, StateMachine
from sfn_provider.asl.state_walk import inner_scopes
from sfn_provider.engine.dataflow.data_flow import JsonataFlow, JsonPathFlow, Recorder, make_data_flow
from sfn_provider.engine.requests import CallTask


class _StateType(NamedTuple):
    """What all states of a type have in common.

    Args:
        name: the value of Type.
        entered_event: type of the event by which such a state is entered.
        exited_event: type of the event by which it is left.
        has_next: True where it can have Next.
        has_retry: True where it can have Retry.
    """

    name: str
    entered_event: str
    exited_event: str
    has_next: bool
    has_retry: bool


@cache
def _state_type(model: type[Any]) -> _StateType:
    fields = model.model_fields
    name = fields["type"].default
    return _StateType(name, f"{name}StateEntered", f"{name}StateExited", "next" in fields, "retry" in fields)


class CompiledState:
    """One state, ready to run.

    Args:
        name: the state's name.
        model: the state.
        language: the query language it is in.
        scope: JSON pointer to the object that holds the state.
        record: records what each field of its data flow makes; None where nobody asks.

    Attributes:
        type: the value of Type.
        next: name of the state that comes next; None where it ends.
        has_retry: True where the state's type can have Retry.
        distributed: True for a distributed Map.
        retriers: the state's Retry.
        fields_set: the fields that stand in the definition, by their names in the model.
        branches: of a Parallel its branches, of a Map its processor: scope and states of each.
        compiled_fields: what the handler of the state's type has compiled; None until the state first runs.
    """

    __slots__ = (
        "_data_flow",
        "_record",
        "branches",
        "compiled_fields",
        "distributed",
        "entered_event",
        "exited_event",
        "fields_set",
        "has_retry",
        "language",
        "model",
        "name",
        "next",
        "retriers",
        "scope",
        "type",
    )

    def __init__(self, name: str, model: Any, language: str, scope: str, record: Recorder | None = None) -> None:
        self.name = name
        self.model = model
        self.language = language
        self.scope = scope
        self.type, self.entered_event, self.exited_event, has_next, self.has_retry = _state_type(model.__class__)
        self.next: str | None = model.next if has_next else None
        self.retriers: tuple[Retrier, ...] = model.retry if self.has_retry else ()
        self.distributed = self.type == "Map" and model.distributed
        self.fields_set = model.model_fields_set
        self.branches: tuple[tuple[str, Branch], ...] = ()
        self.compiled_fields: Any = None
        self._data_flow: JsonPathFlow | JsonataFlow | None = None
        self._record = record

    @property
    def data_flow(self) -> JsonPathFlow | JsonataFlow:
        """How the state takes its input and makes its output.

        Raises:
            StatesError: ``States.Runtime`` if a field cannot be compiled.
        """
        if self._data_flow is None:
            self._data_flow = make_data_flow(self.language, self.model, self._record)
        return self._data_flow


class CompiledMachine:
    """The compiled states of a machine, by scope and name.

    Args:
        machine: a machine, or a part of one (a region): states that it lacks are exits.
        record: records what each field of the states' data flow makes; None where nobody asks.

    Attributes:
        check_call: raises StatesError for a task's call that cannot be made; None where calls are not checked.
    """

    def __init__(self, machine: StateMachine, record: Recorder | None = None) -> None:
        self.machine = machine
        self._record = record
        self.check_call: Callable[[CallTask], None] | None = None
        self._scopes: dict[str, tuple[Mapping[str, State], str]] = {"": (machine.states, machine.query_language)}
        self._compiled: dict[tuple[str, str], CompiledState] = {}

    def state(self, scope: str, name: str) -> CompiledState:
        """Return a state of the scope at a JSON pointer."""
        key = (scope, name)
        found = self._compiled.get(key)
        if found is None:
            states, language = self._scopes[scope]
            model = states[name]
            found = CompiledState(name, model, model.query_language or language, scope, self._record)
            self._compiled[key] = found
            if found.type in ("Parallel", "Map"):  # to ask each state takes a quarter of a transition
                found.branches = tuple(inner_scopes(model, scope + pointer("States", name)))
                for at, branch in found.branches:
                    self._scopes[at] = (branch.states, branch.query_language or language)
        return found

    def has_state(self, scope: str, name: str) -> bool:
        """Return True if the scope has a state of that name."""
        return name in self._scopes[scope][0]

    def branch(self, state: CompiledState, index: int = 0) -> tuple[str, Branch]:
        """Return the scope and the states of a Parallel's branch, or of a Map's processor."""
        return state.branches[index]

    def add_scope(self, scope: str) -> None:
        """Compile the states around a scope that a restored execution is in."""
        if scope in self._scopes:
            return
        holder, _, rest = scope.rpartition("/States/")
        self.add_scope(holder)
        self.state(holder, split_pointer("/" + rest)[0])
