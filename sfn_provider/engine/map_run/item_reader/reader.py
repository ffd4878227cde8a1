"""Reads the items of an ItemReader from S3 objects, one object after another, in chunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

from sfn_provider.asl.model import ReaderConfig
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.data_flow import compile_evaluator
from sfn_provider.engine.dataflow.typed_fields import evaluate_field, require_integer
from sfn_provider.engine.limits import to_json
from sfn_provider.engine.map_run.item_reader.chunk_parser import parse_chunk
from sfn_provider.engine.map_run.item_reader.file_formats import READER_FAILED, Dataset
from sfn_provider.engine.map_run.item_reader.manifests import Manifest, read_athena_manifest, read_inventory
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.progress.map_run_progress import ItemReaderProgress, MapRunProgress
from sfn_provider.engine.requests import CallPurpose, CallTask, Chunk
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
    progress = frame.progress_as(MapRunProgress)
    progress.reader = ItemReaderProgress(stage, arguments, most)
    request_chunk(step, frame, state, progress)


def request_chunk(step: StepContext, frame: Frame, state: CompiledState, progress: MapRunProgress) -> None:
    """Ask for what the reader reads next."""
    reader = progress.reader
    if reader is None:
        raise TypeError(f"state {state.name!r} has read all items")
    progress.is_reading = True
    resource = state.model.item_reader.resource if reader.stage == "list" else _GET_OBJECT
    call = CallTask(
        step.new_request(frame, "read"),
        state.name,
        resource,
        reader.arguments,
        index=frame.index,
        purpose=_purpose(reader, _config(state)),
        position=reader.position,
    )
    step.requests.append(call)


def read_items(state: CompiledState, reader: ItemReaderProgress, result: Json) -> Dataset:
    """Return the items in the result of a read; the reader goes on to what follows.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if the result does not hold what it should.
    """
    chunk = result if isinstance(result, Chunk) else Chunk(result)
    return _STAGES[reader.stage](reader, _config(state), chunk)


def source_of_items(reader: ItemReaderProgress) -> str:
    """Return where the reader's items are from, as ``$$.Map.Item.Source`` shows it."""
    arguments = reader.arguments
    return f"S3://{arguments['Bucket']}" + ("" if reader.stage == "list" else f"/{arguments['Key']}")


def has_more(reader: ItemReaderProgress) -> bool:
    """Go on to the next object where one is read to its end; return False where there is none, or enough was read."""
    if reader.count >= reader.max_items:
        return False
    if reader.position is not None:
        return True
    reader.parser = {}
    if reader.files:
        bucket, key = reader.files.pop()
        reader.stage, reader.arguments = "data", {"Bucket": bucket, "Key": key}
    elif reader.listing is not None:
        reader.stage, reader.arguments, reader.position = (
            "list",
            reader.listing["arguments"],
            reader.listing["position"],
        )
        reader.listing = None
    else:
        return False
    return True


def copy_reader(reader: ItemReaderProgress) -> ItemReaderProgress:
    """Return a copy that stays as it is when the reader goes on."""
    return replace(reader, parser=dict(reader.parser), files=list(reader.files), pending=list(reader.pending))


def checkpoint_within(
    before: ItemReaderProgress, reader: ItemReaderProgress, dataset: Dataset, skipped: int
) -> dict[str, Json]:
    """Return as JSON the reader that begins within a chunk.

    Args:
        before: the reader before the chunk.
        reader: the reader after the chunk.
        dataset: the items of the chunk.
        skipped: how many of them are before the place at which it begins.
    """
    place = replace(before, count=before.count + skipped, skip=before.skip + skipped, pending=[])
    if before.stage == "list" and skipped and isinstance(dataset, list):
        # A list changes while child executions run: a key is a place in it, a number is none.
        known = reader.position or before.position
        place = replace(place, position={**(known or {}), "after": dataset[skipped - 1]["Key"]}, skip=before.skip)
    if before.listing is not None and before.stage == "data":
        # The objects that follow are listed again, in place of being named in each checkpoint.
        listing = before.listing["position"] or {}
        after = {**listing, "after": before.arguments["Key"]}
        place = replace(place, files=[], listing={**before.listing, "position": after})
    return asdict(place)


