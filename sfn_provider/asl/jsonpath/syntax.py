"""Parses a JSONPath into a root and selectors, with the syntax of Jayway JsonPath.

Source: https://github.com/json-path/JsonPath, the library behind Step Functions
(https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html). It is older than RFC 9535 and
differs: ``$.sub-values``, ``$.['a']`` and ``$[?(@.a-b == 1)]`` are legal, the step of a slice is ignored, ``['a','b']``
gives one object.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from sfn_provider.asl.jsonpath.errors import PathSyntaxError
from sfn_provider.asl.text_cursor import TextCursor

Root = Literal["input", "context", "variables"]
"""The data that a path starts from, named as in Scope."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*``: every value of an object or array."""


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
    """``..``: the value and everything below it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(...)]``: the objects that a condition holds for; the condition is written in RFC 9535."""

    condition: str


Selector = str | int | Wildcard | Slice | Indices | Names | Descent | Filter
"""One step of a path: a member's name, an item's index, or one of the classes above."""


@dataclass(frozen=True, slots=True)
class ParsedPath:
    """A path in parts.

    Args:
        root: where it starts. For a variable its name is the first selector.
        selectors: the steps in order.
    """

    root: Root
    selectors: tuple[Selector, ...]


_VARIABLE: Final = re.compile(r"[^\W\d]\w*")
_INTEGER: Final = re.compile(r"-?\d+")
_SLICE: Final = re.compile(r"(-?\d+)?:(-?\d+)?(?::(?:-?\d+)?)?")
_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_FILTER_PART: Final = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<operator>&&|\|\||[=!<>]=|[<>!()])
      | (?P<word>(?:true|false|null)\b)
      | (?P<path>@)
    )""",
    re.VERBOSE | re.DOTALL,
)
_END_OF_NAME: Final = frozenset(".[ \t\r\n")
_END_OF_FILTERED_NAME: Final = _END_OF_NAME | frozenset("=!<>&|)")


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
        quoted = _STRING.match(text, position) if depth else None
        depth += (text[position] in "([") - (text[position] in ")]")
        position = quoted.end() if quoted else position + 1
    return position


def parse_path(text: str) -> ParsedPath:
    """Read a path.

    Args:
        text: ``$...`` for the input, ``$$...`` for the context object, ``$name...`` for a variable. Spaces around it
            are ignored.

    Raises:
        PathSyntaxError: the text is no such path.
    """
    parser = _PathParser(text.strip(), _END_OF_NAME)
    if not parser.take("$"):
        parser.fail("a path starts with '$'")
    root, first = parser.root()
    selectors = first + parser.selectors()
    if not parser.done():
        parser.fail("expected '.' or '['")
    return ParsedPath(root, selectors)


class _PathParser(TextCursor):
    """Reads the text of a path.

    Args:
        text: the path.
        end_of_name: the characters that end a name without quotes.
        position: where to start.
    """

    def __init__(self, text: str, end_of_name: frozenset[str], position: int = 0) -> None:
        super().__init__(text, position)
        self.end_of_name = end_of_name

    def fail(self, reason: str) -> NoReturn:
        raise PathSyntaxError(f"'{self.text}' is not a JSONPath: {reason} at position {self.position}")

    def root(self) -> tuple[Root, tuple[Selector, ...]]:
        if self.take("$"):
            return "context", ()
        name = self.match(_VARIABLE)
        return ("variables", (name.group(),)) if name else ("input", ())

    def selectors(self) -> tuple[Selector, ...]:
        """Read selectors up to the end of the text, or to what can be none."""
        found: list[Selector] = []
        # Jayway: a name may follow * without a dot, as in $.items[*]name, but not in a filter.
        loose = self.end_of_name is _END_OF_NAME
        while not self.done() and (self.peek() in ".[" or (loose and found and found[-1] == Wildcard())):
            if self.take(".."):
                found += (Descent(), self.after_dot())
            elif self.take(".") or self.peek() != "[":
                found.append(self.after_dot())
            else:
                found.append(self.bracket())
        return tuple(found)

    def after_dot(self) -> Selector:
        if self.peek() == "[":
            return self.bracket()
        if self.take("*"):
            return Wildcard()
        return self.name()

    def name(self) -> str:
        start = self.position
        while not self.done() and self.peek() not in self.end_of_name:
            if self.peek() == "(":
                self.skip_call()
            else:
                self.position += 1
        if start == self.position:
            self.fail("expected a name")
        if self.end_of_name is _END_OF_NAME and self.peek().isspace():
            self.fail("a name with spaces needs brackets and quotes, as in ['my name'],")
        return self.text[start : self.position]

    def skip_call(self) -> None:
        """Skip ``()`` of something like ``length()``, which Step Functions reads as a part of the name."""
        end = self.text.find(")", self.position)
        if end < 0:
            self.fail("')' is missing for '('")
        self.position = end + 1

    def bracket(self) -> Selector:
        self.take("[")
        self.skip_spaces()
        selector = self.bracketed()
        self.skip_spaces()
        if not self.take("]"):
            self.fail("expected ']'")
        return selector

    def bracketed(self) -> Selector:
        if self.take("*"):
            return Wildcard()
        if self.take("?"):
            return self.filter()
        if self.peek() in ("'", '"'):
            names = tuple(map(_unquote, self.separated(_STRING)))
            return names[0] if len(names) == 1 else Names(names)
        sliced = self.match(_SLICE)
        if sliced:
            return self.slice(sliced.group(1), sliced.group(2))
        indices = tuple(map(int, self.separated(_INTEGER)))
        return indices[0] if len(indices) == 1 else Indices(indices)

    def slice(self, start: str | None, end: str | None) -> Slice:
        if start is None and end is None:
            self.fail("a slice needs a start or an end")
        return Slice(None if start is None else int(start), None if end is None else int(end))

    def separated(self, pattern: re.Pattern[str]) -> list[str]:
        found: list[str] = []
        while not found or self.take(","):
            self.skip_spaces()
            part = self.match(pattern)
            if part is None:
                self.fail("expected '*', an index, a slice, a quoted name or '?(...)'")
            found.append(part.group())
            self.skip_spaces()
        return found

    def filter(self) -> Filter:
        """Read ``(...)`` and write it as RFC 9535 does."""
        self.skip_spaces()
        if self.peek() != "(":
            self.fail("a filter is written [?(...)]")
        parts: list[str] = []
        depth = 0
        while not parts or depth:
            part = self.match(_FILTER_PART)
            if part is None:
                self.fail("a filter is made of comparisons, &&, ||, ! and @ paths; something else is")
            depth += {"(": 1, ")": -1}.get(part.group("operator") or "", 0)
            parts.append(self.filtered_path() if part.group("path") else part.group().strip())
        return Filter(" ".join(parts))

    def filtered_path(self) -> str:
        inner = _PathParser(self.text, _END_OF_FILTERED_NAME, self.position)
        selectors = inner.selectors()
        self.position = inner.position
        return "@" + "".join(self.as_rfc(selector) for selector in selectors)

    def as_rfc(self, selector: Selector) -> str:
        if isinstance(selector, str):
            return f"[{json.dumps(selector)}]"
        if isinstance(selector, int):
            return f"[{selector}]"
        if isinstance(selector, Filter):
            return f"[?{selector.condition}]"
        if isinstance(selector, Wildcard):
            return "[*]"
        self.fail("a filter takes only paths of names, indices, '*' and filters, which ends")


def _unquote(text: str) -> str:
    return _ESCAPE.sub(r"\1", text[1:-1])
