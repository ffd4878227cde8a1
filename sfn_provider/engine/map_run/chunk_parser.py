"""Parses an S3 object chunk by chunk: JSON Lines, CSV, a JSON array; other JSON as a whole.

What a chunk leaves over, such as the beginning of a line, is kept for the next one. An object of one chunk is parsed as
a whole by `sfn_provider.engine.map_run.file_formats`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from sfn_provider.asl.model import ReaderConfig
from sfn_provider.asl.scope import Json
from sfn_provider.engine.map_run.csv_parser import parse_complete_rows
from sfn_provider.engine.map_run.file_formats import (
    READER_FAILED,
    Dataset,
    column_names,
    csv_delimiter,
    input_kind,
    name_fields,
    parse_json,
    read_dataset,
)
from sfn_provider.engine.requests import Chunk
from sfn_provider.exceptions import StatesError

MAX_ITEM_CHARACTERS = 8 * 1024 * 1024
"""Most characters of an item in an object of several chunks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html has 8 MB for items.
"""

Parser = dict[str, Json]
"""What the parser keeps between two chunks: ``rest``, the text left over, and what the format needs; ``is_whole`` where
the object is parsed once it is complete."""


def parse_chunk(
    parser: Parser, chunk: Chunk, config: ReaderConfig, headers: Sequence[str] | None = None, *, is_first: bool
) -> Dataset:
    """Return the items that are complete with a chunk.

    Args:
        parser: what the chunk before has left, changed in place; empty at the first one.
        chunk: the chunk.
        config: the ItemReader's ReaderConfig.
        headers: names of the columns where a manifest gives them.
        is_first: True for the first chunk of the object.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the content holds no items of the InputType.
    """
    is_last = chunk.next is None
    if not isinstance(chunk.content, str) or (is_first and is_last):
        return read_dataset(chunk.content, config, headers)
    kind = input_kind(config, headers)
    parse = _PARSERS.get(kind)
    text = parser.pop("rest", "") + chunk.content
    if parse is None or (kind == "JSON" and not _is_array(parser, text, config)):
        if not is_last:
            parser["rest"], parser["is_whole"] = text, True
            return []
        return read_dataset(text, config, headers)
    items, rest = parse(parser, text, config, headers, is_last)
    if len(rest) > MAX_ITEM_CHARACTERS:
        raise StatesError(
            READER_FAILED, f"An item is longer than the {MAX_ITEM_CHARACTERS:,} characters that one may have."
        )
    parser.pop("rest", None)
    if not is_last:
        parser["rest"] = rest
    return items


_Parse = Callable[[Parser, str, ReaderConfig, Sequence[str] | None, bool], tuple[list[Json], str]]
"""Return the complete items of a text, and what is left of it."""


def _parse_lines(
    parser: Parser, text: str, _config: ReaderConfig, _headers: Sequence[str] | None, is_last: bool
) -> tuple[list[Json], str]:
    end = len(text) if is_last else text.rfind("\n") + 1
    first, lines = parser.get("line", 1), text[:end].split("\n")
    parser["line"] = first + len(lines) - 1
    items = [parse_json(line, f"Line {number}") for number, line in enumerate(lines, first) if line.strip()]
    return items, text[end:]


def _parse_csv(
    parser: Parser, text: str, config: ReaderConfig, headers: Sequence[str] | None, is_last: bool
) -> tuple[list[Json], str]:
    rows, rest = parse_complete_rows(text, csv_delimiter(config), is_last=is_last)
    names = parser.get("names")
    if names is None:
        remaining = iter(rows)
        names = column_names(config, headers, lambda: next(remaining, None))
        if names is None:
            return [], rest
        parser["names"], rows = list(names), list(remaining)
    return [name_fields(names, row) for row in rows], rest


def _is_array(parser: Parser, text: str, config: ReaderConfig) -> bool:
    """Return True for a JSON array whose members are the items."""
    return "state" in parser or (not config.items_pointer and text.lstrip(_BLANKS).startswith("["))


_BLANKS = " \t\r\n"
_NEXT = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_constant=lambda name: _refuse(f"{name} is no JSON value"))


def _refuse(problem: str) -> Json:
    raise StatesError(READER_FAILED, f"The object is not valid JSON: {problem}")


def _parse_array(
    parser: Parser, text: str, _config: ReaderConfig, _headers: Sequence[str] | None, is_last: bool
) -> tuple[list[Json], str]:
    """Parse members of an array; ``parser["state"]`` is what comes next: ``[``, first, value, ``,`` or end."""
    items: list[Json] = []
    *_, at = _array_steps(parser, text, items, is_last)
    if is_last and (parser["state"] != "end" or at < len(text)):
        _refuse("the array does not end")
    return items, text[at:]


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
        value, end = _DECODER.raw_decode(text, at)
    except ValueError as error:
        # What is wrong in the midst of the text does not get right by more of it; but that is up to the last chunk.
        if is_last or len(text) - at > MAX_ITEM_CHARACTERS:
            _refuse(str(error))
        return None
    except RecursionError:
        _refuse("objects and lists lie too deep in one another")
    if end == len(text) and not is_last:
        return None  # a number may go on
    items.append(value)
    return end


_PARSERS: dict[str, _Parse] = {"CSV": _parse_csv, "JSON": _parse_array, "JSONL": _parse_lines}
"""The formats that are parsed chunk by chunk, by the values of InputType."""
