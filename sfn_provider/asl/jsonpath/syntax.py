"""Parses a JSONPath into a root and selectors, with the syntax of Jayway JsonPath 2.0.0.

Source: https://github.com/json-path/JsonPath at that version, which recorded executions show to be the one behind Step
Functions (https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html). It differs from
later versions and from RFC 9535: a name ends only at ``.``, ``[`` or a blank; names in brackets have single quotes and
no escapes; the step of a slice is ignored; ``[(@.length-1)]`` is the last item; a filter is cut at ``&&`` and ``||``
wherever they are and does without its parentheses; what has no quotes in it is a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NoReturn, TypeGuard

from sfn_provider.asl.jsonpath.errors import PathSyntaxError

Root = Literal["input", "context", "variables"]
"""The data that a path starts from, named as in Scope."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*``: every value of an object or array."""


@dataclass(frozen=True, slots=True)
class FromEnd:
    """``[(@.length-1)]``: the item so far from the length of the array."""

    distance: int


@dataclass(frozen=True, slots=True)
class Slice:
    """``[start:end]``; None where that side is left out, never on both."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class Indices:
    """``[0,2]``: several items of an array."""

    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """``['a','b']``: several members of an object, as one object."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Descent:
    """``..``: the value and everything below it; another selector follows."""


@dataclass(frozen=True, slots=True)
class FilterPath:
    """A path in a filter, which names one node.

    Args:
        from_root: True for ``$...``, which starts from the document, False for ``@...``, from the tested value.
        selectors: the steps.
    """

    from_root: bool
    selectors: tuple[DefiniteSelector, ...]


@dataclass(frozen=True, slots=True)
class FilterPattern:
    """``/expression/i``: a regular expression in Java's syntax."""

    expression: str
    ignores_case: bool


FilterOperand = FilterPath | FilterPattern | str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A condition of a filter.

    Args:
        left: what is compared.
        operator: ``==`` and so on; ``exists`` and ``!exists`` for a path alone.
        right: what it is compared with.
    """

    left: FilterOperand
    operator: str
    right: FilterOperand = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(...)]``: what conditions hold for.

    Args:
        alternatives: one of these must hold, each of which is conditions that must all hold.
    """

    alternatives: tuple[tuple[Criterion, ...], ...]


DefiniteSelector = str | int | FromEnd | Names
"""A selector that names one node: a member, an item, or several members as one object."""

Selector = DefiniteSelector | Wildcard | Slice | Indices | Descent | Filter


@dataclass(frozen=True, slots=True)
class ParsedPath:
    """A path in parts.

    Args:
        root: where it starts. For a variable its name is the first selector.
        selectors: the steps in order.
    """

    root: Root
    selectors: tuple[Selector, ...]


_DEFINITE: Final = (str, int, FromEnd, Names)
_MAX_INDEX: Final = 2**31
_VARIABLE: Final = re.compile(r"[^\W\d]\w*")
_NAME: Final = re.compile(r"[^.\[ ]*")
_KIND: Final = re.compile(r"[?'\d:@-]")
_QUOTED: Final = re.compile(r"'([^']*)'")
_FROM_END: Final = re.compile(r"@\.[ ()]*(?:length|size)[ ()]*-([\d ]+)\)")
_NUMBERS: Final = re.compile(r"[\d,: -]+")
_SLICE: Final = re.compile(r"(-?\d+)?:(-?\d+)?(?::(?:-?\d+)?)?")
_INDICES: Final = re.compile(r"(-?\d+)(?:,-?\d+)*,?")
_FILTER: Final = re.compile(r"\[\s*\?\s*\((.*)\)\s*\]", re.DOTALL)
_OPERATORS: Final = ("==", ">=", "<=", "!=", "<", ">", "=~")
"""In the order in which Jayway searches for one."""

_ARGUMENT_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


