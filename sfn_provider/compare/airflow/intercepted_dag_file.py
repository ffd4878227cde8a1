"""Runs a DAG file in the private Airflow, and answers its calls of AWS from mocks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.compare.airflow.runner import DagRunResult, shared_runner
from sfn_provider.compare.calls.machine_calls import MachineRun, script_to_json
from sfn_provider.engine import Mocks
from sfn_provider.xcom_json import encode_dag_run_conf


def run_with_caught_calls(
    source: str,
    dag_id: str | None,
    machine_run: MachineRun,
    input: Json,
    mocks: Mocks,
    *,
    folders: Sequence[str] = (),
    defaults: Mapping[str, Json] | None = None,
    python: str | None = None,
) -> DagRunResult:
    """Run a DAG once; nothing that it calls leaves the machine.

    Args:
        source: the text of the DAG file.
        dag_id: the DAG in it; None for the only one.
        machine_run: the state machine's execution, by whose calls those of the DAG are answered.
        input: the execution's input, any JSON value.
        mocks: what the tasks of this package's operators answer.
        folders: where the imports of the DAG file are.
        defaults: values of params that the input lacks.
        python: the interpreter whose Airflow runs it; None for that of this process.

    Raises:
        AirflowRunFailed: where Airflow itself fails, or the DAG file does not import.
    """
    caught = {
        "script": script_to_json(machine_run.calls, machine_run.states),
        "folders": list(folders),
        "variables": _airflow_variables(),
        "region": _region(machine_run),
        "defaults": dict(defaults or {}),
    }
    configuration = encode_dag_run_conf(input)
    return shared_runner(python).run(source, dag_id, configuration, mocks.as_configuration(), caught=caught)


def _airflow_variables() -> dict[str, str]:
    """Airflow's Variables that the environment has; connections stay out."""
    return {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_VAR_")}


def _region(machine_run: MachineRun) -> str:
    """The region of the functions and other resources that the machine names; us-east-1 where it names none."""
    for call in machine_run.calls:
        region = parse_resource(call.resource).region
        if region is not None and _is_region(region):
            return region
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def _is_region(name: str) -> bool:
    """Whether boto3 takes a part of an ARN for a region: it may be ``${AWS::Region}`` or ``<region>``."""
    from botocore.exceptions import InvalidRegionError
    from botocore.utils import validate_region_name

    try:
        validate_region_name(name)
    except InvalidRegionError:
        return False
    return True
