"""From the text of a definition to its JSON value, with the place of everything in the user's own text.

JSON is tried first, with ``//`` and ``/* */`` comments and trailing commas taken out, each with a warning because Step
Functions refuses them; text that does not look like JSON is read as YAML (`sfn_provider.asl.yaml_reader`).
"""

from __future__ import annotations

import json
import math
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn

from sfn_provider.asl.diagnostics import Diagnostic, Level, pointer
from sfn_provider.asl.json_positions import scan_positions
from sfn_provider.asl.scope import Json

MAX_DEPTH = 128
"""JSON levels that a definition may have. A state inside a Parallel or Map costs four."""

MAX_SIZE = 1_048_576
"""Characters that CreateStateMachine takes: the API's model gives ``definition`` this maximum."""

_LARGEST = int(sys.float_info.max)
_STRING = r'"(?:[^"\\]|\\.)*"'
_EXTRAS = re.compile(rf"(?P<string>{_STRING})|(?P<comment>//[^\r\n]*|/\*.*?\*/)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"(?P<string>{_STRING})|(?P<comma>,(?=\s*[}}\]]))", re.DOTALL)
_FIRST_TOKEN = re.compile(r"(?:\s|//[^\r\n]*|/\*.*?\*/)*(\S?)", re.DOTALL)
_FILE_NAME = re.compile(r"[^\s{}:]+\.(json|ya?ml|asl)", re.IGNORECASE)
_HINTS = (
    (re.compile(r"'"), "JSON strings take double quotes"),
    (re.compile(r"(True|False|None)\b"), "JSON writes true, false and null"),
    (re.compile(r"#"), "JSON has no # comments"),
    (re.compile(r"[A-Za-z_]\w*\s*:"), "JSON field names take double quotes"),
)


@dataclass(frozen=True)
class Document:
    """A definition as read.

    Args:
        value: the JSON object; None where there is none to check (then ``diagnostics`` has an error).
        diagnostics: problems of the text, with line and column where the source was text.
        text: the source text without a byte order mark; None where the source was an object.
        positions_of: gives ``{JSON pointer: (line, column)}`` of the text.
    """

    value: Json
    diagnostics: tuple[Diagnostic, ...] = ()
    text: str | None = None
    positions_of: Callable[[], dict[str, tuple[int, int]]] = field(default=dict, repr=False, compare=False)

    @cached_property
    def _positions(self) -> dict[str, tuple[int, int]]:
        return self.positions_of()

    def locate(self, location: str) -> tuple[int, int] | None:
        """Find where a value stands in the source text.

        Args:
            location: a JSON pointer. Where nothing is written there, its nearest ancestor is found.

        Returns:
            Line and column, counted from 1, of the field's name, the item, or the whole; None without a text.
        """
        while location and location not in self._positions:
            location = location.rpartition("/")[0]
        return self._positions.get(location)


class _Unreadable(Exception):
    """The text has no JSON value; carries why and the offset in the text."""

    def __init__(self, message: str, offset: int, code: str = "INVALID_JSON_DESCRIPTION") -> None:
        super().__init__(message)
        self.message, self.offset, self.code = message, offset, code


def load(source: str | dict[str, Any]) -> Document:
    """Read a definition.

    Args:
        source: the text of a definition (JSON or YAML, never a file name), or the JSON object itself.

    Returns:
        The document. Problems are in its ``diagnostics``; nothing is raised for a bad definition.
    """
    document = _load_text(source) if isinstance(source, str) else Document(source)
    if document.value is None and document.diagnostics:
        return document
    problems = tuple(_json_problems(document.value)) or tuple(_document_problems(document))
    if not problems:
        return document
    located = tuple(_located(problem, document) for problem in problems)
    return Document(None, document.diagnostics + located, document.text, document.positions_of)


def _located(problem: Diagnostic, document: Document) -> Diagnostic:
    place = None if problem.line is not None else document.locate(problem.location)
    return problem if place is None else replace(problem, line=place[0], column=place[1])


