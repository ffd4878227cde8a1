"""The Amazon States Language: definitions in, checked models out. No Airflow, no boto3.

::

    parse(source)   -> StateMachine, or InvalidDefinition with every problem
    lint(source)    -> every problem, with pointer, line and column
    dump(machine)   -> the JSON object again
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.diagnostics import Diagnostic

# At once, not on demand: importing the package `lint` later would put it in the function's place.
from sfn_provider.asl.lint import lint
from sfn_provider.exceptions import InvalidDefinition

if TYPE_CHECKING:
    from sfn_provider.asl.model import StateMachine, dump
    from sfn_provider.asl.parser import parse

__all__ = ["Diagnostic", "InvalidDefinition", "StateMachine", "dump", "lint", "parse"]

_ON_DEMAND = {
    "StateMachine": "sfn_provider.asl.model",
    "dump": "sfn_provider.asl.model",
    "parse": "sfn_provider.asl.parser",
}


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return getattr(import_module(_ON_DEMAND[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
