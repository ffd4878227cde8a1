"""Parses delimited text as Step Functions does.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/example-csv-parse-dist-map.html
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
"""The values of CSVDelimiter."""

_LARGEST_FIELD = 8 * 1024 * 1024
"""Step Functions reads items of up to 8 MB; the csv module's default limit is 128 KiB."""


def parse_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """Split delimited text into rows of fields.

    Quotation marks around a field are optional. A doubled one stands for itself, inside and outside of such a field. A
    backslash escapes the character after it and is dropped. An empty line is a row with one empty field.

    Args:
        text: the whole text.
        delimiter: what separates fields, one character.
    """
    if csv.field_size_limit() < _LARGEST_FIELD:
        csv.field_size_limit(_LARGEST_FIELD)
    source = io.StringIO(_escape_bare_quotes(text, delimiter), newline="")
    for row in csv.reader(source, delimiter=delimiter, escapechar="\\"):
        yield row or [""]


def _escape_bare_quotes(text: str, delimiter: str) -> str:
    """Escape doubled quotation marks outside of quoted fields, so that the csv module reads each as one."""
    if '""' not in text:
        return text
    escaped = r"\\."
    quoted = rf'(?:\A|(?<=[\r\n{re.escape(delimiter)}]))"(?:[^"\\]|\\.|"")*"'
    pattern = re.compile(rf'{escaped}|{quoted}|(?P<bare>"")', re.DOTALL)
    return pattern.sub(lambda match: r"\"" if match["bare"] else match[0], text)
