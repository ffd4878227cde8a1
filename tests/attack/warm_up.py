"""Imports what commands import and fills their caches, so that child processes measure neither."""

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
        "sfn_provider.compare.cases.made_cases",
        "tests.fixtures.machines.random_machines",
    ),
)

_PASS = """{"StartAt": "A", "States": {"A": {"Type": "Pass", %s, "Next": "B"}, "B": {"Type": "Wait", "Seconds": 1, "Next": "C"},
"C": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues", %s, "End": true}}}"""
_DEFINITIONS = (
    _PASS % ('"Parameters": {"a.$": "States.Format(\'{}\', $)"}', '"Parameters": {}'),
    _PASS % ('"QueryLanguage": "JSONata", "Output": "{% $count($states.input) %}"', '"Parameters": {}'),
    "Comment: YAML",
)


def import_all() -> None:
    """Import them, make the parser of Terraform files, and have a machine in each language go all ways."""
    from sfn_provider.asl.aws_actions.botocore_actions import installed_actions
    from sfn_provider.translate.definitions.terraform.syntax import parse_file
    from tests.attack.mutations import try_definition

    for name in _MODULES:
        import_module(name)
    parse_file("a = [1]\n", "warm.tf")
    installed_actions("aws-sdk", "sqs")
    for definition in _DEFINITIONS:
        try_definition(definition)
