"""Reads AWS's actions and their fields from the installed botocore's models.

They are written as the tables of `sfn_provider.asl.aws_actions.service_actions` have them. Actions that stream events
are left out: Step Functions does not call them. So are idempotency tokens among the required fields, which the AWS SDK
fills.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.aws_actions.api_operations import CalledOperation, optimized_operations
from sfn_provider.asl.aws_actions.service_actions import Family, ServiceActions, parse_actions, service_actions
from sfn_provider.botocore_models.models import BotocoreModels, botocore_source
from sfn_provider.botocore_models.naming import capitalize, sdk_field, uncapitalize
from sfn_provider.botocore_models.resource_names import resource_service

if TYPE_CHECKING:
    from sfn_provider.botocore_models.models import Shape

_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("string", "character"), "t"),
    **dict.fromkeys(("integer", "long"), "i"),
    **dict.fromkeys(("float", "double"), "n"),
    "boolean": "b",
    "timestamp": "d",
    "blob": "a",
}
"""The letters of types in the tables, by botocore's name of a type."""


class _Structures:
    """Collects the lines of a model's structures.

    Args:
        spell_field: spells a field, given the service's own name of it.
        lines: where to collect them.
        nested: collect the structures inside of others, too; else these are objects with any fields.
    """

    def __init__(self, spell_field: Callable[[str], str], lines: list[str], *, nested: bool) -> None:
        self.lines = lines
        self._spell_field, self._nested = spell_field, nested
        self._numbers: dict[str, int] = {}

    def fields(self, shape: Shape | None) -> dict[str, str]:
        """Return a word for each field of a structure, by the field."""
        if shape is None:
            return {}
        members: Mapping[str, Shape] = shape.members
        required = {name for name in shape.required_members if not members[name].metadata.get("idempotencyToken")}
        words = {}
        for name, member in members.items():
            field, value = self._spell_field(name), self._value(member)
            words[field] = f"{'*' * (name in required)}{field}{'=' * bool(value)}{value}"
        return words

    def _value(self, shape: Any) -> str:
        path = ""
        while shape.type_name in ("list", "map"):
            path += shape.type_name[0]
            shape = shape.member if shape.type_name == "list" else shape.value
        if getattr(shape, "is_document_type", False):
            return ""
        if shape.type_name != "structure":
            return path + _TYPES[shape.type_name]
        if not self._nested:
            return f"{path}o"
        if shape.name not in self._numbers:
            self._numbers[shape.name] = number = len(self.lines)
            self.lines.append("")  # a structure may contain itself
            self.lines[number] = " ".join([str(number), *self.fields(shape).values()])
        return f"{path}{self._numbers[shape.name]}"


def sdk_lines(models: BotocoreModels, service: str, *, nested: bool) -> list[str]:
    """Return the lines of a service of the AWS SDK.

    Args:
        models: those of botocore.
        service: boto3's name of it.
        nested: with those of the structures inside of others.
    """
    model = models.model(service)
    structures = _Structures(sdk_field, [], nested=nested)
    lines = []
    for operation in sorted(model.operation_names):
        details = model.operation_model(operation)
        if not (details.has_event_stream_input or details.has_event_stream_output):
            lines.append(" ".join([uncapitalize(operation), *structures.fields(details.input_shape).values()]))
    return [*lines, *structures.lines]


def optimized_lines(
    models: BotocoreModels, operations: Mapping[str, CalledOperation], other_lines: Mapping[str, str]
) -> list[str]:
    """Return the lines of a service of the optimized integrations.

    Args:
        models: those of botocore.
        operations: the operations by action.
        other_lines: the fields of those that botocore has no model of, as the table has them, by action.
    """
    inside: list[str] = []
    structures = {each.client: _Structures(capitalize, inside, nested=True) for each in operations.values()}
    lines = []
    for action, called in operations.items():
        if called.operation:
            words = _optimized_words(models, called, structures[called.client])
        else:
            words = other_lines[action].split()
        lines.append(" ".join([action, *words]))
    return [*lines, *inside]


def _optimized_words(models: BotocoreModels, called: CalledOperation, structures: _Structures) -> list[str]:
    words = structures.fields(models.model(called.client).operation_model(called.operation).input_shape)
    if called.required is not None:
        words = {name: word.lstrip("*") for name, word in words.items()}
        words |= {name: f"*{words.get(name, name)}" for name in called.required}
    words |= {name: name for name in called.added}
    return [word for name, word in words.items() if name not in called.unsupported]


@cache  # finding them takes longer than reading a small model
def sdk_services() -> dict[str, list[str]]:
    """Map the names of services in resource ARNs to boto3's names: one has two, an old and a new one."""
    names = defaultdict(list)
    for service in sorted(BotocoreModels().services()):
        names[resource_service(service)].append(service)
    return names


@lru_cache(64)
def installed_actions(family: Family, service: str) -> ServiceActions | None:
    """Return the actions of a service as the installed botocore has them; None where it has no such service.

    Args:
        family: of the optimized integrations, or of those of the AWS SDK.
        service: as resource ARNs name it.

    Returns:
        The actions, with the structures of the objects in their parameters.
    """
    lines = _optimized_service(service) if family == "optimized" else _sdk_service(service)
    return None if lines is None else parse_actions("\n".join(lines), botocore_source())


def _optimized_service(service: str) -> list[str] | None:
    shipped = service_actions("optimized", service)
    if shipped is None:
        return None
    prefix = f"{service}:"
    operations = {
        name.removeprefix(prefix): called for name, called in optimized_operations().items() if name.startswith(prefix)
    }
    return optimized_lines(BotocoreModels(), operations, shipped.lines)


def _sdk_service(service: str) -> list[str] | None:
    services = sdk_services().get(service)
    if services is None:
        return None
    models = BotocoreModels()
    # Of two services of one name the newer is last; actions that only the older has are without structures.
    old = [line for boto in services[:-1] for line in sdk_lines(models, boto, nested=False)]
    return [*old, *sdk_lines(models, services[-1], nested=True)]
