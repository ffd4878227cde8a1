"""Finds values for what expressions compute from, so that they come to what a rule asks for.

Intrinsic functions are solved backwards; JSONata expressions are read, and values tried that they compare with.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from sfn_provider.asl.definition_index.expression_walk import JsonataUse, PathUse
from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonpath.syntax import end_of_path, parse_path
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.cases.choice_rules import PRESENT, expression_values
from sfn_provider.compare.cases.data.list_values import MAX_ENTRIES, fits_kind, make_lists, make_texts
from sfn_provider.compare.machine_analysis.data_read_types import EACH
from sfn_provider.compare.machine_analysis.data_reads import path_steps
from sfn_provider.compare.machine_analysis.jsonata_reads import expression_reads

Suggestion = dict[str, Json]
"""Values for members, by the member's name; MISSING for one that should not be there."""

_TOKEN: Final = re.compile(r"\s*(?:(States\.\w+)\s*\(|'((?:[^'\\]|\\.)*)'|([^\s,()']+)|([,()]))", re.DOTALL)
_FILTER: Final = re.compile(r"\[\?\(\s*@\.(\w+)\s*==\s*('[^'\"]*'|[\w.-]+)\s*\)\]\Z")
_OTHER: Final = "sample"

Argument = Any
"""A path as `_Path`, a call as `_Call`, else a literal."""


class _Path(str):
    """The text of a path."""

    __slots__ = ()


class _Call(tuple[str, tuple[Argument, ...]]):
    """The name of a function and its arguments."""

    __slots__ = ()


def parse_call(text: str) -> Argument:
    """Parse a path or a call of an intrinsic function that the linter has accepted."""
    found, _ = _parse(text, 0)
    return found


def _parse(text: str, position: int) -> tuple[Argument, int]:
    stripped = position + len(text[position:]) - len(text[position:].lstrip())
    if text.startswith("$", stripped):
        end = end_of_path(text, stripped)
        return _Path(text[stripped:end].rstrip()), end
    token = _TOKEN.match(text, position)
    if token is None:
        raise ValueError(f"not an argument: {text[position:]!r}")
    if token[1] is not None:
        return _parse_arguments(token[1], text, token.end())
    if token[2] is not None:
        return re.sub(r"\\(.)", r"\1", token[2]), token.end()
    return json.loads(token[3] or ""), token.end()


def _parse_arguments(name: str, text: str, position: int) -> tuple[_Call, int]:
    arguments: list[Argument] = []
    while True:
        rest = text[position:].lstrip()
        position = len(text) - len(rest)
        if not rest:
            raise ValueError(f"the call of {name} has no end")
        if rest[0] == ")":
            return _Call((name, tuple(arguments))), position + 1
        if rest[0] == ",":
            position += 1
            continue
        argument, position = _parse(text, position)
        arguments.append(argument)


def solve(text: str, target: Json) -> list[Suggestion]:
    """Return values for the members that a path or an intrinsic call reads, so that it comes to a target.

    Args:
        text: the path or the call.
        target: what it should come to.
    """
    with suppress(ValueError, TypeError, KeyError, IndexError):
        return list(_solve(parse_call(text), target))
    return []


def _solve(argument: Argument, target: Json) -> Iterator[Suggestion]:
    if isinstance(argument, _Path):
        name = _member_name(argument)
        if name is not None:
            yield {name: target}
    elif isinstance(argument, _Call):
        name, arguments = argument
        solver = _SOLVERS.get(name)
        if solver is not None:
            yield from solver(arguments, target)


def _member_name(path: str) -> str | None:
    """The last member that a path names before a filter."""
    names = [step for step in path_steps(parse_path(path).selectors) if isinstance(step, str) and step != EACH]
    return names[-1] if names else None