def end_of_path(text: str, position: int) -> int:
    """Find the comma or parenthesis after a path; those in brackets, quotes or parentheses are part of it.

    Args:
        text: for example the arguments of an intrinsic call.
        position: where the path starts.

    Returns:
        The index of what ends the path; the length of the text where nothing does.
    """
    depth = 0
    while position < len(text) and (depth > 0 or text[position] not in ",)"):
        quoted = _ARGUMENT_STRING.match(text, position) if depth else None
        depth += (text[position] in "([") - (text[position] in ")]")
        position = quoted.end() if quoted else position + 1
    return position


def is_definite(selectors: tuple[Selector, ...]) -> TypeGuard[tuple[DefiniteSelector, ...]]:
    """Return whether selectors name at most one node."""
    return all(isinstance(selector, _DEFINITE) for selector in selectors)


def parse_path(text: str) -> ParsedPath:
    """Read a path.

    Args:
        text: ``$...`` for the input, ``$$...`` for the context object, ``$name...`` for a variable. Spaces around it
            are ignored.

    Raises:
        PathSyntaxError: the text is no such path.
    """
    path = text.strip()
    if not path.startswith("$"):
        _fail(path, 0, "a path starts with '$'")
    variable = _VARIABLE.match(path, 1)
    if variable:
        return ParsedPath("variables", (variable.group(), *_parse_selectors(path, variable.end())))
    if path.startswith("$$"):
        return ParsedPath("context", _parse_selectors(path, 2))
    return ParsedPath("input", _parse_selectors(path, 1))


def _fail(path: str, position: int, reason: str) -> NoReturn:
    raise PathSyntaxError(f"'{path}' is not a JSONPath: {reason} at position {position}")


def _parse_selectors(path: str, start: int, *, in_filter: bool = False) -> tuple[Selector, ...]:
    """Read what follows the root; in a filter there is no filter, however deep."""
    if start < len(path) and path[start] not in ".[":
        _fail(path, start, "expected '.' or '['")
    if path.endswith("."):
        _fail(path, len(path), "expected a name")
    return tuple(_selectors(path, start, in_filter))


def _selectors(path: str, position: int, in_filter: bool) -> Iterator[Selector]:
    while position < len(path):
        if path.startswith("..", position):
            yield Descent()
            position += 2
        elif path[position] == "[":
            end = _end_of_bracket(path, position)
            yield _parse_bracket(path, position, path[position:end], in_filter)
            position = end
        elif path[position] == "*":
            yield Wildcard()
            position += 1
        else:
            name = _NAME.match(path, position + (path[position] == "."))
            assert name is not None
            if not name.group() and path[name.end()] == " ":
                _fail(path, position, "a name with spaces needs brackets and quotes, as in ['my name'],")
            if name.group():
                yield Wildcard() if name.group() == "*" else name.group()
            position = name.end()


def _end_of_bracket(path: str, start: int) -> int:
    """Find the end of what a bracket opens. Jayway counts brackets in quotes, too."""
    depth = 0
    for position in range(start, len(path)):
        depth += (path[position] == "[") - (path[position] == "]")
        if depth == 0:
            return position + 1
    return len(path)


def _parse_bracket(path: str, position: int, bracket: str, in_filter: bool) -> Selector:
    if bracket == "[*]":
        return Wildcard()
    kind = _KIND.search(bracket)
    if kind is None:
        _fail(path, position, "expected '*', an index, a slice, '?(...)' or a name in single quotes in brackets")
    if kind.group() == "?" and in_filter:
        _fail(path, position, "a path in a filter cannot have a filter,")
    if kind.group() == "?":
        return _parse_filter(path, position, bracket)
    if kind.group() == "'":
        return _parse_names(path, position, bracket[kind.start() :])
    return _parse_numbers(path, position, bracket, kind.start())


def _parse_names(path: str, position: int, text: str) -> Selector:
    """Read quoted names. Jayway knows no escapes: a backslash is part of the name."""
    inside, closed, _ = text.partition("]")
    names = tuple(_QUOTED.findall(inside))
    if not closed or not names:
        _fail(path, position, "expected a name between single quotes and ']' after it")
    return names[0] if len(names) == 1 else Names(names)