_TEXT_ARGUMENTS = ("Bucket", "Key", "Prefix", "StartAfter", "VersionId")
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


def _purpose(reader: ItemReaderProgress, config: ReaderConfig) -> CallPurpose:
    if reader.stage == "list":
        return "list"
    return "read_rows" if reader.stage == "data" and config.input_type == "PARQUET" else "read"


def evaluate_max_items(step: StepContext, state: CompiledState, scope: Scope) -> int | None:
    """Evaluate the ItemReader's MaxItems, or the path in its place; None where there is neither.

    Raises:
        StatesError: ``States.Runtime`` if it is no integer (reported from executions, which have no Map Run then);
            ``States.QueryEvaluationError`` in JSONata.
    """
    config = _config(state)
    found = evaluate_field(config, state.language, "MaxItems", scope, step.entropy, "number")
    return require_integer(found, config, state.language, "MaxItems")


def _read_list(reader: ItemReaderProgress, config: ReaderConfig, chunk: Chunk) -> Dataset:
    entries = chunk.content
    if not isinstance(entries, list):
        raise StatesError(READER_FAILED, "The list of objects must be answered with a list of entries.")
    if config.transformation != "LOAD_AND_FLATTEN":
        reader.position = chunk.next
        return entries if reader.until is None else _entries_until(reader, entries)
    if not all(isinstance(entry, dict) and isinstance(entry.get("Key"), str) for entry in entries):
        raise StatesError(READER_FAILED, "Each entry of the list of objects must be an object with a Key.")
    # An empty object holds no items: the folders that the S3 console makes are such objects.
    files = [[reader.arguments["Bucket"], entry["Key"]] for entry in entries if entry.get("Size") != 0]
    if chunk.next is not None:
        reader.listing = {"arguments": reader.arguments, "position": chunk.next}
    return _read_files(reader, Manifest(files, None))


def _entries_until(reader: ItemReaderProgress, entries: list[Json]) -> list[Json]:
    """Return the entries that belong to the batch; those that follow are another one's."""
    last = str(reader.until).encode()  # S3 orders keys by their UTF-8 bytes
    own = [entry for entry in entries if entry["Key"].encode() <= last]
    if len(own) < len(entries) or (own and own[-1]["Key"] == reader.until):
        reader.position = None
    return own


def _read_manifest(read: Callable[[Json], Manifest]) -> Callable[[ItemReaderProgress, ReaderConfig, Chunk], Dataset]:
    def take(reader: ItemReaderProgress, _config: ReaderConfig, chunk: Chunk) -> Dataset:
        content = chunk.content
        if isinstance(content, str):
            content = reader.parser.pop("rest", "") + content
        reader.position = chunk.next
        if chunk.next is not None:
            reader.parser["rest"] = content
            return []
        return _read_files(reader, read(content))

    return take


def _read_files(reader: ItemReaderProgress, manifest: Manifest) -> Dataset:
    reader.files, reader.headers, reader.position = manifest.files[::-1], manifest.headers, None
    return []


def _read_data(reader: ItemReaderProgress, config: ReaderConfig, chunk: Chunk) -> Dataset:
    reader.position = chunk.next
    limit = reader.skip + reader.max_items - reader.count
    return parse_chunk(reader.parser, chunk, config, reader.headers, limit=limit)


_STAGES: dict[str, Callable[[ItemReaderProgress, ReaderConfig, Chunk], Dataset]] = {
    "list": _read_list,
    "inventory": _read_manifest(read_inventory),
    "athena": _read_manifest(read_athena_manifest),
    "data": _read_data,
}
"""What to do with a chunk, by what was read: returns items, none where it lists the objects to read."""
