"""Compiles the states of a machine, each when it is first entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sfn_provider.asl.diagnostics import pointer, split_pointer
from sfn_provider.asl.model import Branch, Map, Parallel, State, StateMachine
from sfn_provider.engine.dataflow.data_flow import JsonataFlow, JsonPathFlow, Recorder, make_data_flow
from sfn_provider.engine.requests import CallTask


class CompiledState:
    """One state, ready to run.

    Args:
        name: the state's name.
        model: the state.
        language: the query language it is in.
        scope: JSON pointer to the object that holds the state.
        record: records what each field of its data flow makes; None where nobody asks.

    Attributes:
        next: name of the state that comes next; None where it ends.
        has_retry: True where the state's type can have Retry.
        compiled_fields: what the handler of the state's type has compiled; None until the state first runs.
    """

    __slots__ = (
        "_data_flow",
        "_record",
        "compiled_fields",
        "entered_event",
        "exited_event",
        "has_retry",
        "language",
        "model",
        "name",
        "next",
        "scope",
    )

    def __init__(self, name: str, model: State, language: str, scope: str, record: Recorder | None = None) -> None:
        self.name = name
        self.model: Any = model
        self.language = language
        self.scope = scope
        self.next: str | None = getattr(model, "next", None)
        self.entered_event = f"{model.type}StateEntered"
        self.exited_event = f"{model.type}StateExited"
        self.has_retry = hasattr(model, "retry")
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
            self._data_flow = make_data_flow(self.language, explicit_fields(self.model))
            if self._record is not None:
                self._data_flow.observe(self._record)
        return self._data_flow


def explicit_fields(model: Any) -> dict[str, Any]:
    """Return the fields that stand in the definition, by their names in the model."""
    return {name: getattr(model, name) for name in model.model_fields_set}


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
            language = getattr(model, "query_language", None) or language
            found = CompiledState(name, model, language, scope, self._record)
            self._compiled[key] = found
            self._add_scopes(found)
        return found

    def has_state(self, scope: str, name: str) -> bool:
        """Return True if the scope has a state of that name."""
        return name in self._scopes[scope][0]

    def branch(self, state: CompiledState, index: int = 0) -> tuple[str, Branch]:
        """Return the scope and the states of a Parallel's branch, or of a Map's processor."""
        model = state.model
        if isinstance(model, Parallel):
            return state.scope + pointer("States", state.name, "Branches", index), model.branches[index]
        if isinstance(model, Map):
            field = "ItemProcessor" if model.item_processor else "Iterator"
            return state.scope + pointer("States", state.name, field), model.body
        raise TypeError(f"a {model.type} state has no branches")

    def add_scope(self, scope: str) -> None:
        """Compile the states around a scope that a restored execution is in."""
        if scope in self._scopes:
            return
        holder, _, rest = scope.rpartition("/States/")
        self.add_scope(holder)
        self.state(holder, split_pointer("/" + rest)[0])

    def _add_scopes(self, state: CompiledState) -> None:
        model, language = state.model, self._scopes[state.scope][1]
        for index in range(len(model.branches) if isinstance(model, Parallel) else isinstance(model, Map)):
            scope, branch = self.branch(state, index)
            self._scopes[scope] = (branch.states, branch.query_language or language)
