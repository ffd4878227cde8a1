"""Compiles regular expressions with JavaScript's meaning and matches them within a time limit."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Final

import regex

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.library import Jsonata
from sfn_provider.asl.jsonata.limits import MAX_MATCHING_SECONDS, TIMEOUT

_PIECE: Final = re.compile(
    r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\k<\w+>|\\c[A-Za-z]|\\(?P<char>.)|\(\?<(?P<name>[A-Za-z_]\w*)>"
    r"|(?P<quantifier>\{\d+(?:,\d*)?\})|.",
    re.S,
)
_SHARED_ESCAPES: Final = frozenset("dDwWSbBnrtvf0123456789")
"""Characters that mean the same after a backslash; all other letters stand for themselves in JavaScript."""

_SPACE: Final = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


_LITERALS: Final = 100
_NO_LITERAL: Final = "(?=.|)"
"""Holds everywhere; stands in long literals: `regex` makes tables for them in cubic time, which no timeout ends."""


class MatchingBudget:
    """The time that one evaluation has left for matching.

    Args:
        seconds: the time at the start.
    """

    def __init__(self, seconds: float = MAX_MATCHING_SECONDS) -> None:
        self.seconds = seconds

    def spend(self, match: Callable[..., Any], *args: Any) -> Any:
        """Call a method of a pattern of the library ``regex``.

        Raises:
            JsonataError: the time is used up, in AWS's words for an evaluation that takes too long.
        """
        started = time.monotonic()
        try:
            return match(*args, timeout=max(self.seconds, 0.0))
        except TimeoutError as error:
            raise JsonataError(None, TIMEOUT) from error
        finally:
            self.seconds -= time.monotonic() - started


def compile_regex(pattern: str, flags: Any) -> RegexFunction:
    """Compile a JSONata regular expression.

    Args:
        pattern: the text between the slashes, in JavaScript's syntax.
        flags: the library's flags: case_insensitive and multiline.

    Raises:
        re.error: Python's engine cannot compile it; it has no look-behind of varying length, and an upper bound
            of repeats.
    """
    # JavaScript's \d, \w and \b know ASCII only; its flag i knows all letters.
    options = regex.ASCII if not flags.case_insensitive or pattern.isascii() else 0
    options |= regex.IGNORECASE if flags.case_insensitive else 0
    options |= regex.MULTILINE if flags.multiline else 0
    python_pattern = _to_python(pattern, flags.multiline)
    try:
        re.compile(python_pattern)  # `regex` takes what JavaScript refuses, such as ^* and \1 before its group
        return RegexFunction(regex.compile(python_pattern, options))
    except (OverflowError, regex.error) as error:
        raise re.error(str(error)) from error


def _to_python(pattern: str, multiline: bool) -> str:
    """Write a JavaScript pattern in Python's syntax."""
    parts: list[str] = []
    in_class = False
    for match in _PIECE.finditer(pattern):
        text = match.group()
        if len(parts) % _LITERALS == _LITERALS - 1 and not in_class and all(map(_is_literal, (text, *parts[-3:]))):
            parts.append(_NO_LITERAL)
        if in_class:
            parts.append(_in_class(text, match["char"], first=parts[-1] == "["))
            in_class = text != "]"
            if not in_class:
                parts = _closed_class(parts)
        elif text == "[":
            in_class = True
            parts.append(text)
        elif match["char"]:
            parts.append(_escape(match["char"], f"[{_SPACE}]"))
        elif match["name"]:
            parts.append(f"(?P<{match['name']}>")
        elif text.startswith("\\k<"):
            parts.append(f"(?P={text[3:-1]})")
        elif text.startswith("\\c"):
            parts.append(re.escape(chr(ord(text[2]) % 32)))
        else:
            # Python's . matches other line ends than \n, its $ also before a last \n; {e} is a fuzzy match in `regex`.
            meanings = {".": r"[^\n\r\u2028\u2029]", "$": "$" if multiline else r"\Z", "{": r"\{"}
            parts.append(meanings.get(text, text))
    return "".join(parts)


def _is_literal(part: str) -> bool:
    """Whether a part stands for a character; no part of a group or a quantifier is one behind three others."""
    return part.isalnum() or part in "=:!<>-_,;'\"@#%&~` /" or (part[0] == "\\" and not part[1].isdigit())


def _closed_class(parts: list[str]) -> list[str]:
    """Replace empty brackets by what they mean in JavaScript: ``[]`` matches nothing, ``[^]`` everything."""
    for empty, meaning in ((["[", "]"], "(?!)"), (["[", "^", "]"], r"[\s\S]")):
        if parts[-len(empty) :] == empty:
            return [*parts[: -len(empty)], meaning]
    return parts


def _in_class(text: str, char: str | None, *, first: bool) -> str:
    """Write a piece inside of brackets, where Python gives a meaning to ``[`` and ``&&``."""
    if char:
        return _escape(char, _SPACE)
    return "\\" + text if text in "[&~|" or (text == "-" and first) else text


def _escape(char: str, space: str) -> str:
    if char == "s":
        return space
    return "\\" + char if char in _SHARED_ESCAPES else re.escape(char)


class RegexFunction(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """A regular expression: a function from a text to its first match, with the way to the next one.

    Args:
        pattern: a pattern of the library ``regex``.
        budget: the time of the evaluation that it is used in.
    """

    arity = 2

    def __init__(self, pattern: regex.Pattern[str], budget: MatchingBudget | None = None) -> None:
        self.pattern = pattern
        self.budget = budget or MatchingBudget()

    def with_budget(self, budget: MatchingBudget) -> RegexFunction:
        """Return the function for one evaluation."""
        return RegexFunction(self.pattern, budget)

    def call(self, input: Any, args: Any) -> Any:
        """Match the first argument; None where it does not match or is no text."""
        return self.match(args[0], 0) if args and isinstance(args[0], str) else None

    def match(self, text: str, start: int) -> dict[str, Any] | None:
        """Return the first match from an index on, as JSONata's match object, or None."""
        found = self.budget.spend(self.pattern.search, text, start)
        if found is None:
            return None
        return {
            "match": found.group(),
            "start": found.start(),
            "end": found.end(),
            "groups": list(found.groups()),
            "next": _NextMatch(self, text, found.end()),
        }


class _NextMatch(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """The function in a match object that gives the next match."""

    arity = 0

    def __init__(self, matcher: RegexFunction, text: str, start: int) -> None:
        self.matcher = matcher
        self.text = text
        self.start = start

    def call(self, input: Any, args: Any) -> Any:
        """Return the next match object; None where there is none.

        Raises:
            JsonataError: the match is empty, which would go on for ever.
        """
        if self.start >= len(self.text):
            return None
        found = self.matcher.match(self.text, self.start)
        if found is not None and found["match"] == "":
            raise JsonataError("D1004", value=self.matcher.pattern.pattern)
        return found
