"""Rules: fields of an ItemReader fit its Resource, the type of its source, and one another.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html

What is refused of headers was measured with ValidateStateMachineDefinition by others. Whether Step Functions refuses
the rest is not known: fields without effect, and those with which no execution succeeds, are warnings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sfn_provider.asl.definition_index.index import DefinitionIndex, Fields, PlacedState, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata, kind_of
from sfn_provider.asl.lint_rules.reporting import error, join_some, warning
from sfn_provider.asl.lint_rules.service_calls import parameters_field

_CSV = ("CSV", "MANIFEST")
_FLATTEN = "LOAD_AND_FLATTEN"
_FAILS = "ITEM_READER_WILL_FAIL"
_PARAMETERS = ("Parameters", "Arguments")


@dataclass(frozen=True, slots=True)
class _Reader:
    """An ItemReader.

    Args:
        at: its JSON pointer.
        fields: its fields.
        config: the fields of its ReaderConfig; none where that is no object.
    """

    at: str
    fields: Fields
    config: Fields

    @property
    def lists(self) -> bool:
        """Whether it lists the objects of a bucket."""
        return str(self.fields.get("Resource")).endswith(":s3:listObjectsV2")

    @property
    def input_type(self) -> str | None:
        """The type of the source; None where it is absent or no text."""
        value = self.config.get("InputType")
        return value if isinstance(value, str) else None

    @property
    def flattens(self) -> bool:
        """Whether it reads the objects that it lists."""
        return self.config.get("Transformation") == _FLATTEN

    @property
    def has_manifest(self) -> bool:
        """Whether a manifest names the objects to read."""
        return "ManifestType" in self.config or self.input_type == "MANIFEST"

    @property
    def reads_csv(self) -> bool:
        """Whether the columns of what it reads have no names of their own."""
        return self.input_type == "CSV" and (self.flattens if self.lists else not self.has_manifest)


def item_readers(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """An ItemReader has the fields that its source needs, and no others."""
    for state in definition.of_type("Map"):
        for at, fields in state.parts.get("ItemReader", ()):
            config = fields.get("ReaderConfig", {})
            reader = _Reader(at, fields, config if isinstance(config, dict) else {})
            if is_placeholder(fields.get("Resource")) or any(map(is_placeholder, reader.config.values())):
                continue
            yield from _parameter_problems(state, reader)
            yield from _other_items(state)
            if isinstance(config, dict):
                yield from _unused_fields(reader)
                yield from _type_problems(reader)
                yield from _header_problems(reader)
                yield from _pointer_problems(reader)


def wrong_parameters(owner: str, fields: Fields, at: str, name: str, needs: str) -> Iterator[Diagnostic]:
    """Check that the parameters of an ItemReader or a ResultWriter are an object, where they are there.

    Args:
        owner: ``an ItemReader`` or ``a ResultWriter``.
        fields: its fields.
        at: its JSON pointer.
        name: the field with its parameters.
        needs: what they name.
    """
    value = fields.get(name)
    if name in fields and not isinstance(value, dict) and not is_jsonata(value) and not is_placeholder(value):
        yield error(f"{name} of {owner} are an object with {needs}, not {kind_of(value)}", at + pointer(name))


def _parameter_problems(state: PlacedState, reader: _Reader) -> Iterator[Diagnostic]:
    name = parameters_field(state)
    needs = "the Bucket" if reader.lists else "the Bucket and the Key"
    if not any(field in reader.fields for field in _PARAMETERS):
        yield warning("MISSING_PARAMETERS", f"an ItemReader needs {name} with {needs}. The Map always fails", reader.at)
    yield from wrong_parameters("an ItemReader", reader.fields, reader.at, name, needs)


def _other_items(state: PlacedState) -> Iterator[Diagnostic]:
    for name in ("Items", "ItemsPath"):
        if name in state.fields:
            # Recorded: a path to nothing fails no execution beside an ItemReader.
            message = f"{name} has no effect beside an ItemReader, which has the items"
            yield warning("UNUSED_FIELD", message, state.at + pointer(name))


_USED: dict[str, tuple[Callable[[_Reader], bool], str]] = {
    "InputType": (lambda reader: not reader.lists or reader.flattens, "for s3:getObject, or with LOAD_AND_FLATTEN"),
    "ManifestType": (lambda reader: not reader.lists, "for s3:getObject"),
    "Transformation": (lambda reader: reader.lists or not reader.flattens, "for s3:listObjectsV2"),
    "CSVDelimiter": (lambda reader: _may_be(reader, _CSV), "for the InputType CSV or MANIFEST"),
    "CSVHeaderLocation": (
        lambda reader: reader.input_type is not None or _may_be(reader, _CSV),
        "for the InputType CSV or MANIFEST",
    ),
    "CSVHeaders": (
        lambda reader: _may_be(reader, _CSV) and reader.config.get("CSVHeaderLocation") == "GIVEN",
        "for CSV whose CSVHeaderLocation is GIVEN",
    ),
    "ItemsPointer": (lambda reader: _may_be(reader, ("JSON", None)), "for the InputType JSON"),
}
"""When a field of ReaderConfig has an effect, and that in words."""


def _may_be(reader: _Reader, types: tuple[str | None, ...]) -> bool:
    return reader.input_type in types or ("ManifestType" in reader.config and "CSV" in types)


def _unused_fields(reader: _Reader) -> Iterator[Diagnostic]:
    for name, (is_used, words) in _USED.items():
        if name in reader.config and not is_used(reader):
            at = f"{reader.at}/ReaderConfig/{name}"
            yield warning("UNUSED_FIELD", f"{name} has no effect here: it is {words}", at)


def _type_problems(reader: _Reader) -> Iterator[Diagnostic]:
    at, config = reader.at + "/ReaderConfig", reader.config
    if reader.lists:
        if reader.flattens and "InputType" not in config:
            yield error(f"Transformation {_FLATTEN} needs the InputType of the objects", at)
        elif reader.flattens and reader.input_type == "MANIFEST":
            yield warning(_FAILS, f"{_FLATTEN} reads CSV, JSON, JSONL or PARQUET, not MANIFEST", at + "/InputType")
    elif config.get("ManifestType") == "S3_INVENTORY" and reader.input_type not in (None, *_CSV):
        message = f"the InputType with ManifestType S3_INVENTORY is CSV, not {reader.input_type}: leave it out"
        yield warning("UNUSED_FIELD", message, at + "/InputType")


def _header_problems(reader: _Reader) -> Iterator[Diagnostic]:
    at, location, headers = f"{reader.at}/ReaderConfig", *map(reader.config.get, ("CSVHeaderLocation", "CSVHeaders"))
    if not _may_be(reader, _CSV) and location is not None and reader.input_type is not None:
        message = f"CSVHeaderLocation goes with InputType CSV or MANIFEST, not {reader.input_type}"
        yield error(message, at + "/CSVHeaderLocation")
    elif location == "GIVEN" and not headers:
        yield error("CSVHeaderLocation GIVEN needs CSVHeaders, the names of the columns", at)
    elif location == "GIVEN" and isinstance(headers, list):
        repeated = [name for name, count in Counter(map(str, headers)).items() if count > 1]
        if repeated:
            message = f"CSVHeaders have {join_some(repeated)} more than once. The Map always fails"
            yield warning(_FAILS, message, at + "/CSVHeaders")
    elif location is None and reader.reads_csv:
        yield error("InputType CSV needs a CSVHeaderLocation: FIRST_ROW, or GIVEN together with CSVHeaders", at)


def _pointer_problems(reader: _Reader) -> Iterator[Diagnostic]:
    value = reader.config.get("ItemsPointer")
    if isinstance(value, str) and value and not value.startswith("/") and not is_jsonata(value):
        message = f"a JSON pointer begins with a slash: write {'/' + value!r}. The Map fails whenever it runs"
        yield warning(_FAILS, message, f"{reader.at}/ReaderConfig/ItemsPointer")
