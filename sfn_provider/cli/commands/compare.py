"""``sfn-provider compare``: runs a state machine and its DAG on one input, and compares them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.table import Table

from sfn_provider.asl.model import ExecutionType
from sfn_provider.cli.inputs.input_files import open_definition, read_input
from sfn_provider.cli.inputs.test_cases import TestCase, TestCases, print_coverage, print_note, read_cases
from sfn_provider.cli.options.common import (
    case_input_option,
    definition_argument,
    execution_type_option,
    json_option,
    style_option,
    substitutions_option,
)
from sfn_provider.cli.options.granularity import granularity_options
from sfn_provider.cli.options.live import LiveOptions, live_options
from sfn_provider.cli.options.reports import ReportOptions, report_options
from sfn_provider.cli.options.serverless import WorkflowOptions, workflow_options
from sfn_provider.cli.output.files import write_file
from sfn_provider.cli.output.printing import print_json
from sfn_provider.cli.output.tables import (
    Cell,
    agreement,
    console,
    print_differences,
    progress,
    shorten,
    status,
    table,
)
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.compare.comparison import Comparison, compare_on_engine
from sfn_provider.compare.diff.state_comparison import StateComparison
from sfn_provider.compare.report.builder import make_report
from sfn_provider.compare.report.data.cases import make_case
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import format_seconds
from sfn_provider.translate.definitions import LoadedDefinition
from sfn_provider.translate.plan.granularity import Granularity
from sfn_provider.translate.styles import StyleName
from sfn_provider.translate.translator import translate_definition


@click.command(cls=ProviderCommand)
@definition_argument
@case_input_option
@click.option(
    "--mock",
    metavar="FILE[#CASE]",
    help="What tasks answer; without #CASE every test case of the file is run. Without --mock, cases are made.",
)
@click.option(
    "--dag-file",
    metavar="DAG.py",
    help="Compare this DAG, whoever wrote it, by the calls that AWS would see; --dag-id where it has several.",
)
@click.option("-o", "--output", metavar="OUT.py", help="Write the DAG file here as well.")
@click.option("--schedule", metavar="EXPR", help="The schedule for the DAG file.")
@click.option(
    "--on",
    "side",
    type=click.Choice(["engine", "aws"]),
    default="engine",
    show_default=True,
    help="What stands for Step Functions: the engine, with mocks; or AWS: both sides run for real.",
)
@style_option
@execution_type_option
@granularity_options
@workflow_options
@live_options
@substitutions_option
@json_option
@report_options
def compare(
    file: str,
    input_text: str | None,
    mock: str | None,
    dag_file: str | None,
    output: str | None,
    schedule: str | None,
    side: str,
    style: StyleName,
    execution_type: ExecutionType | None,
    granularity: Granularity,
    workflow: WorkflowOptions,
    live: LiveOptions,
    substitutions: tuple[str, ...],
    as_json: bool,
    report: ReportOptions,
) -> int:
    """Run a state machine on the engine and as a DAG in a private Airflow, and compare state by state.

    Prints for each state whether input and output agree, and for the whole the outcome, the transitions, the tasks, the
    time, and what of the machine was reached. Without --mock and --input, cases are made that reach everything. Exits
    with 1 where the sides differ, or where nothing ran after the first state in any case.

    With --dag-file any DAG is compared, by the calls that AWS would see: their parameters, their order, and the
    outcome. Its calls are caught below hooks and operators and answered from the case; nothing leaves the machine.

    With --style native the translated DAG is compared in the same way. Differences that the report of its translation
    has announced are marked with its codes and do not count for the exit code.

    With --target mwaa-serverless the workflow is run by dag-factory in an Airflow 3.0.6 of its own, and compared by the
    calls that AWS would see; the states, too, where the workflow has code of its own.

    With --on aws the state machine is started on Step Functions and the DAG on an Airflow of yours: the work of every
    task is done twice. What the services answered may differ; how each side went on from it may not. --workflow-arn is
    that of a workflow of MWAA Serverless, in place of an Airflow.
    """
    definition = open_definition(file, substitutions, quiet=as_json, execution_type=execution_type)
    workflow.check(side)
    if dag_file is not None:
        _refuse_options_of_translation(side, output, schedule, style, granularity, workflow)
        report.refuse_costs("--dag-file")
        from sfn_provider.cli.dag_file_comparison import compare_dag_file

        return compare_dag_file(
            definition,
            dag_file,
            dag_id=live.dag_id,
            input_text=input_text,
            mock=mock,
            as_json=as_json,
            report=report,
        )
    if workflow.is_workflow:
        from sfn_provider.cli.workflow_comparison import compare_workflow

        _refuse_options_of_dags(output, style)
        report.refuse_costs("--target mwaa-serverless")
        return compare_workflow(
            definition,
            workflow,
            live if side == "aws" else None,
            schedule=schedule,
            tasks=granularity.tasks,
            map_batch=granularity.map_batch,
            input_text=input_text,
            mock=mock,
            as_json=as_json,
            report=report,
        )
    if side == "aws" and mock is not None:
        raise UsageError("--mock and --on aws: real executions have no mocks; leave one of the two out")
    if side == "aws" and style != "exact":
        raise UsageError(f"--style {style} and --on aws: the DAG there is what it is; leave one of the two out")
    if style != "exact":
        report.refuse_costs(f"--style {style}")
    tasks, map_batch = granularity.tasks, granularity.map_batch
    translation = translate_definition(definition, schedule=schedule, style=style, tasks=tasks, map_batch=map_batch)
    if output is not None:
        write_file(output, translation.source)
    if translation.style == "native":
        from sfn_provider.cli.dag_file_comparison import compare_translation

        return compare_translation(
            definition, translation, input_text=input_text, mock=mock, as_json=as_json, report=report
        )
    if style != translation.style:
        click.echo("The DAG is exact: translate --style native --report says for which states", err=True)
    chosen = read_cases(definition, input_text, mock, reference=file) if side == "engine" else TestCases(())
    if side == "aws":
        running = iter([(file, live.compare(file, definition.document.machine, read_input(input_text or "{}")))])
    else:
        print_note(chosen)
        running = _compare_on_engine(definition, chosen.cases, granularity)
    results: dict[str, Comparison] = {}
    for name, result in running:
        results[name] = result
        if not as_json:
            _print_comparison(name, result)
    cases = {name: make_case(name, result) for name, result in results.items()}
    made = make_report(
        definition.name.removesuffix(".asl"),
        definition.document,
        translation,
        list(cases.values()),
        report.costs(translation.plan.schedule),
        origin=file,
        made_at=report.made_at,
    )
    if as_json:
        shown = {name: case.model_dump(mode="json") for name, case in cases.items()}
        inputs = {case.name: case.input for case in chosen.cases}
        print_json({"file": file, "dag_file": output, "cases": shown, "inputs": inputs, **made.as_json()})
    else:
        console().print(_summary(results, "on the engine" if side == "engine" else "for real"))
        print_coverage(made.coverage)
        console().print(made.verdict, markup=False)
        if output is not None:
            console().print(f"The DAG file: {Path(output).resolve()}", markup=False)
    report.write(made)
    return 0 if made.agrees else 1


def _refuse_options_of_dags(output: str | None, style: StyleName) -> None:
    if style != "exact":
        raise UsageError(f"--style {style} is of DAGs; for a workflow of MWAA Serverless take --way operators")
    if output is not None:
        raise UsageError("--output writes a DAG file: translate --target mwaa-serverless -o writes a workflow")


def _refuse_options_of_translation(
    side: str,
    output: str | None,
    schedule: str | None,
    style: StyleName,
    granularity: Granularity,
    workflow: WorkflowOptions,
) -> None:
    named = {
        "--on aws": side == "aws",
        "--output": output is not None,
        "--schedule": schedule is not None,
        "--style": style != "exact",
        f"--tasks {granularity.tasks}": granularity.tasks != "state",
        "--map-batch": granularity.map_batch is not None,
        "--target mwaa-serverless": workflow.is_workflow,
    }
    for option in (option for option, is_named in named.items() if is_named):
        raise UsageError(f"--dag-file and {option}: the DAG is the one in the file, not a translation; leave one out")


def _compare_on_engine(
    definition: LoadedDefinition, cases: Sequence[TestCase], granularity: Granularity
) -> Iterator[tuple[str, Comparison]]:
    tasks, map_batch = granularity.tasks, granularity.map_batch
    for number, case in enumerate(cases, 1):
        with progress("Case", case.name, number, len(cases)):
            result = compare_on_engine(
                definition.document, case.input, mocks=case.mocks, tasks=tasks, map_batch=map_batch
            )
        yield case.name, result


def _print_comparison(name: str, result: Comparison) -> None:
    columns = ("#", "State", "Type", "Calls", "Input", "Output", "Leaves with")
    rows = [_state_row(number, state) for number, state in enumerate(result.states, 1)]
    out = console()
    out.print(table(f"Case {name}", columns, rows, right=("#", "Calls")))
    print_differences([(state.state, state.differences) for state in result.states], result.outcome)
    expected = result.expected
    out.print("Outcome:", status(expected.status), expected.error or "", markup=False)
    if expected.cause:
        out.print(f"Cause: {expected.cause}", markup=False)
    out.print()


def _state_row(number: int, state: StateComparison) -> list[Cell]:
    visit = state.first_side
    both = state.expected is not None and state.actual is not None
    input_agrees, output_agrees = (
        both and not any(difference.startswith(value) for difference in state.differences)
        for value in ("input", "output")
    )
    output = shorten(visit.output) if visit.exited else "(not left)"
    marks = [agreement(input_agrees), agreement(output_agrees)]
    return [str(number), state.state, visit.type, str(visit.calls or ""), *marks, output]


_COLUMNS = ("Case", "Step Functions", "Airflow", "Transitions", "Tasks", "It took", "Airflow took", "Sides")


def _summary(results: dict[str, Comparison], how: str) -> Table:
    rows = [_summary_row(name, result) for name, result in results.items()]
    title = f"Step Functions ({how}) and Airflow (as a DAG), on the same input"
    return table(title, _COLUMNS, rows, right=_COLUMNS[3:7])


def _summary_row(name: str, result: Comparison) -> list[Cell]:
    airflow = result.airflow
    return [
        name,
        status(result.expected.status),
        status(airflow.execution.status) if airflow else "",
        str(result.expected.transitions),
        str(airflow.tasks) if airflow else "",
        format_seconds(result.expected_seconds),
        format_seconds(airflow.seconds) if airflow else "",
        agreement(result.agrees, result.missing_input),
    ]
