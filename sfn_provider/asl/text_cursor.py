"""Reads a text piece by piece, for the parsers of paths and intrinsic calls."""

from __future__ import annotations

import re


class TextCursor:
    """A text and how far it is read.

    Args:
        text: what is parsed.
        position: the index of the next character.
    """

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position

    def done(self) -> bool:
        """Return whether the whole text is read."""
        return self.position >= len(self.text)

    def peek(self) -> str:
        """Return the next character; an empty string at the end."""
        return self.text[self.position : self.position + 1]

    def take(self, part: str) -> bool:
        """Read a part if the text goes on with it, and return whether it does."""
        found = self.text.startswith(part, self.position)
        if found:
            self.position += len(part)
        return found

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what a pattern matches at the position; None where it does not match."""
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def skip_spaces(self) -> None:
        """Read white space."""
        while self.peek().isspace():
            self.position += 1