def _load_text(source: str) -> Document:
    text = source.removeprefix("\ufeff")
    first = _FIRST_TOKEN.match(text)
    assert first is not None  # the pattern matches the empty text
    if not first[1]:
        # Recorded: a definition of one blank gets the second code. The first is documented for an empty one.
        code = "SCHEMA_VALIDATION_FAILED" if source else "MISSING_DESCRIPTION"
        return Document(None, (Diagnostic("error", code, "the definition is empty", "", 1, 1),), text)
    if first[1] in '{["':
        return _load_json(text)
    return _load_yaml(text)


def _load_json(text: str) -> Document:
    starts = _line_starts(text)
    try:
        value, notes, clean = _decode_relaxed(text)
    except _Unreadable as problem:
        line, column = _line_and_column(starts, problem.offset)
        return Document(None, (Diagnostic("error", problem.code, problem.message, "", line, column),), text)
    diagnostics = [_note(starts, *note) for note in notes]

    def positions() -> dict[str, tuple[int, int]]:
        found, _ = scan_positions(clean)
        return {location: _line_and_column(starts, offset) for location, offset in found.items()}

    return Document(value, tuple(diagnostics), text, positions)


def _load_yaml(text: str) -> Document:
    from sfn_provider.asl.yaml_reader import YamlProblem, read_yaml

    try:
        value, positions = read_yaml(text)
    except YamlProblem as problem:
        place = (problem.location, problem.line, problem.column)
        return Document(None, (Diagnostic("error", problem.code, problem.message, *place),), text)
    return Document(value, (), text, lambda: positions)


def _note(starts: list[int], level: Level, code: str, message: str, location: str, offset: int) -> Diagnostic:
    line, column = _line_and_column(starts, offset)
    return Diagnostic(level, code, message, location, line, column)


_Note = tuple[Level, str, str, str, int]


def _decode_relaxed(text: str) -> tuple[Json, list[_Note], str]:
    """Decode JSON; where that fails, without its comments and trailing commas."""
    try:
        value, repeated = _decode(text)
    except _Unreadable:
        clean, notes = _blank_extras(text)
        if not notes:
            raise
        value, repeated = _decode(clean)
    else:
        clean, notes = text, []
    if repeated:
        _, duplicates = scan_positions(clean)
        notes += [_duplicate_note(location, offset) for location, offset in duplicates]
    return value, notes, clean


