"""Reads the items of an ItemReader from S3 objects, one object after another."""

from __future__ import annotations

from collections.abc import Callable

from sfn_provider.asl.model import ReaderConfig
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_evaluator
from sfn_provider.engine.dataflow.typed_fields import evaluate_field, require_integer
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.map_run.file_formats import READER_FAILED, Dataset, read_dataset
from sfn_provider.engine.map_run.item_selection import map_scope, select_items
from sfn_provider.engine.map_run.manifests import Manifest, read_athena_manifest, read_inventory
from sfn_provider.engine.requests import CallPurpose, CallTask
from sfn_provider.engine.state_progress import ItemReaderProgress, MapRunProgress
from sfn_provider.engine.step_context import StepContext
from sfn_provider.exceptions import StatesError

MAX_ITEMS = 100_000_000
"""Where AWS stops reading. Source: the documentation of MaxItems."""

_GET_OBJECT = "arn:aws:states:::s3:getObject"


def begin_reading(step: StepContext, frame: Frame, state: CompiledState, scope: Scope, max_items: int | None) -> None:
    """Ask for the list, the manifest or the one object that the ItemReader names.

    Args:
        step: the step that the state is in.
        frame: the state's frame, whose progress is a Map Run's.
        state: the Map.
        scope: what its fields see.
        max_items: what evaluate_max_items returned.

    Raises:
        StatesError: if a field of the ItemReader cannot be evaluated.
    """
    reader, config = state.model.item_reader, _config(state)
    name, value = ("Arguments", reader.arguments) if state.language == "JSONata" else ("Parameters", reader.parameters)
    field = f"ItemReader/{name}"
    stage = _first_stage(reader.resource, config)
    evaluated = compile_evaluator(value, state.language, field)(scope, step.entropy)
    arguments = _check_arguments(evaluated, field, ("Bucket",) if stage == "list" else ("Bucket", "Key"))
    if max_items is not None and max_items < 0:
        raise StatesError(READER_FAILED, "field MaxItems must be positive")
    most = min(max_items or MAX_ITEMS, MAX_ITEMS)
    progress = ItemReaderProgress(stage, arguments["Bucket"], arguments.get("Key"), most)
    frame.progress_as(MapRunProgress).reader = progress
    purpose: CallPurpose = "list" if stage == "list" else _purpose(config) if stage == "data" else "read"
    _request(step, frame, state, reader.resource, arguments, purpose)


def handle_read_result(step: StepContext, frame: Frame, state: CompiledState, result: Json) -> list[Json] | None:
    """Take the result of a read and ask for the next object.

    Returns:
        All items once the last object is read, else None.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the result does not hold what it should.
    """
    map_run = frame.progress_as(MapRunProgress)
    reader = map_run.reader
    if reader is None:
        raise TypeError(f"state {state.name!r} does not read items")
    dataset = _STAGES[reader.stage](reader, _config(state), result)
    if dataset is not None:
        _add_items(step, frame, state, reader, dataset)
    if len(reader.items) >= reader.max_items or not reader.files:
        map_run.reader = None
        return reader.items
    reader.bucket, reader.key = reader.files.pop()
    arguments = {"Bucket": reader.bucket, "Key": reader.key}
    _request(step, frame, state, _GET_OBJECT, arguments, _purpose(_config(state)))
    return None


_TEXT_ARGUMENTS = ("Bucket", "Key", "Prefix", "StartAfter")
"""What names objects among the arguments."""


def _check_arguments(arguments: Json, field: str, required: tuple[str, ...]) -> dict[str, Json]:
    """Return the arguments without those that are null, which S3 takes as absent.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if one is absent or no text where S3 takes text alone.
    """
    if not isinstance(arguments, dict):
        raise StatesError(READER_FAILED, f"{field} must be an object, but was {to_json(arguments)[:200]}")
    present = {name: value for name, value in arguments.items() if value is not None}
    for name in required:
        if name not in present:
            raise StatesError(READER_FAILED, f"{field} must name a {name}.")
    for name in _TEXT_ARGUMENTS:
        if not isinstance(present.get(name, ""), str):
            raise StatesError(READER_FAILED, f"{field}/{name} must be text, but was {to_json(present[name])[:200]}")
    return present


def _config(state: CompiledState) -> ReaderConfig:
    config: ReaderConfig | None = state.model.item_reader.reader_config
    return config or ReaderConfig.model_validate({})


def _first_stage(resource: str, config: ReaderConfig) -> str:
    if resource.endswith(":listObjectsV2"):
        return "list"
    if config.manifest_type == "ATHENA_DATA":
        return "athena"
    return "inventory" if config.manifest_type == "S3_INVENTORY" or config.input_type == "MANIFEST" else "data"


def _purpose(config: ReaderConfig) -> CallPurpose:
    return "read_rows" if config.input_type == "PARQUET" else "read"


def evaluate_max_items(step: StepContext, state: CompiledState, scope: Scope) -> int | None:
    """Evaluate the ItemReader's MaxItems, or the path in its place; None where there is neither.

    Raises:
        StatesError: ``States.Runtime`` if it is no integer (reported from executions, which have no Map Run then);
            ``States.QueryEvaluationError`` in JSONata.
    """
    config = _config(state)
    found = evaluate_field(config, state.language, "MaxItems", scope, step.entropy, "number")
    return require_integer(found, config, state.language, "MaxItems")


def _request(
    step: StepContext,
    frame: Frame,
    state: CompiledState,
    resource: str,
    arguments: dict[str, Json],
    purpose: CallPurpose,
) -> None:
    identity = step.new_request(frame, "read")
    step.requests.append(CallTask(identity, state.name, resource, arguments, index=frame.index, purpose=purpose))


def _add_items(
    step: StepContext, frame: Frame, state: CompiledState, reader: ItemReaderProgress, dataset: Dataset
) -> None:
    source = f"S3://{reader.bucket}" + ("" if reader.stage == "list" else f"/{reader.key}")
    first, rest = len(reader.items), reader.max_items - len(reader.items)
    scope = map_scope(step, frame, state)
    reader.items += select_items(step, state, scope, dataset, source=source, first=first, max_items=rest)


def _read_list(reader: ItemReaderProgress, config: ReaderConfig, result: Json) -> Dataset | None:
    if not isinstance(result, list):
        raise StatesError(READER_FAILED, "The list of objects must be answered with a list of entries.")
    if config.transformation != "LOAD_AND_FLATTEN":
        return result
    if not all(isinstance(entry, dict) and isinstance(entry.get("Key"), str) for entry in result):
        raise StatesError(READER_FAILED, "Each entry of the list of objects must be an object with a Key.")
    # An empty object holds no items: the folders that the S3 console makes are such objects.
    files = [[reader.bucket, entry["Key"]] for entry in result if entry.get("Size") != 0]
    return _read_files(reader, Manifest(files, None))


def _read_files(reader: ItemReaderProgress, manifest: Manifest) -> Dataset | None:
    reader.stage, reader.files, reader.headers = "data", manifest.files[::-1], manifest.headers
    return None


_STAGES: dict[str, Callable[[ItemReaderProgress, ReaderConfig, Json], Dataset | None]] = {
    "list": _read_list,
    "inventory": lambda reader, _config, result: _read_files(reader, read_inventory(result)),
    "athena": lambda reader, _config, result: _read_files(reader, read_athena_manifest(result)),
    "data": lambda reader, config, result: read_dataset(result, config, reader.headers),
}
"""What to do with a result, by what was read: returns items, or None where it lists the objects to read."""
