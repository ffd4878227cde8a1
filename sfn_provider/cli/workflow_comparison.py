"""Runs and prints comparisons of ``compare`` for workflows, on this machine or on MWAA Serverless."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from sfn_provider.cli.dag_file_comparison import compare_translation
from sfn_provider.cli.inputs.input_files import read_input
from sfn_provider.cli.options.live import LiveOptions
from sfn_provider.cli.options.reports import ReportOptions
from sfn_provider.cli.options.serverless import WorkflowOptions
from sfn_provider.cli.output.printing import print_diagnostics, print_json
from sfn_provider.cli.output.tables import Cell, agreement, console, status, table
from sfn_provider.compare.serverless.python_environments import find_interpreter
from sfn_provider.compare.serverless.service_comparison import ServiceComparison, compare_on_service
from sfn_provider.exceptions import UsageError
from sfn_provider.translate import Translation
from sfn_provider.translate.definitions import LoadedDefinition
from sfn_provider.translate.plan.granularity import TasksName
from sfn_provider.translate.translator import translate_definition


def compare_workflow(
    definition: LoadedDefinition,
    options: WorkflowOptions,
    live: LiveOptions | None,
    *,
    schedule: str | None,
    tasks: TasksName,
    map_batch: int | None,
    input_text: str | None,
    mock: str | None,
    as_json: bool,
    report: ReportOptions,
) -> int:
    """Compare a definition with its workflow, print the result, and return the exit code: 1 where they differ.

    Args:
        definition: the definition.
        options: how the workflow is made, and what runs it.
        live: the state machine to start, to compare on AWS; None to compare on this machine.
        schedule: the schedule; None for that of the definition's file.
        tasks: as for `sfn_provider.translate.translate`.
        map_batch: as for `sfn_provider.translate.translate`.
        input_text: the value of ``--input``; None for the inputs of the cases.
        mock: the value of ``--mock``; None makes cases.
        as_json: print JSON.
        report: where reports are written.

    Raises:
        UsageError: there is no interpreter for it; the cases cannot be used; one of the two sides cannot be run.
        AirflowRunFailed: Airflow itself fails.
    """
    translation = translate_definition(
        definition, schedule=schedule, tasks=tasks, map_batch=map_batch, target="mwaa-serverless", way=options.way
    )
    if any(found.level == "error" for found in translation.diagnostics):
        print_diagnostics(translation.diagnostics, definition.file)
        click.echo("Refused: it cannot run on MWAA Serverless; nothing is compared", err=True)
        return 1
    if live is not None:
        _refuse_options_of_cases(mock, report)
        return _compare_on_service(definition, translation, options, live, read_input(input_text or "{}"), as_json)
    return compare_translation(
        definition,
        translation,
        input_text=input_text,
        mock=mock,
        as_json=as_json,
        report=report,
        python=find_interpreter(options.python),
    )


def _refuse_options_of_cases(mock: str | None, report: ReportOptions) -> None:
    if mock is not None:
        raise UsageError("--mock and --on aws: real executions have no mocks; leave one of the two out")
    if report.html is not None or report.markdown is not None:
        raise UsageError("--workflow-arn writes no report file: leave --html and --markdown out; --json has all of it")


def _compare_on_service(
    definition: LoadedDefinition,
    translation: Translation,
    options: WorkflowOptions,
    live: LiveOptions,
    given: Any,
    as_json: bool,
) -> int:
    workflow_arn, machine_arn = str(options.workflow_arn), live.find_state_machine(definition.file)
    running = f"{machine_arn} and {workflow_arn} run; waiting for both ..."
    with console(stderr=True).status(running):
        result = compare_on_service(
            translation,
            given,
            workflow_arn=workflow_arn,
            state_machine_arn=machine_arn,
            wait_seconds=live.wait_seconds,
        )
    if as_json:
        print_json({"file": definition.file, **_as_json(result)})
    else:
        _print(result)
    return 0 if result.agrees else 1


def _as_json(result: ServiceComparison) -> dict[str, Any]:
    return {
        "agrees": result.agrees,
        "verdict": result.verdict,
        "execution": {"status": result.execution.status, "error": result.execution.error},
        "run": {"id": result.run.run_id, "says": result.run.state, "succeeded": result.succeeded},
        "tasks": [asdict(task) for task in result.tasks],
        "outcome": list(result.outcome),
        "notes": list(result.notes),
    }


def _print(result: ServiceComparison) -> None:
    out = console()
    rows: list[list[Cell]] = [
        [task.task_id, ", ".join(task.entered), task.status, agreement(not task.differences)] for task in result.tasks
    ]
    columns = ("Task", "States that Step Functions entered", "MWAA Serverless", "Sides")
    out.print(table(f"Run {result.run.run_id}", columns, rows))
    for task in result.tasks:
        for text in task.differences:
            out.print(f"  {task.task_id}: {text}", markup=False, style="red")
        for text in task.notes:
            out.print(f"  {task.task_id}: {text} (does not count)", markup=False)
    for text in result.outcome:
        out.print(f"  outcome: {text}", markup=False, style="red")
    for text in result.notes:
        out.print(text, markup=False)
    out.print("Step Functions:", status(result.execution.status), result.execution.error or "", markup=False)
    out.print(result.verdict, markup=False)
