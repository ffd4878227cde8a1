"""Parses a definition's text (JSON, JSON with comments, YAML) into a JSON value with positions.

JSON is tried first. Comments (``//`` and ``/* */``) and trailing commas are removed, each with a warning: AWS takes
plain JSON. Text that does not look like JSON is read as YAML (`sfn_provider.asl.source_text.yaml_reader`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sfn_provider.asl.diagnostics import Diagnostic, Level, split_pointer
from sfn_provider.asl.json_values.json_checks import find_invalid_json, kind_of
from sfn_provider.asl.scope import Json
from sfn_provider.asl.source_text.json_positions import LineIndex, scan_positions
from sfn_provider.strict_json import InvalidConstant, parse_strict_json
from sfn_provider.text_files import json_problem

MAX_DEPTH = 128
"""Upper limit of JSON levels in a definition. A state inside a Parallel or Map takes four."""

MAX_SIZE = 1_048_576
"""Upper limit of characters in a definition: the maximum of ``definition`` in the model of CreateStateMachine."""

_STRING = r'"(?:[^"\\]|\\.)*+"?'
# Without its end a string is the rest of the text: a search from each quote in turn would take forever.
_COMMENTS = re.compile(rf"(?P<string>{_STRING})|(?P<comment>//[^\r\n]*|/\*.*?\*/)", re.DOTALL)
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
class ParsedSource:
    """The JSON value of a definition with its positions.

    Args:
        value: the JSON object; None if the source has none that can be checked (then ``diagnostics`` has an error).
        diagnostics: problems of the text, with line and column if the source was text.
        text: the source text without a byte order mark; None if the source was an object.
        positions_of: returns ``{JSON pointer: (line, column)}`` of the text.
    """

    value: Json
    diagnostics: tuple[Diagnostic, ...] = ()
    text: str | None = None
    positions_of: Callable[[], dict[str, tuple[int, int]]] = field(default=dict, repr=False, compare=False)

    @cached_property
    def _positions(self) -> dict[str, tuple[int, int]]:
        return self.positions_of()

    def locate(self, location: str) -> tuple[int, int] | None:
        """Find the position of a value in the source text.

        Args:
            location: a JSON pointer. If the text has no such value, its nearest ancestor is found.

        Returns:
            Line and column, counted from 1, of the field's name, the item or the whole; None without a text.
        """
        return nearest_position(self._positions, location)

    def with_position(self, diagnostic: Diagnostic) -> Diagnostic:
        """Add line and column to a diagnostic that has none."""
        position = None if diagnostic.line is not None else self.locate(diagnostic.location)
        return diagnostic if position is None else replace(diagnostic, line=position[0], column=position[1])


def nearest_position(positions: Mapping[str, tuple[int, int]], location: str) -> tuple[int, int] | None:
    """Return the position of a JSON pointer, or that of its nearest ancestor with a position."""
    while location and location not in positions:
        location = location.rpartition("/")[0]
    return positions.get(location)


class _SyntaxError(Exception):
    """The text has no JSON value; carries the message and the offset in the text."""

    def __init__(self, message: str, offset: int, code: str = "INVALID_JSON_DESCRIPTION") -> None:
        super().__init__(message)
        self.message, self.offset, self.code = message, offset, code


def parse_source(source: str | dict[str, Any]) -> ParsedSource:
    """Parse a definition without checking its states.

    Args:
        source: the text of a definition (JSON or YAML, never a file name), or the JSON object itself.

    Returns:
        The value with its positions. Problems are in its ``diagnostics``; no exception is raised for them.
    """
    parsed = _parse_text(source) if isinstance(source, str) else ParsedSource(source)
    if parsed.value is None and parsed.diagnostics:
        return parsed
    problems = tuple(_json_problems(parsed.value)) or tuple(_document_problems(parsed))
    if not problems:
        return parsed
    return replace(parsed, value=None, diagnostics=parsed.diagnostics + tuple(map(parsed.with_position, problems)))


def _parse_text(source: str) -> ParsedSource:
    text = source.removeprefix("\ufeff")
    first = _FIRST_TOKEN.match(text)
    assert first is not None  # the pattern matches the empty text
    if not first[1]:
        # Recorded: a definition of one blank gets the second code. The first is documented for an empty one.
        code = "SCHEMA_VALIDATION_FAILED" if source else "MISSING_DESCRIPTION"
        return ParsedSource(None, (Diagnostic("error", code, "the definition is empty", "", 1, 1),), text)
    if first[1] in '{["':
        return _parse_json(text)
    return _parse_yaml(text)


def _parse_json(text: str) -> ParsedSource:
    lines = LineIndex(text)
    try:
        value, problems, clean = _decode_relaxed(text)
    except _SyntaxError as problem:
        line, column = lines.position(problem.offset)
        return ParsedSource(None, (Diagnostic("error", problem.code, problem.message, "", line, column),), text)
    diagnostics = [_diagnostic_at(lines, *problem) for problem in problems]

    def positions() -> dict[str, tuple[int, int]]:
        found, _ = scan_positions(clean)
        return {location: lines.position(offset) for location, offset in found.items()}

    return ParsedSource(value, tuple(diagnostics), text, positions)


def _parse_yaml(text: str) -> ParsedSource:
    from sfn_provider.asl.source_text.yaml_reader import YamlProblem, read_yaml

    try:
        value, positions = read_yaml(text)
    except YamlProblem as problem:
        found = Diagnostic("error", problem.code, problem.message, problem.location, problem.line, problem.column)
        return ParsedSource(None, (found,), text)
    return ParsedSource(value, (), text, lambda: positions)


def _diagnostic_at(lines: LineIndex, level: Level, code: str, message: str, location: str, offset: int) -> Diagnostic:
    line, column = lines.position(offset)
    return Diagnostic(level, code, message, location, line, column)


_Problem = tuple[Level, str, str, str, int]


def _decode_relaxed(text: str) -> tuple[Json, list[_Problem], str]:
    """Decode JSON; if that fails, again without comments and trailing commas."""
    try:
        value, repeated = _decode(text)
    except _SyntaxError:
        clean, problems = _blank_comments_and_commas(text)
        if not problems:
            raise
        value, repeated = _decode(clean)
    else:
        clean, problems = text, []
    if repeated:
        _, duplicates = scan_positions(clean)
        problems += [_duplicate_problem(location, offset) for location, offset in duplicates]
    return value, problems, clean


def _decode(text: str) -> tuple[Json, bool]:
    repeated = False

    def build(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        nonlocal repeated
        built = dict(pairs)
        repeated = repeated or len(built) != len(pairs)
        return built

    try:
        return parse_strict_json(text, finite=False, object_pairs_hook=build), repeated
    except InvalidConstant as error:
        message = f"the text is not valid JSON: {error.word} is no JSON number"
        raise _SyntaxError(message, max(text.find(error.word), 0)) from None
    except json.JSONDecodeError as error:
        raise _SyntaxError(_json_message(text, error), error.pos) from None
    except RecursionError:
        raise _SyntaxError(f"the definition nests deeper than {MAX_DEPTH} levels", 0, "TOO_DEEPLY_NESTED") from None
    except ValueError as error:
        raise _SyntaxError(json_problem(error), 0) from None


def _json_message(text: str, error: json.JSONDecodeError) -> str:
    hint = next((advice for pattern, advice in _HINTS if pattern.match(text, error.pos)), None)
    found = repr(text[error.pos]) if error.pos < len(text) else "the end of the text"
    problem = error.msg[0].lower() + error.msg[1:]
    return f"the text is not valid JSON: {problem}, found {found}" + (f"; {hint}" if hint else "")


def _duplicate_problem(location: str, offset: int) -> _Problem:
    # AWS refuses two states of the same name. Its documentation says nothing about other fields; they are refused here
    # because one of the two values would be ignored.
    *scope, name = split_pointer(location)
    if scope[-1:] == ["States"]:
        return "error", "DUPLICATE_STATE_NAME", f"two states are named {name!r}; rename one", location, offset
    message = f"the field {name!r} stands twice in the same object, and only one can count; remove one"
    return "error", "INVALID_JSON_DESCRIPTION", message, location, offset


def _blank_comments_and_commas(text: str) -> tuple[str, list[_Problem]]:
    """Replace comments and trailing commas by blanks, so that all offsets stay the same."""
    found: dict[str, list[int]] = {"comment": [], "comma": []}

    def blank(match: re.Match[str]) -> str:
        if match.lastgroup == "string":
            return match.group()
        found[match.lastgroup or ""].append(match.start())
        return re.sub(r"[^\r\n]", " ", match.group())

    clean = _TRAILING_COMMA.sub(blank, _COMMENTS.sub(blank, text))
    return clean, list(_comment_warnings(found["comment"], found["comma"]))


def _comment_warnings(comments: list[int], commas: list[int]) -> Iterator[_Problem]:
    if comments:
        count = f"{len(comments)} comments" if len(comments) > 1 else "a comment"
        message = f"JSON has no comments: {count} must come out before the definition goes to AWS"
        yield "warning", "JSON_COMMENT", message, "", comments[0]
    if commas:
        message = "JSON has no comma before } or ]: it must come out before the definition goes to AWS"
        yield "warning", "JSON_TRAILING_COMMA", message, "", commas[0]


def _document_problems(parsed: ParsedSource) -> Iterator[Diagnostic]:
    """Check that the definition is one JSON object within the size limit."""
    value, text = parsed.value, parsed.text
    if not isinstance(value, dict):
        message = f"the definition must be a JSON object, not {kind_of(value)}"
        if text is not None and _FILE_NAME.fullmatch(text.strip()):
            message += f"; {text.strip()!r} looks like a file name: give the text of the file"
        # Recorded: words that are no JSON get the first code.
        words = text is not None and isinstance(value, str) and not text.lstrip().startswith('"')
        code = "INVALID_JSON_DESCRIPTION" if words else "SCHEMA_VALIDATION_FAILED"
        yield Diagnostic("error", code, message, "", *((1, 1) if text is not None else ()))
    elif text is None or len(text) > MAX_SIZE:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        if size > MAX_SIZE:
            message = f"the definition has {size:,} characters without blanks; Step Functions takes {MAX_SIZE:,}"
            yield Diagnostic("error", "DEFINITION_TOO_LARGE", message)


def _json_problems(value: Json) -> Iterator[Diagnostic]:
    """Find the first part of a value that is not valid JSON, or that is nested too deep."""
    found = find_invalid_json(value, MAX_DEPTH)
    if found is None:
        return
    if found.is_depth:
        message = f"the definition nests deeper than {MAX_DEPTH} levels"
        yield Diagnostic("error", "TOO_DEEPLY_NESTED", message, found.location)
    else:
        yield Diagnostic("error", "SCHEMA_VALIDATION_FAILED", found.problem, found.location)
