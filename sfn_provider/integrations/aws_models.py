"""Makes the tables of AWS's actions and their fields from botocore's models.

``make aws-models`` writes those that are shipped, in the format of `sfn_provider.asl.service_actions`;
`installed_actions` makes that of a service of the installed botocore. Actions that stream events are left out: Step
Functions does not call them. So are idempotency tokens among the required fields, which the AWS SDK fills.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.service_actions import TABLE_FILES, Family, ServiceActions, parse_actions
from sfn_provider.integrations.adapters import api_gateway, http_task, kubernetes
from sfn_provider.integrations.adapters.parameter_checks import ParameterField
from sfn_provider.integrations.botocore_names import resource_service
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.naming import uncapitalize
from sfn_provider.integrations.optimized.bedrock import INTEGRATION_FIELDS
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.value_shapes import OPTIMIZED_STYLE, SDK_STYLE, ValueStyle

if TYPE_CHECKING:
    from botocore.model import Shape

_ADAPTER_FIELDS: Final[Mapping[str, Mapping[str, ParameterField]]] = {
    "apigateway:invoke": api_gateway.FIELDS,
    "http:invoke": http_task.FIELDS,
    "eks:call": kubernetes.FIELDS["Call"],
    "eks:runJob": kubernetes.FIELDS["RunJob"],
}
_EXTRA_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {"bedrock:invokeModel": INTEGRATION_FIELDS}
"""Fields that an integration adds to those of its operation, beside the required ones."""


_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("string", "character"), "t"),
    **dict.fromkeys(("integer", "long"), "i"),
    **dict.fromkeys(("float", "double"), "n"),
    "boolean": "b",
    "timestamp": "d",
    "blob": "a",
}
"""The letters of types in the tables, by botocore's name of a type."""

_ADAPTER_TYPES: Final[Mapping[str, str]] = {"text": "=t", "object": "=o", "flag": "=b"}
"""The same by the kind of an adapter's field; others may be anything."""


class _Structures:
    """Collects the lines of a model's structures.

    Args:
        style: how fields are written.
        nested: collect the structures inside of others, too; else these are objects with any fields.
        lines: where to collect them.
    """

    def __init__(self, style: ValueStyle, lines: list[str], *, nested: bool) -> None:
        self.lines = lines
        self._style, self._nested = style, nested
        self._numbers: dict[str, int] = {}

    def fields(self, shape: Shape | None) -> dict[str, str]:
        """Return a word for each field of a structure, by the field."""
        if shape is None:
            return {}
        members: Mapping[str, Shape] = shape.members
        required = {name for name in shape.required_members if not members[name].metadata.get("idempotencyToken")}
        words = {}
        for name, member in members.items():
            field, value = self._style.field(name), self._value(member)
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


def _sdk_lines(clients: Clients, service: str, *, nested: bool) -> list[str]:
    """Return the lines of a service of the AWS SDK by boto3's name of it."""
    model = clients.model(service)
    structures = _Structures(SDK_STYLE, [], nested=nested)
    lines = []
    for operation in sorted(model.operation_names):
        details = model.operation_model(operation)
        if not (details.has_event_stream_input or details.has_event_stream_output):
            lines.append(" ".join([uncapitalize(operation), *structures.fields(details.input_shape).values()]))
    return [*lines, *structures.lines]


def _optimized_lines(clients: Clients, rows: list[Integration]) -> list[str]:
    inside: list[str] = []
    structures = {row.client: _Structures(OPTIMIZED_STYLE, inside, nested=True) for row in rows}
    lines = [" ".join([row.action, *_optimized_words(clients, row, structures[row.client])]) for row in rows]
    return [*lines, *inside]


def _optimized_words(clients: Clients, row: Integration, structures: _Structures) -> list[str]:
    adapter = _ADAPTER_FIELDS.get(row.name)
    if adapter is not None:
        return [f"{'*' * field.required}{name}{_ADAPTER_TYPES.get(field.kind, '')}" for name, field in adapter.items()]
    words = structures.fields(clients.model(row.client).operation_model(row.operation).input_shape)
    if row.required is not None:
        words = {name: word.lstrip("*") for name, word in words.items()}
        words |= {name: f"*{words.get(name, name)}" for name in row.required}
    words |= {name: name for name in _EXTRA_FIELDS.get(row.name, ())}
    return [word for name, word in words.items() if name not in row.unsupported]


@cache  # finding them takes longer than reading a small model
def _services_by_name() -> dict[str, list[str]]:
    """Map the names of services in resource ARNs to boto3's names: one has two, an old and a new one."""
    names = defaultdict(list)
    for service in sorted(Clients(None).services()):
        names[resource_service(service)].append(service)
    return names


def _optimized_rows() -> dict[str, list[Integration]]:
    rows = defaultdict(list)
    for row in OPTIMIZED_INTEGRATIONS.values():
        rows[row.service].append(row)
    return rows


def _sdk_blocks(clients: Clients) -> Iterator[list[str]]:
    for name, services in sorted(_services_by_name().items()):
        lines = {line.partition(" ")[0]: line for boto in services for line in _sdk_lines(clients, boto, nested=False)}
        yield [name, *(lines[action] for action in sorted(lines))]


def _optimized_blocks(clients: Clients) -> Iterator[list[str]]:
    for service, rows in sorted(_optimized_rows().items()):
        yield [service, *_optimized_lines(clients, rows)]


_BLOCKS: Final[dict[Family, Callable[[Clients], Iterator[list[str]]]]] = {
    "optimized": _optimized_blocks,
    "aws-sdk": _sdk_blocks,
}


def _source() -> str:
    import botocore

    return f"botocore {botocore.__version__}"


def make_table(family: Family) -> str:
    """Make a table of the installed botocore's models. That of the AWS SDK takes half a minute."""
    blocks = ["\n".join(lines) for lines in _BLOCKS[family](Clients(None))]
    return "\n\n".join([f"# {_source()}", *blocks, ""])


@lru_cache(64)
def installed_actions(family: Family, service: str) -> ServiceActions | None:
    """Return the actions of a service as the installed botocore has them; None where it has no such service.

    Args:
        family: of the optimized integrations, or of those of the AWS SDK.
        service: as resource ARNs name it.

    Returns:
        The actions, with the structures of the objects in their parameters.
    """
    clients = Clients(None)
    if family == "optimized":
        rows = _optimized_rows().get(service)
        return None if rows is None else parse_actions("\n".join(_optimized_lines(clients, rows)), _source())
    services = _services_by_name().get(service)
    if services is None:
        return None
    # Of two services of one name the newer is last; actions that only the older has are without structures.
    old = [line for boto in services[:-1] for line in _sdk_lines(clients, boto, nested=False)]
    return parse_actions("\n".join([*old, *_sdk_lines(clients, services[-1], nested=True)]), _source())


def write_tables() -> None:
    """Write the tables that are shipped; the same botocore gives the same bytes."""
    for family, path in TABLE_FILES.items():
        path.write_bytes(gzip.compress(make_table(family).encode(), 9, mtime=0))


if __name__ == "__main__":
    write_tables()
