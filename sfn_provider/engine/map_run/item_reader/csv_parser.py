"""Parses delimited text as Step Functions does.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/example-csv-parse-dist-map.html
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
"""The values of CSVDelimiter."""

_LARGEST_FIELD = 8 * 1024 * 1024
"""Step Functions reads items of up to 8 MB; the csv module's default limit is 128 KiB."""

_LINE_END = re.compile(r"\r\n|\r|\n")


def parse_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Split delimited text into rows of fields.

    Quotation marks around a field are optional. A doubled one stands for itself, inside and outside of such a field. A
    backslash escapes the character after it and is dropped. An empty line is a row with one empty field.

    Args:
        text: the whole text.
        delimiter: what separates fields, one character.
    """
    return _read_rows(io.StringIO(_escape_bare_quotes(text, delimiter), newline=""), delimiter)


def _read_rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    if csv.field_size_limit() < _LARGEST_FIELD:
        csv.field_size_limit(_LARGEST_FIELD)
    for row in csv.reader(lines, delimiter=delimiter, escapechar="\\"):
        yield row or [""]


def parse_complete_rows(
    text: str, delimiter: str, *, is_last: bool, limit: int | None = None
) -> tuple[list[list[str]], str]:
    """Split the beginning of a longer text into rows; return those that are complete, and the rest of the text.

    Args:
        text: what follows the last complete row.
        delimiter: what separates fields, one character.
        is_last: True where nothing follows the text: all of it is complete.
        limit: how many rows are returned; what follows is not parsed, and the rest is meaningless. None for all.
    """
    if is_last:
        return list(islice(parse_rows(text, delimiter), limit)), ""
    ends = list(_line_ends(text))
    escaped = io.StringIO(_escape_bare_quotes(text, delimiter), newline="")
    taken = 0

    def complete_lines() -> Iterator[str]:
        nonlocal taken
        for line in islice(escaped, len(ends)):
            taken += 1
            yield line
        taken += 1  # the reader asks for one more: it is in the midst of a row, or at the end

    rows, complete = [], 0
    for row in islice(_read_rows(complete_lines(), delimiter), limit):
        if taken > len(ends):
            break
        rows.append(row)
        complete = taken
    return rows, text[ends[complete - 1] :] if complete else text


def _line_ends(text: str) -> Iterator[int]:
    """Yields where lines end that cannot go on in the text that follows: a carriage return may be half an end."""
    return (match.end() for match in _LINE_END.finditer(text) if match[0] != "\r" or match.end() < len(text))


def _escape_bare_quotes(text: str, delimiter: str) -> str:
    """Escape doubled quotation marks outside of quoted fields, so that the csv module reads each as one."""
    if '""' not in text:
        return text
    escaped = r"\\."
    quoted = rf'(?:\A|(?<=[\r\n{re.escape(delimiter)}]))"(?:[^"\\]|\\.|"")*"'
    pattern = re.compile(rf'{escaped}|{quoted}|(?P<bare>"")', re.DOTALL)
    return pattern.sub(lambda match: r"\"" if match["bare"] else match[0], text)
