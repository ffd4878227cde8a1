"""Runs a Parallel or Map whose branches or iterations a mock replaces."""

from __future__ import annotations

from dataclasses import dataclass

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.map_run.child_inputs import make_child_inputs
from sfn_provider.engine.map_run.completion import fail_run
from sfn_provider.engine.map_run.item_reader.chunk_parser import read_dataset
from sfn_provider.engine.map_run.item_reader.reader import (
    begin_reading,
    evaluate_max_items,
    has_more,
    read_items,
    source_of_items,
)
from sfn_provider.engine.map_run.item_selection import evaluate_items, map_scope, max_concurrency, select_items
from sfn_provider.engine.map_run.tolerated_failures import THRESHOLD_EXCEEDED, evaluate_tolerance
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.map_run_progress import MapRunProgress, Tolerance
from sfn_provider.engine.requests import CallTask
from sfn_provider.engine.state_test.inspection import Inspection
from sfn_provider.engine.state_test.json_texts import parse_json, refuse
from sfn_provider.engine.state_test.request import Mock, StateConfiguration
from sfn_provider.exceptions import StatesError, UsageError


def mocked_handlers(mock: Mock, configuration: StateConfiguration, inspection: Inspection) -> dict[str, StateHandler]:
    """Return what Parallel and Map do under test, by the value of Type."""
    mocked_map = _MockedMap(mock, configuration, inspection)

    def execute_parallel(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
        state.data_flow.enter(step.scope(frame), step.entropy)
        _leave(step, frame, state, mock)

    return {
        "Parallel": StateHandler(execute_parallel),
        "Map": StateHandler(mocked_map.execute),
    }


def _leave(step: ExecutionStep, frame: Frame, state: CompiledState, mock: Mock) -> None:
    if mock.error is not None:
        step.fail(frame, state, mock.error)
    else:
        step.succeed_children(frame, state, mock.result)


@dataclass(frozen=True, slots=True)
class _MockedMap:
    mock: Mock
    configuration: StateConfiguration
    inspection: Inspection

    def execute(self, step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
        """Evaluate the Map's fields on its input, then leave it with the mock."""
        scope, record = map_scope(step, frame, state), self.inspection.record
        record("maxConcurrency", max_concurrency(step, state, scope))
        tolerance = evaluate_tolerance(state, scope, step.entropy) if state.model.distributed else Tolerance(0, 0.0)
        for field, value in (("Count", tolerance.items), ("Percentage", tolerance.percentage)):
            name = f"tolerated_failure_{field.lower()}"
            if {name, f"{name}_path"} & state.model.model_fields_set:
                record(f"toleratedFailure{field}", value)
        frame.progress = MapRunProgress(state.name, "", "", 0, tolerance)
        if state.model.item_reader is not None:
            self._read(step, frame, state)
            return
        dataset = evaluate_items(step, state, scope)
        if state.language == "JSONPath":
            record("afterItemsPath", dataset)
        self._leave_with_items(step, frame, state, select_items(step, frame, state, dataset))

    def _read(self, step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
        """Make the items of what the request has the ItemReader read; without that go on to what follows them."""
        scope = map_scope(step, frame, state)
        most = evaluate_max_items(step, state, scope)
        try:
            begin_reading(step, frame, state, scope, most)
            call = step.requests.pop()
            if not isinstance(call, CallTask):
                raise TypeError(f"state {state.name!r} reads its items by {call!r}")
            step.close_request(frame, call.id)
            data = self.configuration.map_item_reader_data
            if data is None:
                self._leave(step, frame, state)
                return
            items = self._read_items(step, frame, state, self._content(state, call, data))
        except StatesError as error:
            fail_run(step, frame, state, error)
            return
        if items is None:
            raise UsageError(
                f"state {state.name!r} reads a list of files and then each of them, which one mapItemReaderData cannot "
                "hold: leave it out, and the result of the Map is tested without its items"
            )
        self._leave_with_items(step, frame, state, items)

    @staticmethod
    def _read_items(step: ExecutionStep, frame: Frame, state: CompiledState, content: Json) -> list[Json] | None:
        """Return the iterations' inputs; None where the content lists the objects to read."""
        reader = frame.progress_as(MapRunProgress).reader
        if reader is None:
            raise TypeError(f"state {state.name!r} does not read items")
        source, dataset = source_of_items(reader), read_items(state, reader, content)
        if has_more(reader):
            return None
        return select_items(step, frame, state, dataset, source=source, max_items=reader.max_items)

    def _content(self, state: CompiledState, call: CallTask, data: str) -> Json:
        """Return the answer to the ItemReader's call."""
        content: Json = data
        if (
            isinstance(call, CallTask) and call.purpose != "read"
        ):  # the objects of a bucket, or the rows of a Parquet file
            try:
                content = parse_json(data)
            except ValueError as error:
                refuse(f"mapItemReaderData must be valid JSON: {error}")
        config = state.model.item_reader.reader_config
        if config is not None and config.items_pointer:
            self.inspection.record("afterItemsPointer", read_dataset(content, config))
        return content

    def _leave_with_items(self, step: ExecutionStep, frame: Frame, state: CompiledState, items: list[Json]) -> None:
        model, record = state.model, self.inspection.record
        if {"item_selector", "parameters"} & model.model_fields_set:
            record("afterItemSelector", items)
        inputs = make_child_inputs(step, state, map_scope(step, frame, state), items)
        if model.item_batcher is not None:
            record("afterItemBatcher", inputs)
        failures = self.configuration.map_iteration_failure_count or 0
        if failures > len(inputs):
            refuse("Map iteration failure count must be less than or equal to the number of Map iterations")
        progress = frame.progress_as(MapRunProgress)
        progress.has_batches = model.item_batcher is not None
        failed_items = sum(map(progress.item_count, inputs[:failures]))
        tolerance = progress.tolerance
        is_over = self.mock.error is None and tolerance.is_exceeded(failed_items, len(items))
        self._leave(step, frame, state, THRESHOLD_EXCEEDED if is_over else None)

    def _leave(self, step: ExecutionStep, frame: Frame, state: CompiledState, error: StatesError | None = None) -> None:
        _leave(step, frame, state, self.mock if error is None else Mock(error=error))
