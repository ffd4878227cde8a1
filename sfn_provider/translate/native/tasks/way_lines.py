"""Writes the statements that use a value which depends on the branch that a run has taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sfn_provider.translate.native.data_flow.values import (
    Array,
    Call,
    Key,
    Object,
    OneOf,
    Source,
    Value,
    parts_of,
    walk,
)
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import if_lines, indented, statement_lines
from sfn_provider.translate.native.expressions.writer import common_error, ordered_alternatives, whole_error
from sfn_provider.translate.native.tasks.task_names import RESERVED
from sfn_provider.translate.plan import naming

_MOST_WAYS = 24
"""The largest number of ways among whose values statements choose."""

_ATTRIBUTE_TYPES = frozenset({"S", "N", "B", "BOOL", "L", "M", "SS", "NS", "BS", "NULL"})
"""Names of members that say the type of an attribute of DynamoDB: its own name is the one around."""

_CONTEXT_TEXT = """
conf dag dag_run data_interval_end data_interval_start ds ds_nodash exception execution_date expanded_ti_count inlets
inlet_events logical_date macros map_index_template outlets outlet_events params prev_ds reason run_id task
task_instance task_instance_key_str templates_dict test_mode ti triggering_asset_events ts ts_nodash var
"""
_CONTEXT_NAMES = frozenset(_CONTEXT_TEXT.split())
"""What Airflow gives a function by name.

