"""Rules: ProcessorConfig, ItemReader, ResultWriter and the fields that only a distributed Map uses.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html and the pages below it; what is
refused was measured with ValidateStateMachineDefinition by others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfn_provider.asl.definition_index.index import DefinitionIndex, Fields, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata, kind_of
from sfn_provider.asl.lint_rules.item_readers import wrong_parameters
from sfn_provider.asl.lint_rules.reporting import error, join_words, warning
from sfn_provider.asl.lint_rules.service_calls import parameters_field
from sfn_provider.asl.suggestions import Suggestions, did_you_mean

INPUT_TYPES = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")
CSV_DELIMITERS = ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")
_READERS = re.compile(r"arn:[^:]+:states:::s3:(getObject|listObjectsV2)")
_WRITER = re.compile(r"arn:[^:]+:states:::s3:putObject")
_DESTINATION = ("Bucket", "Prefix")
_DISTRIBUTED_ONLY = (
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
)
_ONE_OF = {
    # part: {field: values}
    "ItemReader/ReaderConfig": {
        "InputType": INPUT_TYPES,
        "CSVHeaderLocation": ("FIRST_ROW", "GIVEN"),
        "CSVDelimiter": CSV_DELIMITERS,
        "ManifestType": ("ATHENA_DATA", "S3_INVENTORY"),
        "Transformation": ("NONE", "LOAD_AND_FLATTEN"),
    },
    "ResultWriter/WriterConfig": {
        "OutputType": ("JSON", "JSONL"),
        "Transformation": ("NONE", "COMPACT", "FLATTEN"),
    },
}


def processor_configs(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Mode DISTRIBUTED needs an ExecutionType, INLINE has none."""
    for group in definition.groups:
        config = group.fields.get("ProcessorConfig")
        if group.kind not in ("ItemProcessor", "Iterator") or not isinstance(config, dict):
            continue
        at = group.at + "/ProcessorConfig"
        if config.get("Mode") == "DISTRIBUTED" and "ExecutionType" not in config:
            yield error("Mode DISTRIBUTED needs an ExecutionType: STANDARD or EXPRESS", at)
        elif config.get("Mode", "INLINE") == "INLINE" and "ExecutionType" in config:
            yield error("ExecutionType goes with Mode DISTRIBUTED alone", at + "/ExecutionType")


def distributed_only(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """An inline Map has no fields that only a distributed one uses."""
    for group in definition.groups:
        state = group.parent
        if state is None or group.kind == "Branches" or group.distributed:
            continue
        for name in _DISTRIBUTED_ONLY:
            if name in state.fields:
                message = f"{name} is for a Map whose ItemProcessor has the Mode DISTRIBUTED; this one runs inline"
                yield warning("UNUSED_FIELD", message, state.at + pointer(name))


def readers_and_writers(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """ItemReader and ResultWriter call S3, with options that fit together."""
    for state in definition.of_type("Map"):
        for at, reader in state.parts.get("ItemReader", ()):
            yield from _resource(reader, at, _READERS, "s3:getObject or s3:listObjectsV2")
        for at, writer in state.parts.get("ResultWriter", ()):
            yield from _resource(writer, at, _WRITER, "s3:putObject")
            yield from _destination(writer, at, parameters_field(state))
        for part, options in _ONE_OF.items():
            for at, config in state.parts.get(part, ()):
                yield from _values(config, options, at)


def _destination(writer: Fields, at: str, name: str) -> Iterator[Diagnostic]:
    """Check what a ResultWriter needs together.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    parameters, resource = writer.get(name), writer.get("Resource")
    if not {"Resource", name, "WriterConfig"} & writer.keys():
        yield error("a ResultWriter needs a Resource, a WriterConfig, or both", at)
    elif "Resource" in writer and not (isinstance(parameters, dict) or (name in writer and is_placeholder(resource))):
        if not {"Parameters", "Arguments"} & writer.keys():
            yield error(f"a ResultWriter with a Resource needs {name} with the Bucket to write to", at)
        yield from wrong_parameters("a ResultWriter", writer, at, name, "the Bucket to write to")
    elif name in writer and "Resource" not in writer:
        yield error(f"a ResultWriter with {name} needs the Resource arn:aws:states:::s3:putObject", at)
    elif isinstance(parameters, dict) and not is_placeholder(resource):
        names = {field.removesuffix(".$"): field for field in parameters}
        if "Bucket" not in names:
            yield error(f"{name} of a ResultWriter need the Bucket to write to", at + pointer(name))
        suggestions = Suggestions()
        for field in names:
            if field in _DESTINATION:
                continue
            hint = suggestions.did_you_mean(field, _DESTINATION)
            message = f"a ResultWriter has the parameters Bucket and Prefix{hint}"
            yield warning("UNUSED_FIELD", message, at + pointer(name, names[field]))


def batches(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """An ItemBatcher limits a batch, by items or by bytes.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
    """
    for state in definition.of_type("Map"):
        for at, batcher in state.parts.get("ItemBatcher", ()):
            if not any(name.startswith("Max") for name in batcher):
                yield error("an ItemBatcher needs MaxItemsPerBatch, MaxInputBytesPerBatch, or both", at)


def items(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Items of a JSONata Map is a list, an object, or an expression.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
    """
    for state in definition.of_type("Map"):
        value = state.fields.get("Items", [])
        fits = isinstance(value, list | dict) or is_jsonata(value) or is_placeholder(value)
        if state.language == "JSONata" and not fits:
            message = f"Items is a list, an object or an expression in {{% %}}, not {kind_of(value)}"
            yield error(message, state.at + "/Items")


def _resource(fields: Fields, at: str, allowed: re.Pattern[str], names: str) -> Iterator[Diagnostic]:
    resource = fields.get("Resource")
    if isinstance(resource, str) and not is_placeholder(resource) and not allowed.fullmatch(resource):
        yield error(f"{resource!r} cannot stand here; use arn:aws:states:::{names}", at + "/Resource")


def _values(config: Fields, options: dict[str, tuple[str, ...]], at: str) -> Iterator[Diagnostic]:
    for name, known in options.items():
        value = config.get(name)
        if isinstance(value, str) and value not in known and not is_placeholder(value):
            message = f"{value!r} is not one of {join_words(known)}{did_you_mean(value, known)}"
            yield error(message, at + pointer(name))
