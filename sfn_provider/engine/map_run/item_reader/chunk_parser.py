"""Parses an S3 object chunk by chunk: JSON Lines, CSV, a JSON array; other JSON as a whole.

What a chunk leaves over, such as the beginning of a line, is kept for the next one. Nothing is parsed behind the items
that are taken, in an object of one chunk as in one of many: Step Functions stops reading items beyond MaxItems.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sfn_provider.asl.model import ReaderConfig
from sfn_provider.asl.scope import Json
from sfn_provider.engine.map_run.item_reader.csv_parser import parse_complete_rows
from sfn_provider.engine.map_run.item_reader.file_formats import (
    READER_FAILED,
    Dataset,
    column_names,
    csv_delimiter,
    input_kind,
    name_fields,
    parse_json,
    read_rows,
    read_whole_json,
)
from sfn_provider.engine.requests import Chunk
from sfn_provider.exceptions import StatesError
from sfn_provider.strict_json import STRICT_DECODER
from sfn_provider.text_files import json_problem

MAX_ITEM_CHARACTERS = 8 * 1024 * 1024
"""Most characters of an item in an object of several chunks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html has 8 MB for items.
"""

Parser = dict[str, Json]
"""What the parser keeps between two chunks: ``rest``, the text left over, and what the format needs; ``is_whole`` where
the object is parsed once it is complete."""


@dataclass(frozen=True, slots=True)
class _Text:
    """The text to parse.

    Args:
        text: what the chunk before has left over, and the chunk.
        config: the ItemReader's ReaderConfig.
        headers: names of the columns where a manifest gives them.
        is_last: True where nothing follows the text.
        limit: how many items are taken; what follows them is not parsed.
    """

    text: str
    config: ReaderConfig
    headers: Sequence[str] | None
    is_last: bool
    limit: int | None


def parse_chunk(
    parser: Parser,
    chunk: Chunk,
    config: ReaderConfig,
    headers: Sequence[str] | None = None,
    *,
    limit: int | None = None,
) -> Dataset:
    """Return the items that are complete with a chunk: a list, or an object whose members are items.

    Args:
        parser: what the chunk before has left, changed in place; empty at the first one.
        chunk: the chunk. Of Parquet its content is rows, a list of objects. Content that is not text is parsed.
        config: the ItemReader's ReaderConfig. Without an InputType the content is JSON.
        headers: names of the columns where a manifest gives them; they go before those of the ReaderConfig.
        limit: how many items are taken, at least; what follows them is not parsed. None for all.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the content holds no items of the InputType.
    """
    kind = input_kind(config, headers)
    if not isinstance(chunk.content, str):
        return read_whole_json(chunk.content, config) if kind == "JSON" else read_rows(chunk.content)
    if kind not in _PARSERS:
        return read_rows(chunk.content)
    text, is_last = parser.pop("rest", "") + chunk.content, chunk.next is None
    if kind == "JSON" and not _is_array(parser, text, config):
        if is_last:
            return read_whole_json(text, config)
        parser["rest"], parser["is_whole"] = text, True
        return []
    items, rest = _PARSERS[kind](parser, _Text(text, config, headers, is_last, limit))
    if not is_last and (limit is None or len(items) < limit):
        _keep_rest(parser, rest)
    return items


def read_dataset(content: Json, config: ReaderConfig, headers: Sequence[str] | None = None) -> Dataset:
    """Return all items in the content of an object; see `parse_chunk`."""
    return parse_chunk({}, Chunk(content), config, headers)


def _keep_rest(parser: Parser, rest: str) -> None:
    if len(rest) > MAX_ITEM_CHARACTERS:
        raise StatesError(
            READER_FAILED, f"An item is longer than the {MAX_ITEM_CHARACTERS:,} characters that one may have."
        )
    parser["rest"] = rest


def _parse_lines(parser: Parser, source: _Text) -> tuple[list[Json], str]:
    end = len(source.text) if source.is_last else source.text.rfind("\n") + 1
    # Only a line feed ends a line: other separators may stand in the text of a string.
    first, lines = parser.get("line", 1), source.text[:end].split("\n")
    parser["line"] = first + len(lines) - 1
    items = (parse_json(line, f"Line {number}") for number, line in enumerate(lines, first) if line.strip())
    return list(islice(items, source.limit)), source.text[end:]


def _parse_csv(parser: Parser, source: _Text) -> tuple[list[Json], str]:
    names = parser.get("names")
    limit = None if source.limit is None else source.limit + (names is None)
    delimiter = csv_delimiter(source.config)
    try:
        rows, rest = parse_complete_rows(source.text, delimiter, is_last=source.is_last, limit=limit)
    except csv.Error as error:
        raise StatesError(READER_FAILED, f"The object is not valid CSV: {error}") from error
    if names is None:
        remaining = iter(rows)
        names = column_names(source.config, source.headers, lambda: next(remaining, None))
        if names is None:
            return [], rest
        parser["names"], rows = list(names), list(islice(remaining, source.limit))
    return [name_fields(names, row) for row in rows], rest


def _is_array(parser: Parser, text: str, config: ReaderConfig) -> bool:
    """Return True for a JSON array whose members are the items."""
    return "state" in parser or (not config.items_pointer and text.lstrip(_BLANKS).startswith("["))


_BLANKS = " \t\r\n"
_NEXT = re.compile(r"[ \t\r\n]*")


def _refuse(problem: str) -> Json:
    raise StatesError(READER_FAILED, f"The object is not valid JSON: {problem}")


def _parse_array(parser: Parser, source: _Text) -> tuple[list[Json], str]:
    """Parse members of an array; ``parser["state"]`` is what comes next: ``[``, first, value, ``,`` or end."""
    items: list[Json] = []
    parsed = 0
    for at in _array_steps(parser, source.text, items, source.is_last):
        if len(items) == source.limit:
            return items, ""
        parsed = at
    if source.is_last and (parser["state"] != "end" or parsed < len(source.text)):
        _refuse("the array does not end")
    return items, source.text[parsed:]


def _array_steps(parser: Parser, text: str, items: list[Json], is_last: bool) -> Iterator[int]:
    """Add the members to the items; yields up to where the text is parsed."""
    at, state, length = 0, parser.get("state", "["), len(text)
    while True:
        at = _NEXT.match(text, at).end()  # type: ignore[union-attr]  # it matches everywhere
        parser["state"] = state
        yield at
        if at == length:
            return
        character = text[at]
        if state == "[":
            state, at = "first", at + 1
        elif state == "," and character in ",]":
            state, at = ("value" if character == "," else "end"), at + 1
        elif state == "first" and character == "]":
            state, at = "end", at + 1
        elif state in ("first", "value"):
            end = _member_end(text, at, items, is_last)
            if end is None:
                return
            state, at = ",", end
        else:
            _refuse(f"{character!r} follows {'the array' if state == 'end' else 'a member of the array'}")


def _member_end(text: str, at: int, items: list[Json], is_last: bool) -> int | None:
    """Add the member that begins at a place; return where it ends, None where the next chunk has more of it."""
    try:
        value, end = STRICT_DECODER.raw_decode(text, at)
    except ValueError as error:
        # What is wrong in the midst of the text does not get right by more of it; but that is up to the last chunk.
        if is_last or len(text) - at > MAX_ITEM_CHARACTERS:
            _refuse(json_problem(error))
        return None
    except RecursionError:
        _refuse("objects and lists lie too deep in one another")
    if end == len(text) and not is_last:
        return None  # a number may go on
    items.append(value)
    return end


_PARSERS: dict[str, Callable[[Parser, _Text], tuple[list[Json], str]]] = {
    "CSV": _parse_csv,
    "JSON": _parse_array,
    "JSONL": _parse_lines,
}
"""What returns the complete items of a text, and what is left of it, by the values of InputType."""
