"""A state machine made ready to run: each state compiled once, when it is first entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.model import Branch, Map, Parallel, State, StateMachine
from sfn_provider.engine.dataflow.flow import make_flow

if TYPE_CHECKING:
    from sfn_provider.engine.requests import CallTask


class Compiled:
    """One state, ready to run.

    Args:
        name: the state's name.
        model: the state.
        language: the query language it is in.
        scope: JSON pointer to the object that holds the state.

    Attributes:
        next: name of the state that comes next; None where it ends.
        retries: True where the state's type can have Retry.
        flow: the state's data flow.
        behaviour: what the functions of the state's type keep to run it again.
    """

    __slots__ = (
        "behaviour",
        "entered_event",
        "exited_event",
        "flow",
        "language",
        "model",
        "name",
        "next",
        "retries",
        "scope",
    )

    def __init__(self, name: str, model: State, language: str, scope: str) -> None:
        self.name = name
        self.model: Any = model
        self.language = language
        self.scope = scope
        self.next: str | None = getattr(model, "next", None)
        self.entered_event = f"{model.type}StateEntered"
        self.exited_event = f"{model.type}StateExited"
        self.flow = make_flow(language, given_fields(model))
        self.retries = hasattr(model, "retry")
        self.behaviour: Any = None  # set by the function for its type when it first runs


def given_fields(model: Any) -> dict[str, Any]:
    """The fields that the definition gives, by their names in the model."""
    return {name: getattr(model, name) for name in model.model_fields_set}


class Program:
    """The compiled states of a machine, found by scope and name.

    Args:
        machine: a machine, or a part of one (a region): names of states that it lacks are ways out of it.

    Attributes:
        check: refuses a task's call before the task starts, by a StatesError; None where nobody knows what is called.
    """

    def __init__(self, machine: StateMachine) -> None:
        self.machine = machine
        self.check: Callable[[CallTask], None] | None = None
        self._scopes: dict[str, tuple[Mapping[str, State], str]] = {"": (machine.states, machine.query_language)}
        self._compiled: dict[tuple[str, str], Compiled] = {}

    def state(self, scope: str, name: str) -> Compiled:
        """Compile the state ``name`` of the scope at a JSON pointer, once."""
        key = (scope, name)
        found = self._compiled.get(key)
        if found is None:
            states, language = self._scopes[scope]
            model = states[name]
            found = Compiled(name, model, getattr(model, "query_language", None) or language, scope)
            self._compiled[key] = found
            self._add_scopes(found)
        return found

    def has(self, scope: str, name: str) -> bool:
        """Is there such a state?"""
        return name in self._scopes[scope][0]

    def branch(self, state: Compiled, place: int = 0) -> tuple[str, Branch]:
        """The scope and the states of a Parallel's branch, or of a Map's processor."""
        model = state.model
        if isinstance(model, Parallel):
            return state.scope + pointer("States", state.name, "Branches", place), model.branches[place]
        if isinstance(model, Map):
            field = "ItemProcessor" if model.item_processor else "Iterator"
            return state.scope + pointer("States", state.name, field), model.body
        raise TypeError(f"a {model.type} state has no branches")

    def resume(self, scope: str) -> None:
        """Make a scope known that a restored execution is in: its ancestors are compiled on the way."""
        if scope in self._scopes:
            return
        holder, _, rest = scope.rpartition("/States/")
        self.resume(holder)
        name = rest.split("/")[0].replace("~1", "/").replace("~0", "~")
        self.state(holder, name)

    def _add_scopes(self, state: Compiled) -> None:
        model, language = state.model, self._scopes[state.scope][1]
        places = range(len(model.branches)) if isinstance(model, Parallel) else range(isinstance(model, Map))
        for place in places:
            scope, branch = self.branch(state, place)
            self._scopes[scope] = (branch.states, branch.query_language or language)