def _array_length(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
    if is_number(target) and 0 <= target <= MAX_ENTRIES:
        yield from _solve(arguments[0], [_filtered_entry(arguments[0])] * int(target))


def _filtered_entry(path: Argument) -> Json:
    """An entry that the filter at the end of a path takes, where it compares one member with a literal."""
    found = _FILTER.search(path) if isinstance(path, _Path) else None
    return {found[1]: json.loads(found[2].replace("'", '"'))} if found is not None else _OTHER


def _array_contains(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
    entries, value = arguments
    if not isinstance(value, _Path | _Call):
        yield from _solve(entries, [value] if target is True else [_OTHER, "other"])
        return
    for one in _solve(entries, [_OTHER]):
        for other in _solve(value, _OTHER if target is True else "other"):
            yield {**one, **other}


def _math_add(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
    if not is_number(target):
        return
    one, other = arguments
    if is_number(other):
        yield from _solve(one, target - other)
    elif is_number(one):
        yield from _solve(other, target - one)
    else:
        for first in _solve(one, target):
            for second in _solve(other, 0):
                yield {**first, **second}


def _format(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
    template, *values = arguments
    if not isinstance(template, str) or isinstance(template, _Path) or not isinstance(target, str):
        return
    matched = re.fullmatch("(.*?)".join(map(re.escape, template.split("{}"))), target, re.DOTALL)
    if matched is None:
        return
    made: Suggestion = {}
    for value, part in zip(values, matched.groups(), strict=False):
        if isinstance(value, _Path | _Call):
            made |= next(_solve(value, part), {})
    yield made


def _array_get_item(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
    index = arguments[1] if is_number(arguments[1]) else 0
    yield from _solve(arguments[0], [target] * (int(index) + 1))


def _string_split(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
    separator = arguments[1]
    if isinstance(target, list) and separator and all(isinstance(entry, str) for entry in target):
        yield from _solve(arguments[0], str(separator)[0].join(target))


def _array(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
    if isinstance(target, list) and len(target) == len(arguments):
        made: Suggestion = {}
        for argument, value in zip(arguments, target, strict=True):
            made |= next(_solve(argument, value), {})
        yield made


def _decoded(change: Callable[[Any], Json]) -> Callable[[Sequence[Argument], Json], Iterator[Suggestion]]:
    """Solve a function of one argument by the function that undoes it."""

    def solver(arguments: Sequence[Argument], target: Json) -> Iterator[Suggestion]:
        yield from _solve(arguments[0], change(target))

    return solver


def _encode(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _decode(value: str) -> str:
    return base64.b64decode(value, validate=True).decode()


_SOLVERS: Final[Mapping[str, Callable[[Sequence[Argument], Json], Iterator[Suggestion]]]] = {
    "States.ArrayLength": _array_length,
    "States.ArrayContains": _array_contains,
    "States.MathAdd": _math_add,
    "States.Format": _format,
    "States.ArrayGetItem": _array_get_item,
    "States.StringSplit": _string_split,
    "States.Array": _array,
    "States.ArrayUnique": _decoded(lambda target: target),
    "States.JsonMerge": _decoded(lambda target: target),
    "States.StringToJson": _decoded(json.dumps),
    "States.JsonToString": _decoded(json.loads),
    "States.Base64Encode": _decoded(_decode),
    "States.Base64Decode": _decoded(_encode),
}


def try_expression(source: str, targets: Sequence[Json] = ()) -> Iterator[Suggestion]:
    """Yield values to try for the members that a JSONata expression reads.

    Args:
        source: the expression.
        targets: what it should come to, the most promising first.
    """
    values = [*targets, *expression_values(source)]
    reads = expression_reads(source)
    for read in reads:
        name = next((step for step in reversed(read.steps) if isinstance(step, str) and step != EACH), None)
        if name is None:
            continue
        tried: list[Json] = list(values)
        if read.kind == "list":
            tried = make_lists([each for each in reads if each.root == read.root], read.steps, values)
        elif read.kind == "text" and "$length" in source:
            tried = make_texts(values)
        yield from ({name: value} for value in tried if fits_kind(value, read.kind))
    yield from _split_texts(source, targets)


def _split_texts(source: str, targets: Sequence[Json]) -> Iterator[Suggestion]:
    """``a & '-' & b`` comes to a text whose parts are a and b."""
    parts = [part.strip() for part in source.split("&")]
    names = [None if part[:1] in "'\"" else part.rpartition(".")[2] for part in parts]
    if len(parts) < 2:
        return
    pattern = "".join("(.*?)" if name else re.escape(part[1:-1]) for name, part in zip(names, parts, strict=True))
    for target in targets:
        matched = re.fullmatch(pattern, target, re.DOTALL) if isinstance(target, str) else None
        if matched is not None:
            yield dict(zip(filter(None, names), matched.groups(), strict=True))


class DerivedValues:
    """The expressions of a machine, by the name of the member that holds what each comes to.

    Args:
        paths: its paths and intrinsic calls.
        expressions: its JSONata expressions.
    """

    def __init__(self, paths: Sequence[PathUse], expressions: Sequence[JsonataUse]) -> None:
        self._calls: dict[str, list[str]] = {}
        self._sources: dict[str, list[str]] = {}
        self._by_state: dict[str, list[str]] = {}
        for use in paths:
            name = use.at.rpartition("/")[2]
            if isinstance(use.value, str) and name.endswith(".$"):
                self._calls.setdefault(name.removesuffix(".$"), []).append(use.value)
        for found in expressions:
            if found.source is not None:
                name = found.at.rpartition("/")[2]
                self._sources.setdefault(name, []).append(found.source)
                self._by_state.setdefault(found.state.name, []).append(found.source)

    def for_member(self, name: str, targets: Sequence[Json]) -> Iterator[Suggestion]:
        """Yield values to try, so that a member comes to one of some targets.

        Args:
            name: the member.
            targets: the values that a rule compares it with, and those beside them.
        """
        plain = [target for target in targets if target is not MISSING and target is not PRESENT]
        for text in dict.fromkeys(self._calls.get(name, ())):
            for target in plain:
                yield from solve(text, target)
        for source in dict.fromkeys(self._sources.get(name, ())):
            yield from try_expression(source, plain)

    def for_state(self, name: str) -> Iterator[Suggestion]:
        """Yield values to try, so that the expressions of a state come to anything.

        Args:
            name: the state.
        """
        for source in dict.fromkeys(self._by_state.get(name, ())):
            yield from try_expression(source)
