"""Regular expressions with JavaScript's meaning, on Python's engine."""

from __future__ import annotations

import re
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import Failure
from sfn_provider.asl.jsonata.library import Jsonata

_PIECE: Final = re.compile(
    r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\k<\w+>|\\c[A-Za-z]|\\(?P<char>.)|\(\?<(?P<name>[A-Za-z_]\w*)>|.", re.S
)
_SAME: Final = frozenset("dDwWSbBnrtvf0123456789")
"""Characters that mean the same after a backslash; all other letters stand for themselves in JavaScript."""

_SPACE: Final = r"\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def compile_regex(pattern: str, flags: Any) -> Matcher:
    """Compile a JSONata regular expression.

    Args:
        pattern: the text between the slashes, in JavaScript's syntax.
        flags: the library's flags: case_insensitive and multiline.

    Raises:
        re.error: Python's engine cannot compile it; it has no look-behind of varying length.
    """
    # JavaScript's \d, \w and \b know ASCII only; its flag i knows all letters.
    options = re.ASCII if not flags.case_insensitive or pattern.isascii() else re.NOFLAG
    options |= re.IGNORECASE if flags.case_insensitive else re.NOFLAG
    options |= re.MULTILINE if flags.multiline else re.NOFLAG
    return Matcher(re.compile(_to_python(pattern, flags.multiline), options))


def _to_python(pattern: str, multiline: bool) -> str:
    """Write a JavaScript pattern in Python's syntax."""
    parts: list[str] = []
    in_class = False
    for match in _PIECE.finditer(pattern):
        text = match.group()
        if in_class:
            parts.append(_in_class(text, match["char"], first=parts[-1] == "["))
            in_class = text != "]"
            if not in_class:
                parts = _closed(parts)
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
        else:  # Python's . matches other line ends than \n, its $ also before a last \n
            parts.append({".": r"[^\n\r\u2028\u2029]", "$": "$" if multiline else r"\Z"}.get(text, text))
    return "".join(parts)


def _closed(parts: list[str]) -> list[str]:
    """Give empty brackets their meaning: ``[]`` matches nothing, ``[^]`` everything."""
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
    return "\\" + char if char in _SAME else re.escape(char)


class Matcher(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """A regular expression: a function from a text to its first match, with the way to the next one.

    Args:
        pattern: in Python's syntax.
    """

    arity = 2

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def call(self, input: Any, args: Any) -> Any:
        """Match the first argument; None where it does not match or is no text."""
        return self.match(args[0], 0) if args and isinstance(args[0], str) else None

    def match(self, text: str, start: int) -> dict[str, Any] | None:
        """Return the first match from an index on, as JSONata's match object, or None."""
        found = self.pattern.search(text, start)
        if found is None:
            return None
        return {
            "match": found.group(),
            "start": found.start(),
            "end": found.end(),
            "groups": list(found.groups()),
            "next": _Next(self, text, found.end()),
        }


class _Next(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """The function in a match object that gives the next match."""

    arity = 0

    def __init__(self, matcher: Matcher, text: str, start: int) -> None:
        self.matcher = matcher
        self.text = text
        self.start = start

    def call(self, input: Any, args: Any) -> Any:
        """Return the next match object; None where there is none.

        Raises:
            Failure: the match is empty, which would go on for ever.
        """
        if self.start >= len(self.text):
            return None
        found = self.matcher.match(self.text, self.start)
        if found is not None and found["match"] == "":
            raise Failure("D1004", value=self.matcher.pattern.pattern)
        return found
