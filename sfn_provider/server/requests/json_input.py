"""Reads the JSON texts of requests, as AWS does with its errors."""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.engine.state_test.json_texts import parse_json
from sfn_provider.server.api_errors import ApiError

Json = Any

_REFUSALS: Final = {
    "InvalidExecutionInput": "Invalid State Machine Execution Input: '{}'",
    "InvalidOutput": "Invalid Output: '{}'",
}


def read_input(text: str) -> Json:
    """Read the input of an execution.

    Raises:
        ApiError: ``InvalidExecutionInput``.
    """
    if not text.strip():
        raise _refusal("InvalidExecutionInput", "Invalid execution input.")  # recorded
    return _read(text, "InvalidExecutionInput")


def read_output(text: str) -> Json:
    """Read the output that a worker sends.

    Raises:
        ApiError: ``InvalidOutput``.
    """
    return _read(text, "InvalidOutput")


def _read(text: str, code: str) -> Json:
    try:
        value = parse_json(text)
        text.encode()
    except ValueError as error:
        raise _refusal(code, str(error)) from error
    return value


def _refusal(code: str, problem: str) -> ApiError:
    return ApiError(code, _REFUSALS[code].format(problem))
