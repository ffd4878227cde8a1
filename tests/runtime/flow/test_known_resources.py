"""The table of Resources that DAGs recognize without the linter is that of the linter, and takes nothing else."""

from __future__ import annotations

import random
import string

import pytest

from sfn_provider.asl.parser import lint
from sfn_provider.runtime.flow.known_resources import (
    TABLE_FILE,
    integration_names,
    is_known_resource,
    make_table,
)

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
NAMES = sorted(integration_names())


def test_the_table_is_made_of_the_tables_of_the_linter() -> None:
    """`make aws-models` writes it."""
    assert TABLE_FILE.read_bytes() == make_table()
    assert TABLE_FILE.stat().st_size < 110_000


def is_known(name: str, partition: str = "aws") -> bool:
    return is_known_resource(f"arn:{partition}:states:::{name}")


def test_every_integration_is_recognized_in_every_partition() -> None:
    for number, name in enumerate(NAMES):
        assert is_known(name, PARTITIONS[number % 3]), name
        assert is_known(f"{name}.waitForTaskToken") or not name.startswith("aws-sdk:")


def test_misspelt_integrations_are_not_recognized() -> None:
    chance, names = random.Random(0), {*NAMES}
    for name in chance.sample(NAMES, 3000):
        place, letter = chance.randrange(len(name)), chance.choice(string.ascii_letters)
        for misspelt in (
            name[:place] + name[place + 1 :],
            name[:place] + letter + name[place:],
            name.lower(),
            name + "s",
        ):
            assert is_known(misspelt) == (misspelt.removesuffix(".waitForTaskToken") in names), misspelt


@pytest.mark.parametrize("name", random.Random(1).sample(NAMES, 60))
def test_the_linter_takes_the_resource_of_what_is_recognized(name: str) -> None:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{name}", "Parameters": {}, "End": True}
    found = lint({"StartAt": "A", "States": {"A": state}})
    assert [entry.message for entry in found if entry.level == "error" and entry.location.endswith("/Resource")] == []
