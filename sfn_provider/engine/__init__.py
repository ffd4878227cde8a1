"""Runs state machines: an interpreter that does no input or output, and a simulator on top of it."""

from sfn_provider.engine.execution import Execution
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.simulation.mock_files import load_mocks
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import simulate

__all__ = ["Execution", "Interpreter", "Mocks", "load_mocks", "simulate"]
