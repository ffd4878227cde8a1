"""Runs a DAG of ``serve --dag`` once, in a private Airflow whose AWS clients call the local server."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sfn_provider.cli.output.printing import print_json
from sfn_provider.cli.output.tables import Cell, console, progress, shorten, status, table
from sfn_provider.compare.airflow.runner import DagRunResult, shared_runner
from sfn_provider.formatting import cut, format_seconds
from sfn_provider.server.local_server import LocalServer
from sfn_provider.text_files import read_text_file

CREDENTIALS: Final = "local"
"""Access key of clients that call the local server; their secret access key is the server's secret, or this."""

_NOWHERE: Final = "http://127.0.0.1:9"
"""The address of services that the DAG has no endpoint for: nothing listens at the port of the discard protocol."""


def client_environment(endpoint_url: str, region: str, secret: str | None = None) -> dict[str, str]:
    """Return the environment variables that lead AWS clients of Step Functions to the local server.

    Args:
        endpoint_url: its address.
        region: its region.
        secret: its secret; None without.
    """
    return {
        "AWS_ENDPOINT_URL_SFN": endpoint_url,
        "AWS_ACCESS_KEY_ID": CREDENTIALS,
        "AWS_SECRET_ACCESS_KEY": secret or CREDENTIALS,
        "AWS_DEFAULT_REGION": region,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # else StartSyncExecution calls sync-127.0.0.1
    }


def run_dag_file(
    server: LocalServer, path: str, configuration: Any, environment: dict[str, str], *, as_json: bool
) -> int:
    """Run a DAG once and print how it went; return the exit code: 1 where its run has failed.

    A task's retries come at once.

    Args:
        server: the server that it calls.
        path: the DAG file, with one DAG.
        configuration: the run's configuration.
        environment: of `client_environment`.
        as_json: print JSON.

    Raises:
        UsageError: the file cannot be read.
        AirflowRunFailed: Airflow itself fails, or the file does not import.
    """
    source = read_text_file(path, "a DAG file")
    with progress("DAG", Path(path).name, 1, 1):
        result = shared_runner().run(
            source, None, configuration, None, environment={"AWS_ENDPOINT_URL": _NOWHERE, **environment}
        )
    executions = list_executions(server)
    if as_json:
        print_json({"state": result.state, "seconds": result.seconds, "tasks": result.tasks, "executions": executions})
    else:
        _print(path, result, executions)
    return 0 if result.state == "success" else 1


def list_executions(server: LocalServer) -> list[dict[str, Any]]:
    """Return DescribeExecution's answers for all standard executions on a server, oldest first."""
    machines = server.call("ListStateMachines", {})["stateMachines"]
    found = []
    for machine in machines:
        if machine["type"] == "STANDARD":
            listed = server.call("ListExecutions", {"stateMachineArn": machine["stateMachineArn"]})["executions"]
            found += [server.call("DescribeExecution", {"executionArn": each["executionArn"]}) for each in listed]
    return sorted(found, key=lambda execution: execution["startDate"])


def _print(path: str, result: DagRunResult, executions: list[dict[str, Any]]) -> None:
    out = console()
    rows: list[list[Cell]] = [
        [
            task["task_id"] + (f" [{task['map_index']}]" if task["map_index"] >= 0 else ""),
            task["state"],
            format_seconds(None if task["ended"] is None else task["ended"] - task["started"]),
            "" if task.get("return_value") is None else shorten(task["return_value"]),
        ]
        for task in sorted(result.tasks, key=lambda task: (task["started"] or float("inf"), task["task_id"]))
    ]
    out.print(table(f"Tasks of {path}: {result.state}", ("Task", "State", "Took", "Result"), rows, right=("Took",)))
    ran: list[list[Cell]] = [
        [status(each["status"]), each.get("error", ""), cut(each.get("output", ""), 40), each["executionArn"]]
        for each in executions
    ]
    out.print(table("Executions that the server ran", ("Status", "Error", "Output", "Execution"), ran))
    if result.state != "success":
        out.print("The end of Airflow's log:", markup=False)
        out.print(result.log, markup=False)
