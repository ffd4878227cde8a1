"""Describes, lists and updates Map Runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sfn_provider.engine.limits import CHILD_CONCURRENCY
from sfn_provider.engine.progress.map_run_progress import Tolerance
from sfn_provider.server.api_errors import VALIDATION, ApiError, resource_not_found
from sfn_provider.server.arns import check_arn
from sfn_provider.server.operations.operation_table import (
    Json,
    OperationTable,
    Parameters,
    Response,
    without_missing,
)
from sfn_provider.server.resources.map_runs import MapRun
from sfn_provider.server.service_state import ServiceState


def _find(state: ServiceState, arn: str) -> MapRun:
    run = state.map_runs.get(check_arn(arn, "mapRun"))
    if run is None:
        raise resource_not_found(arn)
    return run


def describe_map_run(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Describe a Map Run."""
    run = _find(state, parameters["mapRunArn"])
    tolerance = run.progress.tolerance
    return without_missing(
        {
            "mapRunArn": run.arn,
            "executionArn": run.execution.arn,
            "status": run.status,
            "startDate": run.started,
            "stopDate": run.stopped,
            "maxConcurrency": run.progress.max_concurrency,
            "toleratedFailurePercentage": tolerance.percentage,
            "toleratedFailureCount": tolerance.items,
            "itemCounts": run.item_counts(),
            "executionCounts": run.execution_counts(),
            "redriveCount": run.redrives,
            "redriveDate": run.redriven,
        }
    )


def list_map_runs(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """List the Map Runs of an execution, the latest first."""
    execution = state.find_execution(parameters["executionArn"])
    runs = [run for run in state.map_runs.values() if run.execution is execution]
    runs.reverse()

    def after(arn: Json) -> Iterable[MapRun]:
        index = next((at for at, run in enumerate(runs) if run.arn == arn), -1)
        return runs[index + 1 :]

    page, more = state.page_tokens.page(f"MapRuns {execution.arn}", after, lambda run: run.arn, parameters, now)
    listed = [
        without_missing(
            {
                "executionArn": execution.arn,
                "mapRunArn": run.arn,
                "stateMachineArn": run.state_machine_arn,
                "startDate": run.started,
                "stopDate": run.stopped,
            }
        )
        for run in page
    ]
    return {"mapRuns": listed, **more}


def update_map_run(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Change limits of a Map Run that runs: they count from the next end of a child execution on."""
    run = _find(state, parameters["mapRunArn"])
    if run.status != "RUNNING":
        raise ApiError(VALIDATION, f"Map Run is {run.status} and cannot be updated")
    if len(parameters) == 1:
        raise ApiError(VALIDATION, "Specify maxConcurrency, toleratedFailurePercentage or toleratedFailureCount")
    progress = run.progress
    progress.tolerance = Tolerance(
        parameters.get("toleratedFailureCount", progress.tolerance.items),
        parameters.get("toleratedFailurePercentage", progress.tolerance.percentage),
    )
    if "maxConcurrency" in parameters:
        progress.max_concurrency = parameters["maxConcurrency"] or CHILD_CONCURRENCY  # 0 is no limit, as in a Map
    return {}


OPERATIONS: Final[OperationTable] = {
    "DescribeMapRun": describe_map_run,
    "ListMapRuns": list_map_runs,
    "UpdateMapRun": update_map_run,
}
