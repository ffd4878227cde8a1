"""Defines the formats of objects with items: JSON, its ItemsPointer, columns of CSV, Parquet rows.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sfn_provider.asl.diagnostics import split_pointer
from sfn_provider.asl.model import ReaderConfig
from sfn_provider.asl.scope import Json
from sfn_provider.engine.map_run.item_reader.csv_parser import DELIMITERS
from sfn_provider.exceptions import StatesError
from sfn_provider.strict_json import STRICT_DECODER
from sfn_provider.text_files import json_problem

Dataset = list[Json] | dict[str, Json]
"""Items in order; of an object, each member is an item."""

READER_FAILED = "States.ItemReaderFailed"

_KINDS = ("CSV", "JSON", "JSONL", "PARQUET")
"""The values of InputType that name the content of one object."""

_NOT_ITERABLE = "Attempting to map over non-iterable node."
_NO_SUCH_POINTER = "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON structure."
_DUPLICATE_HEADERS = "CSV headers cannot contain duplicates."


def input_kind(config: ReaderConfig, headers: Sequence[str] | None) -> str:
    """Return the InputType of the objects with the items: CSV, JSON, JSONL or PARQUET.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if it is none of them.
    """
    kind = "CSV" if headers is not None else config.input_type or "JSON"
    if kind not in _KINDS:
        raise StatesError(READER_FAILED, f"ReaderConfig.InputType {kind!r} is none of {', '.join(_KINDS)}.")
    return kind


def read_whole_json(content: Json, config: ReaderConfig) -> Dataset:
    """Return the items in JSON that is complete: a list, or an object whose members are items.

    Args:
        content: text, or the JSON value.
        config: the ItemReader's ReaderConfig, whose ItemsPointer leads to the items.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the text is no JSON, or no items are where the pointer leads.
    """
    value = parse_json(content) if isinstance(content, str) else content
    if config.items_pointer:
        value = _follow(value, config.items_pointer)
    if not isinstance(value, (list, dict)):
        raise StatesError(READER_FAILED, _NOT_ITERABLE)
    return value


def parse_json(text: str, place: str = "The object") -> Json:
    """Parse JSON; ``place`` names the text.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the text is not JSON.
    """
    try:
        return STRICT_DECODER.decode(text)
    except ValueError as error:
        raise StatesError(READER_FAILED, f"{place} is not valid JSON: {json_problem(error)}") from error
    except RecursionError as error:
        cause = f"{place} is not valid JSON: objects and lists lie too deep in one another"
        raise StatesError(READER_FAILED, cause) from error


def _follow(value: Json, pointer: str) -> Json:
    """Follow a JSON pointer (RFC 6901), which begins with a slash."""
    if not pointer.startswith("/"):
        raise StatesError(READER_FAILED, _NO_SUCH_POINTER)
    for name in split_pointer(pointer):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise StatesError(READER_FAILED, _NO_SUCH_POINTER)
    return value


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


def read_rows(content: Json) -> list[Json]:
    """Return rows that the ItemReader's call has parsed.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if they are no list.
    """
    if isinstance(content, str):
        raise StatesError(READER_FAILED, "A Parquet object must be answered with the list of its rows, not with text.")
    if not isinstance(content, list):
        raise StatesError(READER_FAILED, _NOT_ITERABLE)
    return content
