"""The Amazon States Language: parser, models and linter. Imports neither Airflow nor boto3.

::

    parse(source)   -> StateMachine, or InvalidDefinition with every problem
    lint(source)    -> every problem, with pointer, line and column
    dump(machine)   -> the JSON object again
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.parser import lint, parse
from sfn_provider.exceptions import InvalidDefinition
from sfn_provider.lazy_names import lazy_names

if TYPE_CHECKING:
    from sfn_provider.asl.model import StateMachine, dump

__all__ = ["Diagnostic", "InvalidDefinition", "StateMachine", "dump", "lint", "parse"]

_ON_DEMAND = {"StateMachine": "sfn_provider.asl.model", "dump": "sfn_provider.asl.model"}

__getattr__ = lazy_names(__name__, _ON_DEMAND)
