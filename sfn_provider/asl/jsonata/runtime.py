"""Everything that needs jsonata-python, for one lazy import."""

from __future__ import annotations

from sfn_provider.asl.jsonata.errors import STACK_OVERFLOW, tail
from sfn_provider.asl.jsonata.evaluator import Evaluator
from sfn_provider.asl.jsonata.library import JException
from sfn_provider.asl.jsonata.parser import ParseError, parse
from sfn_provider.asl.jsonata.references import references
from sfn_provider.asl.jsonata.shortcuts import shortcut
from sfn_provider.asl.jsonata.values import UnsupportedResult, from_value

__all__ = [
    "STACK_OVERFLOW",
    "Evaluator",
    "JException",
    "ParseError",
    "UnsupportedResult",
    "from_value",
    "parse",
    "references",
    "shortcut",
    "tail",
]
