"""Renders Terraform's templates: interpolations, ``%{ if }`` and ``%{ for }``.

Source: https://developer.hashicorp.com/terraform/language/expressions/strings#directives
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.terraform.unknown_values import Unknown, join_texts, pairs_of

Json = Any

Evaluate = Callable[[str, int, Mapping[str, Json]], Json]
"""Evaluates the text of an expression at a line of the template, with the variables of its loops."""

MAX_PARTS = 100_000
"""Upper limit of the parts that the loops of a template make."""

_OPENING = re.compile(r"(?P<literal>\$\$\{|%%\{)|(?P<kind>\$|%)\{")
_STRING_OR_BRACE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[{}]')
_FOR = re.compile(r"for\s+(\w+)\s*(?:,\s*(\w+)\s*)?\sin\s+(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a template.

    Args:
        kind: ``text``, ``$`` for an interpolation or ``%`` for a directive.
        text: the text, the expression or the directive.
        line: its line in the template, counted from 1.
    """

    kind: str
    text: str
    line: int


def render_template(text: str, file: str, evaluate: Evaluate, first_line: int = 1) -> str:
    """Return the text of a template; it is unknown where an interpolation is.

    Args:
        text: the template.
        file: its file, for errors.
        evaluate: evaluates expressions.
        first_line: the line of the template's first line in the file.

    Raises:
        UsageError: a directive is not closed, or what it depends on is not known.
    """
    parser = _Parser(_strip_blanks(list(_split(text, file, first_line))), file)
    pieces = parser.parse(())
    return join_texts(list(_Renderer(file, evaluate).render(pieces, {})))


def _split(text: str, file: str, first_line: int) -> Iterator[_Part]:
    offset = counted = 0
    line = first_line
    while (match := _OPENING.search(text, offset)) is not None:
        line += text.count("\n", counted, match.start())
        counted = match.start()
        yield _Part("text", text[offset : match.start()], line)
        if match["literal"]:  # $${ is a literal ${
            yield _Part("text", match["literal"][1:], line)
            offset = match.end()
            continue
        end = _end_of(text, match.end(), f"{file}:{line}")
        yield _Part(match["kind"], text[match.end() : end], line)
        offset = end + 1
    yield _Part("text", text[offset:], first_line)


def _end_of(text: str, start: int, place: str) -> int:
    """Return the offset of the ``}`` that ends an interpolation or a directive."""
    depth = 0
    for match in _STRING_OR_BRACE.finditer(text, start):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            if depth == 0:
                return match.start()
            depth -= 1
    raise UsageError(f"{place}: a text has ${{ or %{{ without its }}")


def _strip_blanks(parts: list[_Part]) -> list[_Part]:
    """Remove the blanks beside ``~``."""
    texts = [part.text for part in parts]
    for index, part in enumerate(parts):
        if part.kind == "text":
            continue
        if part.text.startswith("~"):
            texts[index] = texts[index][1:]
            texts[index - 1] = texts[index - 1].rstrip()
        if part.text.endswith("~"):
            texts[index] = texts[index][:-1]
            texts[index + 1] = texts[index + 1].lstrip()
    return [
        _Part(part.kind, text.strip() if part.kind == "%" else text, part.line)
        for part, text in zip(parts, texts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _If:
    part: _Part
    condition: str
    then: list[_Piece]
    otherwise: list[_Piece]


@dataclass(frozen=True, slots=True)
class _For:
    part: _Part
    names: tuple[str, str | None]
    values: str
    body: list[_Piece]


_Piece = _Part | _If | _For


@dataclass
class _Parser:
    parts: list[_Part]
    file: str
    position: int = 0

    def parse(self, closing: tuple[str, ...]) -> list[_Piece]:
        """Return the pieces up to the directive that closes them, which is the part at the position."""
        found: list[_Piece] = []
        while self.position < len(self.parts):
            part = self.parts[self.position]
            if part.kind == "%" and part.text in closing:
                return found
            found.append(self._directive(part) if part.kind == "%" else part)
            self.position += 1
        if closing:
            raise UsageError(f"{self.file}: a directive of the template has no %{{ {closing[-1]} }}")
        return found

    def _directive(self, part: _Part) -> _Piece:
        self.position += 1
        if part.text.startswith("if "):
            then = self.parse(("else", "endif"))
            otherwise: list[_Piece] = []
            if self.parts[self.position].text == "else":
                self.position += 1
                otherwise = self.parse(("endif",))
            return _If(part, part.text[3:], then, otherwise)
        match = _FOR.fullmatch(part.text)
        if match is None:
            raise UsageError(f"{self.file}:{part.line}: the directive %{{ {part.text} }} is not understood")
        return _For(part, (match[1], match[2]), match[3], self.parse(("endfor",)))


@dataclass
class _Renderer:
    file: str
    evaluate: Evaluate
    made: int = 0

    def render(self, pieces: list[_Piece], names: Mapping[str, Json]) -> Iterator[Json]:
        for piece in pieces:
            self._count()
            if isinstance(piece, _If):
                chosen = self._known(piece.part, piece.condition, names) in (True, "true")
                yield from self.render(piece.then if chosen else piece.otherwise, names)
            elif isinstance(piece, _For):
                yield from self._loop(piece, names)
            elif piece.kind == "text":
                yield piece.text
            else:
                yield self.evaluate(piece.text, piece.line, names)

    def _count(self) -> None:
        self.made += 1
        if self.made > MAX_PARTS:
            raise UsageError(f"{self.file}: the loops of the template make more than {MAX_PARTS:,} parts")

    def _loop(self, piece: _For, names: Mapping[str, Json]) -> Iterator[Json]:
        values = self._known(piece.part, piece.values, names)
        if not isinstance(values, (list, dict)):
            raise UsageError(f"{self.file}:{piece.part.line}: %{{ {piece.part.text} }} needs a list or a map")
        first, second = piece.names
        for key, value in pairs_of(values):
            inner = {first: value} if second is None else {first: key, second: value}
            yield from self.render(piece.body, {**names, **inner})

    def _known(self, part: _Part, expression: str, names: Mapping[str, Json]) -> Json:
        value = self.evaluate(expression, part.line, names)
        if isinstance(value, Unknown):
            raise UsageError(
                f"{self.file}:{part.line}: %{{ {part.text} }} depends on {expression.strip()}, whose value is not "
                "known: give it with --substitutions NAME=VALUE, or it must be rendered by Terraform first"
            )
        return value
