"""Defines the base of what writes symbolic values as expressions, one method for each kind of value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sfn_provider.translate.native.data_flow.values import (
    ERROR_FIELDS,
    Absent,
    Array,
    Call,
    Constant,
    Key,
    Member,
    Object,
    OneOf,
    Source,
    Unresolved,
    Value,
    as_json,
    constant,
    reads_of,
    steps_of,
)
from sfn_provider.translate.native.expressions.places import Find, ValuePlace
from sfn_provider.translate.native.model import NotNative

MOST_WAYS = 4
"""The largest number of ways among whose values one expression chooses."""


@dataclass(slots=True)
class ExpressionWriter:
    """Writes values as expressions of a language.

    Args:
        find: finds where a run has what a value names.
        find_mark: finds an XCom that says whether a way was taken.
    """

    find: Find
    find_mark: Callable[[Source], ValuePlace]

    def expression(self, value: Value) -> str:
        """Return an expression.

        Raises:
            NotNative: the language cannot say the value in one expression that means the same.
        """
        start, keys = steps_of(value)
        if isinstance(start, Source):
            return self._found(self.find(start, keys))
        if isinstance(value, Member):
            return self.expression(start) + self._subscripts(keys)
        if isinstance(value, Constant):
            return self._literal(value)
        if isinstance(value, Object):
            error = whole_error(value)
            return self._object(value) if error is None else self.expression(error)
        if isinstance(value, Array):
            return f"[{', '.join(map(self.expression, value.items))}]"
        if isinstance(value, OneOf):
            return self._one_of(value)
        if isinstance(value, Call):
            return self._call(value)
        if isinstance(value, Absent | Unresolved):
            raise NotNative(value.why)
        raise TypeError(f"no expression for {value!r}")

    @staticmethod
    def plain_call(call: Call) -> Call:
        """Return a call with the arguments that Python and Jinja take.

        What says nothing is left out: that a merge is not a deep one, that an object may be a text.

        Raises:
            NotNative: the call means what it means only with arguments that are known only in a run.
        """
        *others, last = call.arguments or (call,)
        known = last.value if isinstance(last, Constant) else None
        if call.name == "$string" and isinstance(last, Object | Array):
            return Call("States.JsonToString", call.arguments)
        if call.name == "States.JsonMerge" and known is False:
            return Call(call.name, tuple(others))
        if call.name == "States.StringSplit" and not (isinstance(known, str) and len(known) == 1):
            raise NotNative(
                "States.StringSplit at several characters, or at what is known only in a run, has no Python"
            )
        if call.name == "States.ArrayRange" and len(call.arguments) == 3:
            return Call(call.name, _range_arguments(*call.arguments))
        return call

    @staticmethod
    def name_of(call: Call) -> str:
        """Return how a message names a function, or an operator of JSONata."""
        return call.name if call.name.startswith(("$", "States.")) else f"the operator {call.name}"

    def _possible(self, value: Value) -> str:
        """Return the expression of an object to which members are added, and which is made where it is missing."""
        start, keys = steps_of(value)
        if not keys or not isinstance(start, Source):
            return self.expression(value)
        place = self.find(start, keys)
        if place.value is not None:
            return self.expression(place.value)
        text = self._found(replace(place, path=()))
        for key in place.path:
            if isinstance(key, int):
                raise NotNative("a member is added to an object in an array, which may not be there")
            text += f".get({self._literal(Constant(key, 'str'))}, {{}})"
        return text

    def error_tasks(self, sources: Iterable[Source]) -> list[str]:
        """Return the ids of the tasks that have some errors; of a Parallel's those of its Tasks."""
        found: dict[str, None] = {}
        for source in sources:
            place = self.find(source, ())
            inner = [] if place.value is None else [start for start, _ in reads_of(place.value)]
            found |= dict.fromkeys(self.error_tasks(inner) if inner else [place.task_id])
        return list(found)

    def _found(self, place: ValuePlace) -> str:
        raise NotImplementedError

    def _subscripts(self, keys: tuple[Key, ...]) -> str:
        raise NotImplementedError

    def _literal(self, value: Constant) -> str:
        raise NotImplementedError

    def _object(self, value: Object) -> str:
        raise NotImplementedError

    def _one_of(self, value: OneOf) -> str:
        raise NotImplementedError

    def _call(self, call: Call) -> str:
        raise NotImplementedError


