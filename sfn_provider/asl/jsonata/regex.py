"""Regular expressions with JavaScript's meaning, on Python's engine."""

from __future__ import annotations

import re
from typing import Any, Final

from sfn_provider.asl.jsonata.failures import Failure
from sfn_provider.asl.jsonata.library import Jsonata

_PIECE: Final = re.compile(r"\\k<(?P<back>\w+)>|\\.|\(\?<(?P<name>[A-Za-z_]\w*)>|\[\^?\]|\[(?:\\.|[^\]\\])+\]|\$", re.S)
_ANYTHING, _NOTHING = r"[\s\S]", r"(?!)"


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
    def piece(match: re.Match[str]) -> str:
        text = match.group()
        if match["name"]:
            return f"(?P<{match['name']}>"
        if match["back"]:
            return f"(?P={match['back']})"
        if text == "$":  # Python's $ also matches before a line feed at the end
            return "$" if multiline else r"\Z"
        return {"[^]": _ANYTHING, "[]": _NOTHING, r"\/": "/"}.get(text, text)

    return _PIECE.sub(piece, pattern)


class Matcher(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """A regular expression: a function from a text to its first match, with the way to the next one."""

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
