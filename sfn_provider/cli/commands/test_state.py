"""``sfn-provider test-state``: tests one state on the engine, as AWS's TestState API does."""

from __future__ import annotations

import json
from typing import Any

import click

from sfn_provider.asl.jsonata import explain_limit
from sfn_provider.asl.model import ExecutionType
from sfn_provider.cli.inputs.input_files import read_json_text
from sfn_provider.cli.inputs.substitutions import read_substitutions
from sfn_provider.cli.options.common import (
    execution_type_option,
    input_option,
    json_option,
    option_group,
    substitutions_option,
)
from sfn_provider.cli.output.printing import print_diagnostics, print_json
from sfn_provider.cli.output.tables import console, shorten, status, table
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.engine import test_state as run_test
from sfn_provider.exceptions import RequestRefused, UsageError
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.definitions.state_references import find_state_reference

_MOCK_OPTIONS: dict[str, dict[str, Any]] = {
    "mock_result": {"metavar": "JSON|@FILE", "help": "The result of the state's work."},
    "mock_error": {"metavar": "NAME", "help": "The error that the state's work fails with."},
    "mock_cause": {"metavar": "TEXT", "help": "The cause beside --mock-error."},
    "field_validation_mode": {
        "type": click.Choice(["STRICT", "PRESENT", "NONE"]),
        "help": "How --mock-result is compared with AWS's model of the API: with required fields (STRICT, the "
        "default), only the fields that are present, or not at all.",
    },
}

_CONFIGURATION_OPTIONS: dict[str, dict[str, Any]] = {
    "retry_count": {"type": click.IntRange(min=0), "help": "How often the Retry for --mock-error has retried."},
    "error_caused_by": {"metavar": "STATE", "help": "The state inside of a Map or Parallel that --mock-error is from."},
    "map_failures": {"type": click.IntRange(min=0), "help": "How many iterations of the Map have failed."},
    "map_item_data": {"metavar": "TEXT|@FILE", "help": "What the ItemReader of the Map reads."},
}


def _read_mock(
    mock_result: str | None, mock_error: str | None, mock_cause: str | None, field_validation_mode: str | None
) -> dict[str, Any] | None:
    if mock_cause is not None and mock_error is None:
        raise UsageError("--mock-cause is the cause of an error: name the error by --mock-error")
    mock: dict[str, Any] = {}
    if mock_result is not None:
        mock["result"] = read_json_text(mock_result, "--mock-result")
    if mock_error is not None:
        mock["errorOutput"] = {"error": mock_error, "cause": mock_cause}
    if field_validation_mode is not None:
        mock["fieldValidationMode"] = field_validation_mode
    return mock or None


def _read_configuration(
    retry_count: int | None, error_caused_by: str | None, map_failures: int | None, map_item_data: str | None
) -> dict[str, Any]:
    if map_item_data is not None and map_item_data.startswith("@"):
        map_item_data = read_file(map_item_data[1:], "what the ItemReader reads")
    members = {
        "retrierRetryCount": retry_count,
        "errorCausedByState": error_caused_by,
        "mapIterationFailureCount": map_failures,
        "mapItemReaderData": map_item_data,
    }
    return {name: value for name, value in members.items() if value is not None}


def _optional_text(text: str | None, option: str) -> str | None:
    return None if text is None else read_json_text(text, option)


@click.command(name="test-state", cls=ProviderCommand)
@click.argument("reference", metavar="FILE#STATE")
@input_option
@click.option("--context", metavar="JSON|@FILE", help="Fields of the context object, in place of the default ones.")
@click.option("--variables", metavar="JSON|@FILE", help="Variables that are set before the state, as an object.")
@option_group("mock", _read_mock, _MOCK_OPTIONS)
@option_group("configuration", _read_configuration, _CONFIGURATION_OPTIONS)
@click.option(
    "--inspection-level",
    type=click.Choice(["INFO", "DEBUG", "TRACE"]),
    default="INFO",
    show_default=True,
    help="DEBUG and TRACE show the intermediate values of the state's data flow.",
)
@execution_type_option
@substitutions_option
@json_option
def test_state(
    reference: str,
    input_text: str,
    context: str | None,
    variables: str | None,
    mock: dict[str, Any] | None,
    configuration: dict[str, Any],
    inspection_level: str,
    execution_type: ExecutionType | None,
    substitutions: tuple[str, ...],
    as_json: bool,
) -> int:
    """Test one state with a mock, as AWS's TestState API does, without calling anything.

    STATE is a state at any depth of the machine in FILE; without it, FILE holds the definition of one state. A Task,
    Map or Parallel needs --mock-result or --mock-error. Exits with 1 where the state fails and neither Retry nor Catch
    takes the error, with 2 where AWS would refuse the request. With --json prints AWS's response.
    """
    found = find_state_reference(reference, read_substitutions(substitutions), execution_type)
    if not as_json:
        print_diagnostics(found.warnings, found.file)
    try:
        response = run_test(
            found.definition,
            read_json_text(input_text, "--input"),
            state_name=found.state,
            mock=mock,
            context=_optional_text(context, "--context"),
            variables=_optional_text(variables, "--variables"),
            inspection_level=inspection_level,
            state_configuration=configuration,
            execution_type=found.execution_type,
        )
    except RequestRefused as refusal:
        if refusal.code == "InvalidDefinition":  # of a state alone; that of a machine is checked before
            click.echo(f"{reference}: {refusal}", err=True)
            return 1
        raise UsageError(f"Step Functions refuses the request: {refusal}{_advice(refusal)}") from refusal
    if as_json:
        print_json(response)
    else:
        _print_response(response)
    return 1 if response["status"] == "FAILED" else 0


def _advice(refusal: RequestRefused) -> str:
    """Return what to do about a refusal, where AWS's message does not say that."""
    if refusal.message.startswith("RoleArn ") or refusal.message.endswith(
        " is only supported when a mock is specified"
    ):
        return ". Nothing is called here: answer for the state by --mock-result or --mock-error"
    return ""


def _print_response(response: dict[str, Any]) -> None:
    out = console()
    out.print("Status:", status(response["status"]))
    for label, member in (("Output", "output"), ("Error", "error"), ("Cause", "cause"), ("Next state", "nextState")):
        if member in response:
            out.print(f"{label}: {response[member]}", markup=False)
    if (bound := explain_limit(response.get("cause"))) is not None:
        out.print(f"Note: {bound}", markup=False)
    rows = []
    for name, value in response.get("inspectionData", {}).items():
        rows.append([name, shorten(json.loads(value) if isinstance(value, str) else value, 4000)])
    if rows:
        out.print(table("Data flow", ("Value", "JSON"), rows))
