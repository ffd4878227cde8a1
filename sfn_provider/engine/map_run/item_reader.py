"""Reads the items of an ItemReader: asks for objects, one after another, and collects what is in them.

What is under way stands in the frame's memo: ``items`` (the inputs made so far) and ``reading``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.model import ReaderConfig
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.dataflow.flow import template
from sfn_provider.engine.dataflow.typed_fields import value_of
from sfn_provider.engine.map_run.file_formats import READER_FAILED, Dataset, read_dataset
from sfn_provider.engine.map_run.item_selection import effective_scope, select_items
from sfn_provider.engine.map_run.manifests import Manifest, read_athena_manifest, read_inventory
from sfn_provider.engine.requests import CallPurpose, CallTask
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.execution_state import Frame
    from sfn_provider.engine.step import Run

MOST_ITEMS = 100_000_000
"""Where AWS stops reading. Source: the documentation of MaxItems."""

_GET_OBJECT = "arn:aws:states:::s3:getObject"


def begin_reading(run: Run, frame: Frame, state: Compiled, scope: Scope) -> None:
    """Ask for the list, the manifest or the one object that the ItemReader names.

    Raises:
        StatesError: where a field of the ItemReader cannot be evaluated.
    """
    reader = state.model.item_reader
    config = _config(state)
    jsonata = state.language == "JSONata"
    given = reader.arguments if jsonata else reader.parameters
    field = f"ItemReader/{'Arguments' if jsonata else 'Parameters'}"
    arguments = template(given, state.language, field)(scope, run.entropy)
    if not isinstance(arguments, dict) or not isinstance(arguments.get("Bucket"), str):
        raise StatesError(READER_FAILED, f"{field} must be an object that names a Bucket.")
    stage = _first_stage(reader.resource, config)
    frame.memo["items"] = []
    frame.memo["reading"] = {
        "stage": stage,
        "current": [arguments["Bucket"], arguments.get("Key")],
        "files": [],
        "headers": None,
        "most": _max_items(run, state, config, scope),
    }
    purpose: CallPurpose = "list" if stage == "list" else _purpose(config) if stage == "data" else "read"
    _ask(run, frame, state, reader.resource, arguments, purpose)


def take_answer(run: Run, frame: Frame, state: Compiled, answer: Json) -> bool:
    """Take what was asked for and ask for the next object.

    Returns:
        True once all items stand in the memo's ``items``.

    Raises:
        StatesError: ``States.ItemReaderFailed`` where the answer does not hold what it should.
    """
    reading = frame.memo["reading"]
    _STAGES[reading["stage"]](run, frame, state, answer)
    full = len(frame.memo["items"]) >= reading["most"]
    if full or not reading["files"]:
        del frame.memo["reading"]
        return True
    bucket, key = reading["current"] = reading["files"].pop()
    _ask(run, frame, state, _GET_OBJECT, {"Bucket": bucket, "Key": key}, _purpose(_config(state)))
    return False


def _config(state: Compiled) -> ReaderConfig:
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


def _max_items(run: Run, state: Compiled, config: ReaderConfig, scope: Scope) -> int:
    value = value_of(config, state.language, "MaxItems", scope, run.entropy, "number")
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        value = int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        cause = (
            f"The MaxItemsPath field refers to value '{value}' which is not a valid integer: {config.max_items_path}"
        )
        raise StatesError(READER_FAILED, cause)
    if value is not None and value < 0:
        raise StatesError(READER_FAILED, "field MaxItems must be positive")
    return min(value or MOST_ITEMS, MOST_ITEMS)


def _ask(
    run: Run, frame: Frame, state: Compiled, resource: str, arguments: dict[str, Json], purpose: CallPurpose
) -> None:
    identity = run.new_request(frame, "read")
    call = CallTask(identity, state.name, resource, arguments, index=frame.index, purpose=purpose)
    run.requests.append(call)


def _take_list(run: Run, frame: Frame, state: Compiled, answer: Json) -> None:
    if not isinstance(answer, list):
        raise StatesError(READER_FAILED, "The list of objects must be answered with a list of entries.")
    reading = frame.memo["reading"]
    bucket = reading["current"][0]
    if _config(state).transformation == "LOAD_AND_FLATTEN":
        # An empty object holds no items: the folders that the S3 console makes are such objects.
        files = [[bucket, entry["Key"]] for entry in answer if entry.get("Size") != 0]
        _plan(reading, Manifest(files, None))
    else:
        _add(run, frame, state, answer, f"S3://{bucket}")


def _take_inventory(_run: Run, frame: Frame, _state: Compiled, answer: Json) -> None:
    _plan(frame.memo["reading"], read_inventory(answer))


def _take_athena_manifest(_run: Run, frame: Frame, _state: Compiled, answer: Json) -> None:
    _plan(frame.memo["reading"], read_athena_manifest(answer))


def _plan(reading: dict[str, Any], manifest: Manifest) -> None:
    reading |= {"stage": "data", "files": manifest.files[::-1], "headers": manifest.headers}


def _take_data(run: Run, frame: Frame, state: Compiled, answer: Json) -> None:
    reading = frame.memo["reading"]
    bucket, key = reading["current"]
    dataset = read_dataset(answer, _config(state), reading["headers"])
    _add(run, frame, state, dataset, f"S3://{bucket}/{key}")


def _add(run: Run, frame: Frame, state: Compiled, dataset: Dataset, source: str) -> None:
    items = frame.memo["items"]
    most = frame.memo["reading"]["most"] - len(items)
    scope = effective_scope(run, frame, state)
    items += select_items(run, state, scope, dataset, source=source, first=len(items), most=most)


_STAGES: dict[str, Callable[[Run, Frame, Compiled, Json], None]] = {
    "list": _take_list,
    "inventory": _take_inventory,
    "athena": _take_athena_manifest,
    "data": _take_data,
}
"""What to do with an answer, by what was asked for."""
