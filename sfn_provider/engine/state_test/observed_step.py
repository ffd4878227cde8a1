"""Interprets one state and observes its values, and which Retry or Catch takes its error."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl.model import Retrier
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledMachine, CompiledState
from sfn_provider.engine.dataflow.data_flow import Recorder
from sfn_provider.engine.errors.catch import find_catcher
from sfn_provider.engine.errors.retry import matches_error, retry_delay
from sfn_provider.engine.execution_step import ExecutionStep
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame
from sfn_provider.engine.state_test.inspection import Inspection
from sfn_provider.engine.state_test.mocked_handlers import mocked_handlers
from sfn_provider.engine.state_test.request import Mock, StateConfiguration
from sfn_provider.engine.state_test.tested_state import StateUnderTest
from sfn_provider.engine.states import STATE_HANDLERS
from sfn_provider.exceptions import StatesError

Context = dict[str, dict[str, Json]]


class _StateAlone(CompiledMachine):
    """A machine of one state: every way out of it ends the test, also one that leads back."""

    def has_state(self, scope: str, name: str) -> bool:
        return False


class ObservedInterpreter(Interpreter):
    """Runs the state under test alone.

    Args:
        tested: the state.
        mock: what its work is replaced by; None where its work is done.
        configuration: what the request says about its past.
        context: what the request says about the context object.
        inspection: where the intermediate values are recorded.
    """

    def __init__(
        self,
        tested: StateUnderTest,
        mock: Mock | None,
        configuration: StateConfiguration,
        context: Context,
        inspection: Inspection,
    ) -> None:
        super().__init__(tested.region)
        record: Recorder = inspection.record
        self._machine = _StateAlone(tested.region, record)
        self._mock, self._configuration = mock, configuration
        self._context, self._inspection = context, inspection

    def _step(self, execution: ExecutionState) -> ExecutionStep:
        return _ObservedStep(self._machine, execution, self._mock, self._configuration, self._context, self._inspection)


class _ObservedStep(ExecutionStep):
    def __init__(
        self,
        machine: CompiledMachine,
        execution: ExecutionState,
        mock: Mock | None,
        configuration: StateConfiguration,
        context: Context,
        inspection: Inspection,
    ) -> None:
        handlers = STATE_HANDLERS
        if mock is not None:
            handlers = {**STATE_HANDLERS, **mocked_handlers(mock, configuration, inspection)}
        super().__init__(machine, handlers, execution)
        self._mock, self._configuration = mock, configuration
        self._context, self._inspection = context, inspection

    def scope(self, frame: Frame, token: str | None = None) -> Scope:
        """Return what the state's expressions see, with the request's context object over the default one."""
        found = super().scope(frame, token)
        if not self._context:
            return found
        names = [*found.context, *(name for name in self._context if name not in found.context)]
        context = {name: {**found.context.get(name, {}), **self._context.get(name, {})} for name in names}
        return Scope(found.input, context, found.variables)

    def succeed(self, frame: Frame, state: CompiledState, result: Json, scope: Scope) -> None:
        """Leave the state with the result of its work, which a Task or a Pass with a Result shows."""
        if state.model.type == "Task" or "result" in state.model.model_fields_set:
            self._inspection.record("result", result)
        super().succeed(frame, state, result, scope)

    def fail(self, frame: Frame, state: CompiledState, error: StatesError) -> None:
        """Fail the state, and record its error and the retrier that matches it."""
        self._inspection.error = error
        index = _matching_retrier(state.model, error)
        if index is not None:
            self._inspection.error_details["retryIndex"] = index
        super().fail(frame, state, error)

    def _enter(self, frame: Frame, state: CompiledState) -> None:
        super()._enter(frame, state)
        mocked = self._mock.error if self._mock is not None else None
        index = _matching_retrier(state.model, mocked) if mocked is not None else None
        if index is not None:
            frame.retry_counts[index] = self._configuration.retrier_retry_count or 0

    def _retry(self, frame: Frame, state: CompiledState, index: int, error: StatesError) -> None:
        retrier: Retrier = state.model.retry[index]
        # Jitter is random: the test reports the delay that it is drawn from.
        delay = retry_delay(
            retrier.model_copy(update={"jitter_strategy": "NONE"}), frame.retry_counts[index], self.entropy
        )
        self._inspection.error_details["retryBackoffIntervalSeconds"] = int(delay)
        self._inspection.is_retriable = True
        self.stop()

    def _catch(self, frame: Frame, state: CompiledState, error: StatesError) -> None:
        catcher = find_catcher(state, error)
        if catcher is not None:
            self._inspection.error_details["catchIndex"] = state.model.catch.index(catcher)
        super()._catch(frame, state, error)


def _matching_retrier(model: Any, error: StatesError) -> int | None:
    """Return the index of the first retrier that matches an error, even one that is used up."""
    retriers: tuple[Retrier, ...] = getattr(model, "retry", ())
    return next((index for index, entry in enumerate(retriers) if matches_error(entry.error_equals, error)), None)