def _parse_numbers(path: str, position: int, bracket: str, start: int) -> Selector:
    found = _FROM_END.match(bracket, start)
    if found:
        return FromEnd(_index(path, position, found.group(1).replace(" ", "")))
    run = _NUMBERS.match(bracket, start)
    if run is None or run.end() == len(bracket):
        _fail(path, position, "expected [(@.length-1)]" if bracket[start] == "@" else "expected ']'")
    numbers = run.group().replace(" ", "")
    sliced = _SLICE.fullmatch(numbers)
    if sliced and (sliced.group(1) or sliced.group(2)):
        first, last = (None if side is None else _index(path, position, side) for side in sliced.group(1, 2))
        return Slice(first, last)
    if not _INDICES.fullmatch(numbers):
        _fail(path, position, "expected an index, several with commas, or a slice with a start or an end")
    indices = tuple(_index(path, position, number) for number in numbers.rstrip(",").split(","))
    return indices[0] if len(indices) == 1 else Indices(indices)


def _index(path: str, position: int, number: str) -> int:
    """Convert an index; Jayway's are integers of 32 bits."""
    if len(number) > len(str(_MAX_INDEX)) + 1 or not -_MAX_INDEX <= int(number) < _MAX_INDEX:
        _fail(path, position, "an index must be less than 2147483648,")
    return int(number)


def _parse_filter(path: str, position: int, bracket: str) -> Filter:
    """Read ``[?(...)]`` into conditions, in the order in which Jayway tests them: the last one first."""
    found = _FILTER.fullmatch(bracket[: _end_of_filter(bracket)])
    if not found:
        _fail(path, position, "expected a filter such as [?(@.a == 1)]")
    try:
        return Filter(
            tuple(
                tuple(_parse_criterion(text) for text in reversed(alternative.split("&&")))
                for alternative in reversed(found.group(1).split("||"))
            )
        )
    except PathSyntaxError as error:
        raise PathSyntaxError(f"'{path}' is not a JSONPath: the filter {bracket} is wrong: {error}") from error


def _end_of_filter(bracket: str) -> int:
    """Find the first ``]`` outside of quotes and parentheses; 0 where there is none that closes all brackets."""
    quoted, squares, rounds = False, 0, 0
    for position, char in enumerate(bracket):
        if char == "'" and bracket[position - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            squares += (char == "[") - (char == "]")
            rounds += (char == "(") - (char == ")")
            if char == "]" and rounds == 0:
                return 0 if squares else position + 1
    return 0


def _parse_criterion(text: str) -> Criterion:
    condition = text.strip().lstrip("[?( ").rstrip(") ")
    operator = next((operator for operator in _OPERATORS if operator in condition), "")
    left, _, right = condition.partition(operator) if operator else (condition, "", "")
    left, right = left.strip(), right.strip()
    negated = left.startswith("!@")
    if operator:
        return Criterion(_parse_operand(left[1:] if negated else left), operator, _parse_operand(right))
    try:
        tested = _parse_operand(left[1:] if negated else left)
    except PathSyntaxError as error:
        raise PathSyntaxError(f"{error}; a condition is a path or a comparison by {' '.join(_OPERATORS)}") from error
    if not isinstance(tested, FilterPath):
        raise PathSyntaxError(f"{condition!r} is neither a path from @ nor a comparison by {' '.join(_OPERATORS)}")
    return Criterion(tested, "!exists" if negated else "exists")


def _parse_operand(text: str) -> FilterOperand:
    """Read a side of a comparison. Whatever is no path, pattern or text in single quotes is a text as it stands."""
    if text.startswith(("$", "@")):
        selectors = _parse_selectors(text, 1, in_filter=True)
        if not is_definite(selectors):
            raise PathSyntaxError(f"the path {text} may name several nodes")
        return FilterPath(text[0] == "$", selectors)
    if text.startswith("!@"):
        raise PathSyntaxError(f"{text} is negated, which only a path alone can be")
    if text.startswith("/") and text.endswith(("/", "/i")) and len(text) > 1:
        return FilterPattern(text[1 : text.rindex("/")], text.endswith("i"))
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text
