"""Splits an expression into the tokens of JSONata 2.0.6."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from sfn_provider.asl.jsonata.library import Tokenizer, Utils
from sfn_provider.asl.jsonata.regular_expressions import compile_regex

_PADDING: Final = "\0"
_OPERATORS: Final = r".\[\]{}(),@#;:?+\-*/%|=<>^&!~"
_REST: Final = rf"[^\s{_OPERATORS}]*".replace(r"\s", r" \t\n\r")

_TOKEN: Final = re.compile(
    rf"""[ \t\n\r]*(?:
    (?P<variable>\${_REST})
    |(?P<name>[^"'`$0-9 \t\n\r{_OPERATORS}]{_REST})
    |(?P<number>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?)
    |(?P<text>"[^"\\]*"|'[^'\\]*')
    |(?P<operator>\.\.|[:!<>]=|\*\*|~>|[{_OPERATORS.replace("/", "")}])
    |(?P<slash>/(?!\*))
    |(?P<quoted>`[^`]*`)
    )""",
    re.VERBOSE,
)
"""A token as the library's tokenizer would find it, but for what it reads itself: texts with escapes, regular
expressions, comments and what is faulty. One match is a fifth of its work, and does not copy the text behind a name."""

_WORDS: Final[dict[str, tuple[str, Any]]] = {
    **{word: ("operator", word) for word in ("and", "or", "in")},
    **{word: ("value", value) for word, value in (("true", True), ("false", False), ("null", None))},
}

MAX_TOKENS: Final = 30_000
"""Upper limit of the names, values and operators of an expression: some hundred kilobytes of text."""

TOKENS_OF_REGEX: Final = 60
"""As how many tokens a regular expression counts, besides one for each of its characters: it is compiled twice."""


class TooManyTokens(Exception):
    """An expression has more than `MAX_TOKENS`; it is as long as its parse would take.

    Args:
        position: index of the character at which the limit was reached.
    """

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class Tokens(Tokenizer):  # type: ignore[misc]
    """The tokens of an expression, one after another.

    Args:
        source: the text.
    """

    def __init__(self, source: str) -> None:
        # The library looks up to two characters past the end of a text that ends in the middle of something.
        super().__init__(source + _PADDING * 2, self._compile_regex)
        self.length = len(source)
        self.position: int = 0
        self.count = 0

    def next(self, prefix: bool) -> Any:
        """Return the next token, None at the end.

        Args:
            prefix: whether an operator is expected, so that a slash divides.
        """
        self.count += 1
        if self.count > MAX_TOKENS:
            raise TooManyTokens(min(self.position, self.length))
        found = _TOKEN.match(self.path, self.position, self.length)
        kind = found.lastgroup if found else None
        if found is None or kind is None or (kind == "slash" and not prefix):
            return self._next_of_library(prefix)
        text, value = found[kind], None
        if kind == "variable":
            value = text[1:]
        elif kind == "name":
            kind, value = _WORDS.get(text, ("name", text))
        elif kind in ("text", "quoted"):
            kind, value = "string" if kind == "text" else "name", text[1:-1]
        elif kind == "number":
            number = float(text)
            if not math.isfinite(number):
                return self._next_of_library(prefix)
            value = Utils.convert_number(number)
        else:  # ?? and ?: are operators of JSONata 2.1, which AWS does not have: there they are two tokens
            kind, value = "operator", text
        self.position = found.end()
        return Tokenizer.Token(kind, value, self.position)

    def _next_of_library(self, prefix: bool) -> Any:
        token = super().next(prefix)
        if token is not None and token.type == "operator" and token.value in ("??", "?:"):
            self.position -= 1  # behind a comment
            return self.create("operator", "?")
        return token

    def _compile_regex(self, pattern: str, flags: Any) -> Any:
        self.count += TOKENS_OF_REGEX + len(pattern)
        if self.count > MAX_TOKENS:
            raise TooManyTokens(min(self.position, self.length))
        return compile_regex(pattern, flags)


def strip_padding(text: str) -> str:
    """Return a piece of the text that the library has read, without what stands behind its end."""
    return text.strip(_PADDING)
