"""Runs state machines: an interpreter without input or output, a simulator, a test of single states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.engine.execution import Execution
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.simulation.mock_files import load_mocks
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import simulate
from sfn_provider.lazy_names import lazy_names

if TYPE_CHECKING:
    from sfn_provider.engine.state_test.run import test_state

__all__ = ["Execution", "Interpreter", "Mocks", "load_mocks", "simulate", "test_state"]


_ON_DEMAND = {"test_state": "sfn_provider.engine.state_test.run"}
__getattr__ = lazy_names(__name__, _ON_DEMAND)
