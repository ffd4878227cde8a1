"""Splits an operator that waits for a job into one that starts it and a sensor in reschedule mode.

A task may take 60 minutes, and no triggerer waits for it; a sensor takes a moment a cycle, for as long as it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_SENSORS: Final = "airflow.providers.amazon.aws.sensors"
_YEAR: Final = 365 * 24 * 3600
"""How long an execution may take, and so what waits in it, in seconds."""


@dataclass(frozen=True, slots=True)
class JobSensor:
    """How an operator is split.

    Args:
        start: arguments that make the operator start the job alone; None for one to remove.
        sensor: the dotted path of the sensor's class.
        arguments: makes the sensor's arguments from those of the operator and the template of what it returns.
    """

    start: Mapping[str, Any]
    sensor: str
    arguments: Callable[[Mapping[str, Any], str], dict[str, Any]]


_NO_WAIT: Final = {"wait_for_completion": False, "deferrable": None}

JOB_SENSORS: Final[dict[str, JobSensor]] = {
    "GlueJobOperator": JobSensor(
        _NO_WAIT | {"waiter_max_attempts": None},
        f"{_SENSORS}.glue.GlueJobSensor",
        lambda arguments, returned: {"job_name": arguments["job_name"], "run_id": returned},
    ),
    "StepFunctionStartExecutionOperator": JobSensor(
        {"deferrable": None, "waiter_delay": None, "waiter_max_attempts": None},
        f"{_SENSORS}.step_function.StepFunctionExecutionSensor",
        lambda arguments, returned: {"execution_arn": returned},
    ),
    "EmrAddStepsOperator": JobSensor(
        {"deferrable": None, "waiter_delay": None, "waiter_max_attempts": None},
        f"{_SENSORS}.emr.EmrStepSensor",
        lambda arguments, returned: {
            "job_flow_id": arguments["job_flow_id"],
            "step_id": returned.replace(" }}", "[0] }}"),
        },
    ),
    "BatchOperator": JobSensor(
        _NO_WAIT | {"max_retries": None},
        f"{_SENSORS}.batch.BatchSensor",
        lambda arguments, returned: {"job_id": returned},
    ),
    "EmrServerlessStartJobOperator": JobSensor(
        _NO_WAIT | {"waiter_delay": None, "waiter_max_attempts": None},
        f"{_SENSORS}.emr.EmrServerlessJobSensor",
        lambda arguments, returned: {"application_id": arguments["application_id"], "job_run_id": returned},
    ),
}
"""What splits an operator, by the name of its class: those whose sensors fail by the same statuses of a job.

Source: the sensors' code in the amazon provider 9.32.
"""

SENSOR_ARGUMENTS: Final = {"mode": "reschedule", "poke_interval": 60, "timeout": _YEAR}
"""The arguments of each sensor."""


def split_arguments(row: JobSensor, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an operator that starts its job alone.

    Args:
        row: how the operator is split.
        arguments: its arguments.
    """
    found = {name: value for name, value in arguments.items() if row.start.get(name, value) is not None}
    return found | {name: value for name, value in row.start.items() if value is not None}
