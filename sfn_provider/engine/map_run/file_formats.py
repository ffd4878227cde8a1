"""Parses the content of an S3 object into items: JSON, JSON Lines, CSV or Parquet rows.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sfn_provider.asl.diagnostics import split_pointer
from sfn_provider.asl.model import ReaderConfig
from sfn_provider.asl.scope import Json
from sfn_provider.engine.map_run.csv_parser import DELIMITERS, parse_rows
from sfn_provider.exceptions import StatesError

Dataset = list[Json] | dict[str, Json]
"""Items in order; of an object, each member is an item."""

READER_FAILED = "States.ItemReaderFailed"

_NOT_ITERABLE = "Attempting to map over non-iterable node."
_NO_SUCH_POINTER = "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON structure."
_DUPLICATE_HEADERS = "CSV headers cannot contain duplicates."


def read_dataset(content: Json, config: ReaderConfig, headers: Sequence[str] | None = None) -> Dataset:
    """Return the items in the content of an object: a list, or an object whose members are items.

    Args:
        content: the object's text. For Parquet its rows, a list of objects. Content that is not text is
            already parsed.
        config: the ItemReader's ReaderConfig. Without an InputType the content is JSON.
        headers: names of the columns where a manifest gives them; they go before those of the ReaderConfig.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the content holds no items of the InputType.
    """
    return _READERS[input_kind(config, headers)](content, config, headers)


def input_kind(config: ReaderConfig, headers: Sequence[str] | None) -> str:
    """Return the InputType of the objects with the items: CSV, JSON, JSONL or PARQUET.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if it is none of them.
    """
    kind = "CSV" if headers is not None else config.input_type or "JSON"
    if kind not in _READERS:
        raise StatesError(READER_FAILED, f"ReaderConfig.InputType {kind!r} is none of {', '.join(_READERS)}.")
    return kind


def _read_json(content: Json, config: ReaderConfig, _headers: Sequence[str] | None) -> Dataset:
    value = parse_json(content) if isinstance(content, str) else content
    if config.items_pointer:
        value = _follow(value, config.items_pointer)
    if not isinstance(value, (list, dict)):
        raise StatesError(READER_FAILED, _NOT_ITERABLE)
    return value


def _reject_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON value")


_DECODER = json.JSONDecoder(parse_constant=_reject_constant)


def parse_json(text: str, place: str = "The object") -> Json:
    """Parse JSON; ``place`` names the text.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the text is not JSON.
    """
    try:
        return _DECODER.decode(text)
    except ValueError as error:
        raise StatesError(READER_FAILED, f"{place} is not valid JSON: {error}") from error
    except RecursionError as error:
        cause = f"{place} is not valid JSON: objects and lists lie too deep in one another"
        raise StatesError(READER_FAILED, cause) from error


def _follow(value: Json, pointer: str) -> Json:
    """Follow a JSON pointer (RFC 6901)."""
    for name in split_pointer("/" + pointer.removeprefix("/")):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise StatesError(READER_FAILED, _NO_SUCH_POINTER)
    return value


def _read_json_lines(content: Json, _config: ReaderConfig, _headers: Sequence[str] | None) -> Dataset:
    if not isinstance(content, str):
        return _rows(content)
    # Only a line feed ends a line: other separators may stand in the text of a string.
    lines = enumerate(content.split("\n"), 1)
    return [parse_json(line, f"Line {number}") for number, line in lines if line.strip()]


def _read_csv(content: Json, config: ReaderConfig, headers: Sequence[str] | None) -> Dataset:
    if not isinstance(content, str):
        return _rows(content)
    rows = parse_rows(content, csv_delimiter(config))
    names = column_names(config, headers, lambda: next(rows, None))
    return [] if names is None else [name_fields(names, row) for row in rows]


def csv_delimiter(config: ReaderConfig) -> str:
    """Return the character that separates fields.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if CSVDelimiter names none.
    """
    delimiter = DELIMITERS.get(config.csv_delimiter or "COMMA")
    if delimiter is None:
        known = ", ".join(DELIMITERS)
        raise StatesError(READER_FAILED, f"ReaderConfig.CSVDelimiter {config.csv_delimiter!r} is none of {known}.")
    return delimiter


def column_names(
    config: ReaderConfig, headers: Sequence[str] | None, take_row: Callable[[], Sequence[str] | None]
) -> Sequence[str] | None:
    """Return the names of the columns; None where the first row should have them, and there is none.

    Args:
        config: the ItemReader's ReaderConfig, whose CSVHeaders go first.
        headers: the names where a manifest gives them.
        take_row: takes the first row, or None; called where that has the names.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if nothing says what the names are, or two are equal.
    """
    names = _explicit_headers(config) or headers or _first_row(config, take_row())
    if names is not None and len(set(names)) < len(names):
        raise StatesError(READER_FAILED, _DUPLICATE_HEADERS)
    return names


def _explicit_headers(config: ReaderConfig) -> Sequence[str] | None:
    return config.csv_headers if config.csv_header_location == "GIVEN" else None


def _first_row(config: ReaderConfig, row: Sequence[str] | None) -> Sequence[str] | None:
    if config.csv_header_location != "FIRST_ROW":
        cause = "ReaderConfig.CSVHeaderLocation must be FIRST_ROW, or GIVEN together with CSVHeaders."
        raise StatesError(READER_FAILED, cause)
    return row


def name_fields(names: Sequence[str], row: Sequence[str]) -> dict[str, Json]:
    """Name a row's fields. Those that are missing are empty; those without a name are dropped (recorded executions)."""
    padded = [*row, *[""] * (len(names) - len(row))]
    return dict(zip(names, padded, strict=False))


def _read_rows(content: Json, _config: ReaderConfig, _headers: Sequence[str] | None) -> Dataset:
    if isinstance(content, str):
        raise StatesError(READER_FAILED, "A Parquet object must be answered with the list of its rows, not with text.")
    return _rows(content)


def _rows(content: Json) -> Dataset:
    if not isinstance(content, list):
        raise StatesError(READER_FAILED, _NOT_ITERABLE)
    return content


_READERS: dict[str, Callable[[Json, ReaderConfig, Sequence[str] | None], Dataset]] = {
    "CSV": _read_csv,
    "JSON": _read_json,
    "JSONL": _read_json_lines,
    "PARQUET": _read_rows,
}
"""The values of InputType that name the content of one object."""
