"""Runs state machines: an interpreter that does no input or output, a simulator and a test of single states."""

from sfn_provider.engine.execution import Execution
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.simulation.mock_files import load_mocks
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import simulate
from sfn_provider.engine.state_test.run import test_state

__all__ = ["Execution", "Interpreter", "Mocks", "load_mocks", "simulate", "test_state"]
