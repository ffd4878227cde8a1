"""Fields as operators give them to boto3: every field that a Task may have, by the models of the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sfn_provider.asl.resources import parse_resource
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.translate.native.operator_table import OPERATORS, OperatorRow
from sfn_provider.translate.native.operator_table.kinds import MAPS, STRUCTURES

CLIENTS = Clients(None)


def parts(shape: Any, refused: set[str], seen: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The fields of a shape and of all below it that are not refused, with their shapes."""
    if shape.type_name in ("list", "map"):
        yield from parts(shape.member if shape.type_name == "list" else shape.value, refused, seen)
    elif shape.type_name == "structure" and shape.name not in seen:
        for name, member in shape.members.items():
            if name not in refused:
                yield name, member
                yield from parts(member, refused, (*seen, shape.name))


def fields(row: OperatorRow, integration: Integration) -> Iterator[tuple[str, str, Any]]:
    """The fields that an operator gets in a dict or list, with their shapes, by the kind of the argument."""
    shape = CLIENTS.model(integration.client).operation_model(row.operation).input_shape
    refused = {name.rpartition(".")[2] for name in row.unsupported}
    for name, member in shape.members.items():
        spelled = integration.style.field(name)
        argument = row.arguments.get(spelled)
        if argument is not None:
            yield from ((argument.kind, *part) for part in parts(member, refused))
        elif row.passthrough is not None and spelled not in refused:
            yield row.passthrough_kind, name, member
            yield from ((row.passthrough_kind, *part) for part in parts(member, refused))


SPELLINGS: dict[str, Callable[[str], str]] = {
    "value": lambda name: name,
    "api_names": lambda name: name[:1].lower() + name[1:],
}
ROWS = [
    pytest.param(row, find_integration(parse_resource(f"arn:aws:states:::{name}"), CLIENTS), id=name)
    for name, row in OPERATORS.items()
    if name != "lambda"
]


@pytest.mark.parametrize(("row", "integration"), ROWS)
def test_fields_are_spelled_as_the_service_does(row: OperatorRow, integration: Integration) -> None:
    found = [(kind, name) for kind, name, _ in fields(row, integration) if kind in SPELLINGS]
    assert [name for kind, name in found if SPELLINGS[kind](integration.style.field(name)) != name] == []


@pytest.mark.parametrize(("row", "integration"), ROWS)
def test_fields_with_fields_are_known(row: OperatorRow, integration: Integration) -> None:
    for kind, name, shape in fields(row, integration):
        inner = shape.member if shape.type_name == "list" else shape
        if kind == "api_names":
            assert name in MAPS or shape.type_name != "map", name
            assert name in STRUCTURES or inner.type_name != "structure", name
            assert name not in STRUCTURES or inner.type_name in ("structure", "map"), name
