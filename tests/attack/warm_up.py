"""Imports what commands import, so that child processes do not measure imports."""

from __future__ import annotations

from importlib import import_module

_MODULES = (
    *(
        f"sfn_provider.cli.commands.{name}"
        for name in ("lint", "translate", "run", "replay", "compare", "cases", "test_state")
    ),
    *(
        "networkx",
        "yaml",
        "jsonata",
        "regex",
        "sfn_provider.compare.cases.configuration",
        "tests.fixtures.random_machines",
    ),
)


def import_all() -> None:
    """Import them, and make the parser of Terraform files."""
    from sfn_provider.translate.definitions.terraform.syntax import parse_file

    for name in _MODULES:
        import_module(name)
    parse_file("a = [1]\n", "warm.tf")