Source: https://airflow.apache.org/docs/apache-airflow/stable/templates-ref.html
"""

_MOST_LOCALS = 3
"""The largest number of parts that may differ where the rest of a value is written once."""

Use = Callable[[Value, int], list[str]]
"""Returns the lines that do something with a value, in a width of columns: ``return``, ``raise``."""

Alternative = tuple[Source | None, Value]
"""A mark that says whether a way was taken, and the value then; the last way needs none."""


def lines_by_way(value: Value, writer: PythonWriter, use: Use, width: int, taken: Collection[str] = ()) -> list[str]:
    """Return the lines that use a value, whichever way was taken.

    Where the values of all ways are the same but for a few parts, these are put into variables first.

    Args:
        value: the value.
        writer: writes expressions.
        use: writes what is done with it.
        width: columns of a line.
        taken: variables that the function has for something else.

    Raises:
        NotNative: nothing says which way was taken.
    """
    value = by_way(value)
    if not isinstance(value, OneOf) or common_error(value) is not None:
        return use(value, width)
    ways = ordered_alternatives(value, _MOST_WAYS)
    shape = _Shape({*writer.named.values(), *RESERVED, *_CONTEXT_NAMES, *taken})
    common = shape.common([entry for _, entry in ways])
    if shape.is_useful(common):
        lines = _locals(ways, shape, writer, width)
        with local_values(writer, shape.parts):
            return [*lines, *use(common, width)]
    lines = []
    for mark, alternative in ways[:-1]:
        if mark is not None:
            inner = lines_by_way(alternative, writer, use, width - 4, taken)
            test = writer.was_taken(mark)
            lines += [*if_lines(test, test.replace(" == ", "\n== ").split("\n"), width), *indented(inner)]
    return [*lines, *lines_by_way(ways[-1][1], writer, use, width, taken)]


@dataclass(slots=True)
class _Shape:
    """What the values of several ways have in common.

    Args:
        taken: variables that are there for something else.
        parts: the values of each part that differs, one for each way, by the name of its variable.
    """

    taken: set[str]
    parts: dict[str, list[Value]] = field(default_factory=dict)

    def common(self, values: list[Value], name: str = "data") -> Value:
        """Return a value with variables in the place of what differs."""
        first = values[0]
        if all(value == first for value in values):
            return first
        objects = [value for value in values if isinstance(value, Object) and whole_error(value) is None]
        names = {tuple(name for name, _ in value.members) for value in objects}
        if len(objects) < len(values) or len(names) > 1:
            return self._local(name, values)
        bases = [value.base for value in objects]
        if any(base != bases[0] for base in bases) and not all(isinstance(base, Source) for base in bases):
            return self._local(name, values)
        base = None if bases[0] is None else self.common([base for base in bases if base is not None])
        members = []
        for same in zip(*(value.members for value in objects), strict=True):
            key = same[0][0]
            inner = name if key in _ATTRIBUTE_TYPES else key
            members.append((key, self.common([entry for _, entry in same], inner)))
        return Object(tuple(members), base)

    def _local(self, name: str, values: list[Value]) -> Source:
        variable = naming.variable(name)
        if variable.startswith("answer") or variable.endswith("result"):
            variable += "_value"  # what functions call their arguments, and what they parse
        free = naming.free_name(variable, {*self.parts, *self.taken})
        self.parts[free] = values
        return Source("result", f"\0{free}")

    def is_useful(self, common: Value) -> bool:
        """Return whether writing the common part once is shorter than writing it for each way."""
        is_simple = not any(
            isinstance(part, OneOf) for values in self.parts.values() for value in values for part in walk(value)
        )
        shared = sum(1 for _ in walk(common)) - 1
        return is_simple and isinstance(common, Object) and len(self.parts) <= min(_MOST_LOCALS, shared)


@contextmanager
def local_values(writer: PythonWriter, names: Iterable[str]) -> Iterator[list[Source]]:
    """Let a writer know variables of the function while the context is open; it is the sources that stand for them.

    Args:
        writer: writes expressions.
        names: the variables.
    """
    find, as_argument = writer.find, writer.as_argument
    local = {f"\0{name}": name for name in names}

    def find_local(source: Source, keys: tuple[Key, ...]) -> ValuePlace:
        return ValuePlace(source.state, path=keys) if source.state in local else find(source, keys)

    writer.find = find_local
    writer.as_argument = lambda task_id: local.get(task_id) or as_argument(task_id)
    try:
        yield [Source("result", state) for state in local]
    finally:
        writer.find, writer.as_argument = find, as_argument


def _locals(ways: list[Alternative], shape: _Shape, writer: PythonWriter, width: int) -> list[str]:
    """Return the lines that set the variables for what differs."""
    tests = [writer.was_taken(mark) for mark, _ in ways[:-1] if mark is not None]
    bodies = []
    for number in range(len(ways)):
        found = {name: values[number] for name, values in shape.parts.items()}
        bodies.append(parsed_once(writer, lambda found=found: _assignments(found, writer, width - 4)))  # type: ignore[misc]
    if len(bodies) == 2 and all(len(body) == 1 for body in bodies):
        name, first = bodies[0][0].split(" = ", 1)
        line = f"{name} = {first} if {tests[0]} else {bodies[1][0].split(' = ', 1)[1]}"
        if len(line) <= width:
            return [line]
    heads = [f"{'elif' if number else 'if'} {test}:" for number, test in enumerate(tests)]
    return [line for head, body in zip([*heads, "else:"], bodies, strict=True) for line in (head, *indented(body))]


def _assignments(values: Mapping[str, Value], writer: PythonWriter, width: int) -> list[str]:
    texts = {name: writer.expression(value) for name, value in values.items()}
    return [line for name, text in texts.items() for line in statement_lines(f"{name} = ", text, width)]


def parsed_once(writer: PythonWriter, write: Callable[[], list[str]]) -> list[str]:
    """Return lines; a JSON text that they need more than once is parsed before them.

    Args:
        writer: writes expressions.
        write: writes the lines; it may be called twice.
    """
    writer.parsed = {}
    lines = write()
    repeated = [text for text, count in writer.parsed.items() if count > 1]
    if not repeated:
        return lines
    named = {text: f"answer{number or ''}" for number, text in enumerate(repeated)}
    known = writer.named
    writer.named = {**known, **named}
    lines = [*(f"{name} = {text}" for text, name in named.items()), *write()]
    writer.named = known
    return lines


def by_way(value: Value) -> Value:
    """Return a value of which several parts differ by the same ways as one that differs by them as a whole."""
    choices = [part for part in _outermost_choices(value) if common_error(part) is None]
    marks = {tuple(mark for mark, _ in part.alternatives) for part in choices}
    is_short = len(choices) == 1 and len(choices[0].alternatives) == 2 and isinstance(value, Object | Array)
    if isinstance(value, OneOf) or not choices or is_short or len(marks) > 1:
        return value
    alternatives = [(mark, _on_way(value, number)) for number, mark in enumerate(next(iter(marks)))]
    return OneOf(tuple(alternatives))


def _outermost_choices(value: Value) -> Iterator[OneOf]:
    if isinstance(value, OneOf):
        yield value
        return
    for part in parts_of(value):
        yield from _outermost_choices(part)


def _on_way(value: Value, number: int) -> Value:
    """Return a value as it is on the way of a number."""
    if isinstance(value, OneOf):
        return value.alternatives[number][1] if common_error(value) is None else value
    if isinstance(value, Object):
        members = tuple((name, _on_way(entry, number)) for name, entry in value.members)
        return Object(members, None if value.base is None else _on_way(value.base, number))
    if isinstance(value, Array):
        return Array(tuple(_on_way(item, number) for item in value.items))
    if isinstance(value, Call):
        return Call(value.name, tuple(_on_way(part, number) for part in value.arguments))
    return value