def each_of(call: Call) -> tuple[Value, tuple[Key, ...]]:
    """Return the array, and the steps in each item, of a call of `MEMBER_OF_EACH`."""
    array, *names = call.arguments
    return array, tuple(as_json(name) for name in names)


def slice_of(call: Call) -> str:
    """Return the subscript of a call of `SLICE`, for Python and for Jinja."""
    start, end = ("" if (side := as_json(part)) is None else str(side) for part in call.arguments[1:])
    return f"[{start}:{end}]"


def _range_arguments(first: Value, last: Value, step: Value) -> tuple[Value, ...]:
    """Return the arguments of Python's range, which ends before its end.

    Raises:
        NotNative: the step is known only in a run, or none.
    """
    width = step.value if isinstance(step, Constant) else 0
    if type(width) is not int or not width:
        raise NotNative("the step of States.ArrayRange is known only in a run")
    beyond = 1 if width > 0 else -1
    end: Value = Call("+" if beyond > 0 else "-", (last, constant(1)))
    if isinstance(last, Constant) and type(last.value) is int:
        end = constant(last.value + beyond)
    return (first, end) if width == 1 else (first, end, step)


def whole_error(value: Object) -> Source | None:
    """Return the error of which an object has all members; None for other objects."""
    bases = {steps_of(entry)[0] for _, entry in value.members}
    [base] = bases if len(bases) == 1 else [None]
    if value.base is not None or not isinstance(base, Source) or base.kind != "error":
        return None
    is_whole = value.members == tuple((name, Member(base, name)) for name in ERROR_FIELDS)
    return base if is_whole else None


def ordered_alternatives(value: OneOf, most: int = MOST_WAYS) -> list[tuple[Source | None, Value]]:
    """Return the alternatives, those with a mark first, one without last.

    Args:
        value: the value.
        most: the largest number of them.

    Raises:
        NotNative: more than one way has no mark, or there are too many.
    """
    found = [(mark, entry) for mark, entry in value.alternatives if not isinstance(entry, Absent)]
    for mark, absent in value.alternatives:
        if isinstance(absent, Absent) and not all(_is_missing(entry, own, mark) for own, entry in found):
            raise NotNative(f"on one of the ways to it {absent.why}")
    unmarked = {entry for mark, entry in found if mark is None}
    if len(unmarked) > 1 or not found:
        raise NotNative("ways that meet here build the value differently, and nothing says which was taken")
    if len(found) > most:
        raise NotNative(f"{len(found)} ways that meet here build the value differently")
    marked = [(mark, entry) for mark, entry in found if mark is not None]
    marked.sort(key=lambda entry: entry[0].kind == "choice")
    if len({mark for mark, _ in marked}) < len(marked):  # several catchers of one Task
        raise NotNative("ways that meet here build the value differently, and nothing says which was taken")
    return [*marked, *((None, entry) for entry in unmarked)]


def _is_missing(value: Value, own: Source | None, other: Source | None) -> bool:
    """Return whether a way lacks a value of another one: it fails there, where it is read, as it should.

    Args:
        value: the value.
        own: the mark of the way that has it.
        other: the mark of the way in question.
    """
    sources = [source for source, _ in reads_of(value)]
    failed = other.state if other is not None and other.kind == "error" else None
    return any(source.kind != "input" and (source == own or source.state == failed) for source in sources)


def common_error(value: OneOf) -> tuple[list[Source], tuple[Key, ...]] | None:
    """Return the errors of which each alternative reads the same path, the latest first, with that path.

    None where the first that is there may not be the one: what came after an error that was caught may have failed,
    too, without a part in the value.
    """
    whole = [whole_error(entry) if isinstance(entry, Object) else None for _, entry in value.alternatives]
    found = [
        steps_of(entry if error is None else error) for error, (_, entry) in zip(whole, value.alternatives, strict=True)
    ]
    sources = [start for start, _ in found if isinstance(start, Source) and start.kind == "error"]
    if len(sources) < len(found) or len({keys for _, keys in found}) > 1:
        return None
    is_last = all(
        mark is None or (mark.kind == "error" and mark.state == source.state)
        for (mark, _), source in zip(value.alternatives, sources, strict=True)
    )
    return (sources, found[0][1]) if is_last else None