def _decode(text: str) -> tuple[Json, bool]:
    repeated = False

    def build(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        nonlocal repeated
        built = dict(pairs)
        repeated = repeated or len(built) != len(pairs)
        return built

    def refuse(name: str) -> NoReturn:
        raise _Unreadable(f"the text is not valid JSON: {name} is no JSON number", max(text.find(name), 0))

    try:
        return json.loads(text, object_pairs_hook=build, parse_constant=refuse), repeated
    except json.JSONDecodeError as error:
        raise _Unreadable(_json_message(text, error), error.pos) from None
    except RecursionError:
        raise _Unreadable(f"the definition nests deeper than {MAX_DEPTH} levels", 0, "TOO_DEEPLY_NESTED") from None
    except ValueError as error:  # an integer of more digits than Python converts
        raise _Unreadable(f"the text is not valid JSON: {error}", 0) from None


def _json_message(text: str, error: json.JSONDecodeError) -> str:
    hint = next((advice for pattern, advice in _HINTS if pattern.match(text, error.pos)), None)
    found = repr(text[error.pos]) if error.pos < len(text) else "the end of the text"
    problem = error.msg[0].lower() + error.msg[1:]
    return f"the text is not valid JSON: {problem}, found {found}" + (f"; {hint}" if hint else "")


def _duplicate_note(location: str, offset: int) -> _Note:
    # AWS refuses two states of one name. For other fields its documentation says nothing; a definition that means
    # something else than it shows is refused here.
    scope, _, name = location.rpartition("/")
    name = name.replace("~1", "/").replace("~0", "~")
    if scope.endswith("/States"):
        return "error", "DUPLICATE_STATE_NAME", f"two states are named {name!r}; rename one", location, offset
    message = f"the field {name!r} stands twice in the same object, and only one can count; remove one"
    return "error", "INVALID_JSON_DESCRIPTION", message, location, offset


def _blank_extras(text: str) -> tuple[str, list[_Note]]:
    """Replace comments and trailing commas by blanks, so that every offset stays what it was."""
    found: dict[str, list[int]] = {"comment": [], "comma": []}

    def blank(match: re.Match[str]) -> str:
        if match.lastgroup == "string":
            return match.group()
        found[match.lastgroup or ""].append(match.start())
        return re.sub(r"[^\r\n]", " ", match.group())

    clean = _TRAILING_COMMA.sub(blank, _EXTRAS.sub(blank, text))
    return clean, list(_extra_notes(found["comment"], found["comma"]))


def _extra_notes(comments: list[int], commas: list[int]) -> Iterator[_Note]:
    if comments:
        count = f"{len(comments)} comments" if len(comments) > 1 else "a comment"
        message = f"JSON has no comments, and Step Functions refuses them: take {count} out before creating the machine"
        yield "warning", "JSON_COMMENT", message, "", comments[0]
    if commas:
        message = "Step Functions refuses a comma before } or ]: take it out before creating the machine"
        yield "warning", "JSON_TRAILING_COMMA", message, "", commas[0]


def _document_problems(document: Document) -> Iterator[Diagnostic]:
    """The definition must be one JSON object, not too long."""
    value, text = document.value, document.text
    if not isinstance(value, dict):
        message = f"the definition must be a JSON object, not {kind_of(value)}"
        if text is not None and _FILE_NAME.fullmatch(text.strip()):
            message += f"; {text.strip()!r} looks like a file name: give the text of the file"
        # Recorded: words that are no JSON get the first code.
        words = text is not None and isinstance(value, str) and not text.lstrip().startswith('"')
        code = "INVALID_JSON_DESCRIPTION" if words else "SCHEMA_VALIDATION_FAILED"
        yield Diagnostic("error", code, message, "", *((1, 1) if text is not None else ()))
    elif text is not None and len(text) > MAX_SIZE:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        if size > MAX_SIZE:
            message = f"the definition has {size:,} characters without blanks; Step Functions takes {MAX_SIZE:,}"
            yield Diagnostic("error", "DEFINITION_TOO_LARGE", message)


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    ((int, float), "a number"),
    (str, "a string"),
    (list, "a list"),
    (dict, "an object"),
    (type(None), "null"),
)


def kind_of(value: object) -> str:
    """Name a JSON value's kind with its article: ``a list``; for other values Python's type."""
    return next((name for kinds, name in _KINDS if isinstance(value, kinds)), f"a Python {type(value).__name__}")


def _json_problems(value: Json) -> Iterator[Diagnostic]:
    """Find the first part of a value that JSON cannot hold, or that nests too deep."""
    stack: list[tuple[Json, int, Any]] = [(value, 1, None)]
    while stack:
        part, depth, link = stack.pop()
        if depth > MAX_DEPTH:
            message = f"the definition nests deeper than {MAX_DEPTH} levels"
            yield Diagnostic("error", "TOO_DEEPLY_NESTED", message, _unlink(link))
            return
        if isinstance(part, dict):
            if odd := [key for key in part if not isinstance(key, str)]:
                yield _not_json(f"the field name {odd[0]!r} is not a string", link)
                return
            stack.extend((item, depth + 1, (link, key)) for key, item in part.items())
        elif isinstance(part, list):
            stack.extend((item, depth + 1, (link, index)) for index, item in enumerate(part))
        elif isinstance(part, float) and not math.isfinite(part):
            yield _not_json(f"{part} is no JSON number", link)
            return
        elif isinstance(part, int) and abs(part) > _LARGEST:
            yield _not_json("the number is too large", link)
            return
        elif not (part is None or isinstance(part, (str, int, float))):
            yield _not_json(f"{kind_of(part)} is no JSON value", link)
            return


def _not_json(problem: str, link: Any) -> Diagnostic:
    return Diagnostic("error", "SCHEMA_VALIDATION_FAILED", problem, _unlink(link))


def _unlink(link: Any) -> str:
    parts = []
    while link is not None:
        link, part = link
        parts.append(part)
    return pointer(*reversed(parts))


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _line_and_column(starts: list[int], offset: int) -> tuple[int, int]:
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
