"""Exports the parts of jsonata-python that this package uses.

Import this lazily: the library takes 30 ms to import, and it raises Python's recursion limit to 10,000 for the whole
process; ``expression`` puts the limit back.
"""

from __future__ import annotations

from jsonata.constants import Constants
from jsonata.datetimeutils import DateTimeUtils
from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.parser import Parser
from jsonata.signature import Signature
from jsonata.tokenizer import Tokenizer
from jsonata.utils import Utils

Frame = Jsonata.Frame
Symbol = Parser.Symbol
Sequence = Utils.JList
NULL = Utils.NULL_VALUE
"""JSON null while an expression is evaluated; None means undefined there."""

__all__ = [
    "NULL",
    "Constants",
    "DateTimeUtils",
    "Frame",
    "Functions",
    "JException",
    "Jsonata",
    "Parser",
    "Sequence",
    "Signature",
    "Symbol",
    "Tokenizer",
    "Utils",
]
