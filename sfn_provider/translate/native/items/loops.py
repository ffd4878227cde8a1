"""Writes loops as ``while True`` in a function: what differs from round to round is in variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sfn_provider.asl.model import Fail
from sfn_provider.translate.native.data_flow.evaluation import Handover, ScopeFlow, StateFlow
from sfn_provider.translate.native.data_flow.values import (
    Key,
    Object,
    Source,
    Unresolved,
    Value,
    constant,
    read,
    reads_error,
    walk,
)
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.expressions.python_layout import statement_lines
from sfn_provider.translate.native.items.body import Finish, ItemBody, Written
from sfn_provider.translate.native.items.statements import Arrival, Branches, Case, Later, Statements, lay_out
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.parts.loop_parts import AGAIN, LEAVE, LoopPart
from sfn_provider.translate.native.routing.routes import END
from sfn_provider.translate.plan import naming

Leave = Callable[[str, Handover], Statements]
"""Returns the statements by which a loop is left to a state, with what that gets."""

_MOST_ROUNDS = 30
"""How often the states of a loop are evaluated until nothing more is found to differ from round to round."""


@dataclass(slots=True)
class _Carried:
    """What a loop carries from one round to the next.

    Args:
        way: what each round begins with.
        places: where in that the variables of the function stand: the name of a variable of the machine, empty for the
            document, and the path in it; by the source that stands for the variable.
    """

    way: Handover
    places: dict[Source, tuple[str, tuple[Key, ...]]] = field(default_factory=dict)


@dataclass(slots=True)
class LoopBody(ItemBody):
    """Writes the body of a function in which states may be loops.

    Args:
        splits: whether objects of which rounds have different members are carried member by member: those that some
            rounds lack cannot be read before they are written, nor can the object as a whole.
    """

    splits: bool = False
    _carried: dict[str, _Carried] = field(default_factory=dict)
    _leaving: list[Leave] = field(default_factory=list)

    def loop_lines(self, part: LoopPart, way: Handover, is_read: bool, variables: tuple[str, ...] = ()) -> list[str]:
        """Return the lines of the function of a loop.

        It returns the document behind the loop; where several states may come next, or variables are read, ``next``
        with the name of the state, the document as ``output``, and ``variables`` by their names.

        Args:
            part: the loop.
            way: what it begins with.
            is_read: whether later tasks read the document.
            variables: the names of the machine's variables that they read.

        Raises:
            NotNative: a state cannot be said so.
        """

        def leave(target: str, way: Handover) -> Statements:
            known = tuple((name, way.variables[name]) for name in variables if name in way.variables)
            members = {
                **({"next": constant(target)} if len(part.targets) > 1 else {}),
                **({"output": way.document} if is_read else {}),
                **({"variables": Object(known)} if known else {}),
            }
            if not members:
                return ["return"]
            is_document = list(members) == ["output"] and not variables
            output = way.document if is_document else Object(tuple(members.items()))
            return [*statement_lines("return ", self.writer.expression(output), self.maker.width)]

        return self._settled(lambda: lay_out(self._while(part, self.flow.scopes[0], way, leave)))

    def _state(self, scope: ScopeFlow, flow: StateFlow, way: Handover, stop: str, finish: Finish) -> Written:
        if flow.name.startswith(LEAVE):
            return self._leaving[-1](flow.name.removeprefix(LEAVE), way), (END, [])
        if isinstance(flow.state, LoopPart):
            return self._inner(flow.state, scope, flow, way)
        return ItemBody._state(self, scope, flow, way, stop, finish)

    def _inner(self, part: LoopPart, scope: ScopeFlow, flow: StateFlow, way: Handover) -> Written:
        """Write a loop within other states: it is left by ``break``, to where the function returns, or by a failure."""
        failures = {name for name in part.targets if isinstance(scope.model.states.get(name), Fail)}
        behind = [name for name in part.targets if not name.startswith(LEAVE) and name not in failures]
        if len(behind) > 1:
            raise NotNative("its loop stands within others, and leads to several states", part.name)
        exits: list[Arrival] = []

        def leave(target: str, way: Handover) -> Statements:
            if target.startswith(LEAVE):
                return self._leaving[0](target.removeprefix(LEAVE), way)
            if target in failures:
                failing = self.evaluator.state(target, scope.model.states[target], way, scope.context)
                return self._state(scope, failing, way, END, lambda output: [])[0]
            exits.append(Arrival([], self.maker.width, way))
            return [Later(exits[-1].body), "break"]

        body = self._while(part, flow.scopes[0], way, leave, exits.clear)
        if not exits:
            return body, (END, [])
        return body, (behind[0], self._merged(f"{part.name}\0behind", exits))

    def _while(
        self, part: LoopPart, scope: ScopeFlow, way: Handover, leave: Leave, begin: Callable[[], None] = lambda: None
    ) -> Statements:
        """Write a loop; ``begin`` is called each time before its states are written."""
        again = AGAIN + part.name
        carried = self._carried.setdefault(part.name, _Carried(way))
        if carried.way is not way and not carried.places:
            carried.way = way
        for source in carried.places:
            self._places[source] = ValuePlace(source.state)

        def end(output: Value) -> list[str]:
            return lay_out(leave("", Handover(output, {})))

        self._leaving.append(leave)
        for _ in range(_MOST_ROUNDS):
            known = {*self.used}, {name: dict(paths) for name, paths in self.calls.reads.items()}, self._count
            begin()
            with self._deeper():
                body, arrivals = self._block(scope, part.name, carried.way, again, end)
            ways = [arrival.way for arrival in arrivals]
            if not self._widen(part, carried, [way, *ways]):
                break
            self.used, self.calls.reads, self._count = known
        else:
            raise NotNative("each round of its loop makes another document", part.name)
        self._leaving.pop()
        for arrival in arrivals:
            with self.maker.in_width(arrival.width):
                arrival.body.extend(self._carry(carried, arrival.way))
        return [*self._carry(carried, way), Branches([Case(["while True:"], body)])]

    # Variables -------------------------------------------------------------------------------------------------------

    def _widen(self, part: LoopPart, carried: _Carried, ways: Sequence[Handover]) -> bool:
        """Let variables stand for what differs from round to round; return whether there are new ones."""
        before = len(carried.places)
        documents = [way.document for way in ways]
        document = self._common_value(part, carried, "", (), carried.way.document, documents)
        variables = {}
        for name, value in carried.way.variables.items():
            found = [way.variables[name] for way in ways if name in way.variables]
            variables[name] = self._common_value(part, carried, name, (), value, found)
        carried.way = Handover(document, variables)
        return len(carried.places) > before

    def _common_value(
        self, part: LoopPart, carried: _Carried, variable: str, path: tuple[Key, ...], value: Value, others: list[Value]
    ) -> Value:
        """Return the value with which each round begins."""
        if isinstance(value, Source) and value in carried.places:
            return value
        if all(other == value for other in others) and not reads_error(value):
            return value
        if isinstance(value, Object):
            objects = [other for other in others if isinstance(other, Object) and other.base == value.base]
            named = [{name for name, _ in each.members} for each in (value, *objects)]
            if len(objects) == len(others) and (self.splits or all(names == named[0] for names in named)):
                own = dict(value.members)
                members = (
                    (name, self._member(part, carried, variable, (*path, name), own[name], others))
                    if all(name in names for names in named)
                    else (name, Unresolved(f"some rounds of the loop have no member {name!r}"))
                    for name in dict.fromkeys(name for each in (value, *objects) for name, _ in each.members)
                )
                return Object(tuple(members), value.base)
        preferred = naming.variable(str(path[-1]) if path else variable or "data")
        purpose = "\0".join((part.name, "carried", variable, *map(str, path)))
        _, source = self._local(purpose, preferred)
        for known, (of, deeper) in list(carried.places.items()):
            if of == variable and deeper[: len(path)] == path:
                del carried.places[known]
        carried.places[source] = (variable, path)
        return source

    def _member(
        self, part: LoopPart, carried: _Carried, variable: str, path: tuple[Key, ...], value: Value, others: list[Value]
    ) -> Value:
        found = [read(other, (path[-1],)) for other in others]
        return self._common_value(part, carried, variable, path, value, found)

    def _carry(self, carried: _Carried, way: Handover) -> list[str]:
        """Return the lines that set the variables for the next round; all at once where one is made of another."""
        found: list[tuple[str, Source, Value]] = []
        for source, (variable, path) in carried.places.items():
            start = way.variables[variable] if variable else way.document
            value = read(start, path)
            name = self._places[source].task_id.removeprefix("\0")
            if value != source and self._is_used(name):
                found.append((name, source, value))
        sources = {source for _, source, _ in found}
        if all(sources.isdisjoint(set(walk(value)) - {own}) for _, own, value in found):
            return [line for name, _, value in found for line in self._assign(name, value)]
        names = ", ".join(name for name, _, _ in found)
        values = ", ".join(self.writer.expression(value) for _, _, value in found)
        return [*statement_lines(f"{names} = ", values, self.maker.width)]


def written_body(
    make: Callable[[bool], LoopBody], write: Callable[[LoopBody], list[str]]
) -> tuple[LoopBody, list[str]]:
    """Return the body of a function, and its lines.

    Objects that differ from round to round are carried as a whole, or, where that cannot be said, member by member.

    Args:
        make: makes the body, which splits objects or not.
        write: writes its lines.

    Raises:
        NotNative: a state cannot be said either way.
    """
    body = make(False)
    try:
        return body, write(body)
    except NotNative as refusal:
        body = make(True)
        try:
            return body, write(body)
        except NotNative:
            raise refusal from None
