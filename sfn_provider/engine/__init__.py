"""Runs state machines: an interpreter without input or output, a simulator, a test of single states."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sfn_provider.engine.execution import Execution
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.simulation.mock_files import load_mocks
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import simulate

if TYPE_CHECKING:
    from sfn_provider.engine.state_test.run import test_state

__all__ = ["Execution", "Interpreter", "Mocks", "load_mocks", "simulate", "test_state"]


def __getattr__(name: str) -> Any:
    if name == "test_state":
        return import_module("sfn_provider.engine.state_test.run").test_state
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
