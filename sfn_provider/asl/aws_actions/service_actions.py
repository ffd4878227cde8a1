"""Reads the shipped tables of AWS's actions: which there are, and the fields of their parameters.

``make aws-models`` writes the tables from botocore (`sfn_provider.integrations.write_aws_tables`).
``sdk_actions.txt.gz`` has every action of ``arn:aws:states:::aws-sdk:...`` with the fields of its parameters;
``optimized_actions.txt.gz`` has the actions of the optimized integrations, with the fields of the objects inside, too.
A table is read when it is needed.

A block of a table is a service's: its name as resource ARNs have it, then a line for each action and each structure::

    sqs
    sendMessage *QueueUrl=t *MessageBody=t DelaySeconds=i MessageAttributes=m0
    0 *DataType=t StringValue=t

``*`` marks a required field; ``=0`` is the line of the structure of its value, of a list's entries (``=l0``), or of a
map's values (``=m0``). A letter is a type in place of a structure: ``t`` a text, ``i`` an integer, ``n`` a number,
``b`` a boolean, ``d`` a time, ``o`` an object with any fields, ``a`` anything, as is a field without a type.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Literal

Family = Literal["optimized", "aws-sdk"]

TABLE_FILES: Final[dict[Family, Path]] = {
    "optimized": Path(__file__).with_name("optimized_actions.txt.gz"),
    "aws-sdk": Path(__file__).with_name("sdk_actions.txt.gz"),
}


@dataclass(frozen=True, slots=True)
class StructureFields:
    """The fields of an object in a task's parameters.

    Args:
        values: by field, the type of its value: the structure as `ServiceActions.structure` takes it, or a letter,
            after an ``l`` for each list and an ``m`` for each map around it; ``""`` for anything.
        required: the fields that must be there.
    """

    values: Mapping[str, str]
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceActions:
    """The actions of a service.

    Args:
        lines: the lines of the table by their first word: an action, or the number of a structure.
        source: where they are from: ``botocore 1.43.117``.
    """

    lines: Mapping[str, str]
    source: str

    @property
    def names(self) -> list[str]:
        """The actions, as resource ARNs name them."""
        return [name for name in self.lines if not name.isdecimal()]

    def structure(self, name: str) -> StructureFields:
        """Return the fields of an action's parameters, or of a structure inside of them.

        Raises:
            KeyError: there is no such action or structure.
        """
        return _parse_fields(self.lines[name])


@lru_cache(1024)
def _parse_fields(line: str) -> StructureFields:
    words = [(word.startswith("*"), *word.lstrip("*").partition("=")) for word in line.split()]
    values = {field: value for _, field, _, value in words}
    return StructureFields(values, tuple(field for is_required, field, _, _ in words if is_required))


def parse_actions(block: str, source: str) -> ServiceActions:
    """Parse the lines of a service's block, without its name."""
    return ServiceActions(dict(_words(line) for line in block.splitlines()), source)


def _words(line: str) -> tuple[str, str]:
    name, _, fields = line.partition(" ")
    return name, fields


@cache
def _read_table(family: Family) -> str:
    return gzip.decompress(TABLE_FILES[family].read_bytes()).decode()


@lru_cache(64)
def service_actions(family: Family, service: str) -> ServiceActions | None:
    """Return the actions of a service; None where the table has no such service.

    Args:
        family: of the integrations of ``arn:aws:states:::SERVICE:...`` or of ``arn:aws:states:::aws-sdk:SERVICE:...``.
        service: as the resource ARN names it.
    """
    text = _read_table(family)
    if service not in _known_services(family):
        return None
    start = text.index(f"\n\n{service}\n")
    block = text[start + 2 : text.index("\n\n", start + 2)]
    return parse_actions(block.partition("\n")[2], table_source(family))


@cache
def table_source(family: Family) -> str:
    """Return what a table was made from: ``botocore 1.43.117``."""
    return _read_table(family).partition("\n")[0].removeprefix("# ")


@cache
def _known_services(family: Family) -> frozenset[str]:
    return frozenset(service_names(family))


@cache
def service_names(family: Family) -> tuple[str, ...]:
    """Return the services of a table."""
    return tuple(re.findall(r"\n\n([a-z0-9-]+)\n", _read_table(family)))
