"""Reads the shapes of tasks' results and parameters from the models of AWS's APIs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.aws_actions.api_operations import find_operation
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.botocore_models.models import BotocoreModels
from sfn_provider.engine.state_test.result_checks import ResultShape, ShapeKind
from sfn_provider.exceptions import StatesError, UsageError

if TYPE_CHECKING:
    from sfn_provider.botocore_models.models import Shape

_KINDS: Final[dict[str, ShapeKind]] = {
    "structure": "structure",
    "map": "map",
    "list": "list",
    "boolean": "boolean",
    **dict.fromkeys(("string", "character", "blob", "timestamp"), "string"),
    **dict.fromkeys(("integer", "long", "float", "double", "short", "byte"), "number"),
}

_RECORDED_LIMITS: Final[Mapping[tuple[str, str], tuple[float | None, float | None]]] = {
    ("lambda", "MemorySize"): (128, 10_240),
}
"""Limits that TestState holds (recorded) where newer models of botocore have others, by service and shape."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A shape of botocore's, with fields as Step Functions names them.

    Args:
        shape: botocore's shape.
        spell_field: spells a field, given the service's own name of it.
        service: boto3's name of the service.
        free: fields that may be any JSON value.
    """

    shape: Shape
    spell_field: Callable[[str], str]
    service: str
    free: frozenset[str] = frozenset()

    @property
    def kind(self) -> ShapeKind:
        """The JSON type; ``any`` for a document and for a stream of events."""
        if getattr(self.shape, "is_document_type", False) or self.shape.serialization.get("eventstream"):
            return "any"
        return _KINDS[self.shape.type_name]

    @property
    def required(self) -> Collection[str]:
        """The required fields of a structure."""
        return [self.spell_field(name) for name in getattr(self.shape, "required_members", ())]

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The model's ``min`` and ``max``; of binary data they count bytes, of which base64 text has more."""
        of_model = self.shape.metadata.get("min"), self.shape.metadata.get("max")
        least, greatest = _RECORDED_LIMITS.get((self.service, self.shape.name), of_model)
        if self.shape.type_name == "blob":
            greatest = None if greatest is None else -(-greatest // 3) * 4
        return least, greatest

    @property
    def values(self) -> Collection[str]:
        """The texts of an enumeration."""
        found: Collection[str] = self.shape.metadata.get("enum", ())
        return found

    @property
    def field_names(self) -> list[str]:
        """The fields of a structure."""
        return [self.spell_field(member) for member in getattr(self.shape, "members", ())]

    def field(self, name: str) -> ResultShape | None:
        """Return the shape of a structure's field; None where it has none, or its value is free."""
        if name in self.free:
            return None
        members: Mapping[str, Shape] = getattr(self.shape, "members", {})
        found = next((shape for member, shape in members.items() if self.spell_field(member) == name), None)
        return None if found is None else ModelShape(found, self.spell_field, self.service)

    def entry(self) -> ResultShape:
        """Return the shape of a list's entries or of a map's values."""
        shape: Any = self.shape
        return ModelShape(shape.member if shape.type_name == "list" else shape.value, self.spell_field, self.service)


@cache
def _models() -> BotocoreModels:
    return BotocoreModels()


def find_parameter_shape(resource: Resource) -> ResultShape | None:
    """Return the shape of a task's parameters; None where no API of AWS takes them.

    Args:
        resource: what the task calls.

    Raises:
        StatesError: botocore has no such action.
    """
    called = find_operation(resource, _models())
    if not called.operation:
        return None
    taken = _models().model(called.client).operation_model(called.operation).input_shape
    return None if taken is None else ModelShape(taken, called.spell_field, called.client)


def find_result_shape(resource: Resource) -> ResultShape | None:
    """Return the shape of a task's result.

    That of a job (``.sync``) is the description of the job that has ended. None for what may be any JSON value: the
    answers of functions, activities, task tokens, HTTP endpoints and clusters, and results that Step Functions makes
    itself.

    Args:
        resource: what the task calls.

    Raises:
        UsageError: botocore has no such action.
    """
    if resource.kind in ("lambda", "activity", "unknown") or resource.pattern == "waitForTaskToken":
        return None
    if resource.partition is not None and "${" in resource.partition:  # every partition has the same models
        resource = parse_resource(resource.text.replace(resource.partition, "aws", 1))
    try:
        called = find_operation(resource, _models())
    except StatesError as error:
        raise UsageError(f"{error.cause} For a mock that is not validated ask for fieldValidationMode NONE") from error
    source = called.results[resource.pattern]
    if source is None:
        return None
    output = _models().model(called.client).operation_model(source.operation).output_shape
    if output is None:
        return None
    shape = ModelShape(output, called.spell_field, called.client, source.free)
    return _part(shape, source.path) if source.path else shape


def _part(shape: ResultShape, path: str) -> ResultShape | None:
    """Return the shape at a path such as ``Jobs.0``."""
    for name in path.split("."):
        inner = shape.entry() if name.isdecimal() else shape.field(name)
        if inner is None:
            return None
        shape = inner
    return shape
