"""Checks the sizes of a state's output and of the workflow variables that it assigns.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-limits. For variables the
documentation names no error; it is taken to be that of a large output, and the causes are this package's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sfn_provider.asl.scope import Json
from sfn_provider.engine.dataflow.data_flow import StateExit
from sfn_provider.engine.limits import (
    DATA_LIMIT_ERROR,
    MAX_PAYLOAD_BYTES,
    UNKNOWN_BYTES,
    OversizedOutput,
    most_bytes,
    most_bytes_after,
    oversize_error,
    to_json,
    utf8_bytes,
)
from sfn_provider.engine.progress.execution_state import Frame

MAX_VARIABLES_BYTES: Final = 10 * 1024 * 1024
"""Largest size of all variables of an execution, as UTF-8 JSON. Those of branches and iterations count where they are
seen, and not in the branches beside them."""


def check_sizes(state_name: str, frame: Frame, exit: StateExit) -> None:
    """Check what a state leaves with, and note the sizes in its frame.

    Raises:
        OversizedOutput: ``States.DataLimitExceeded``: it is too large.
    """
    output, assigned = exit
    if output is not frame.input:
        size = most_bytes_after(output, frame.input, frame.input_bytes)
        if size > MAX_PAYLOAD_BYTES:
            raise oversize_error(state_name)
        frame.input_bytes = size
    if assigned:
        frame.variables_bytes = check_variables(state_name, assigned, frame.variables, frame.variables_bytes)


def check_variables(
    state_name: str, assigned: Mapping[str, Json], before: Mapping[str, Json], bytes_before: int
) -> int:
    """Check what a state assigns.

    Args:
        state_name: the state's name.
        assigned: the variables that it assigns.
        before: the variables that it sees.
        bytes_before: how many bytes these have at most; UNKNOWN_BYTES where nobody has counted.

    Returns:
        How many bytes all variables have afterwards, at most.

    Raises:
        OversizedOutput: ``States.DataLimitExceeded``: a variable, those of the state, or all are too large.
    """
    sizes = {name: most_bytes(value) for name, value in assigned.items()}
    if sum(sizes.values()) > MAX_PAYLOAD_BYTES:
        sizes = {name: _exact_bytes(value) for name, value in assigned.items()}
        _check_assign(state_name, sizes)
    if bytes_before != UNKNOWN_BYTES and bytes_before + sum(sizes.values()) <= MAX_VARIABLES_BYTES:
        return bytes_before + sum(sizes.values())
    total = sum(map(_exact_bytes, {**before, **assigned}.values()))
    if total > MAX_VARIABLES_BYTES:
        raise _too_large(
            f"The variables of the execution have {total:,} bytes as JSON after the state '{state_name}'",
            MAX_VARIABLES_BYTES,
        )
    return total


def _check_assign(state_name: str, sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        if size > MAX_PAYLOAD_BYTES:
            raise _too_large(
                f"The variable '{name}' that the state '{state_name}' assigns has {size:,} bytes as JSON",
                MAX_PAYLOAD_BYTES,
            )
    total = sum(sizes.values())
    if total > MAX_PAYLOAD_BYTES:
        raise _too_large(
            f"The variables that the state '{state_name}' assigns have {total:,} bytes as JSON", MAX_PAYLOAD_BYTES
        )


def _too_large(what: str, most: int) -> OversizedOutput:
    return OversizedOutput(DATA_LIMIT_ERROR, f"{what}, and Step Functions takes at most {most:,}.")


def _exact_bytes(value: Json) -> int:
    return utf8_bytes(to_json(value))
