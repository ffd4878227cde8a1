"""``sfn-provider translate``: writes a state machine as an Airflow DAG file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from sfn_provider.cli.inputs.input_files import read_input
from sfn_provider.cli.inputs.substitutions import read_substitutions
from sfn_provider.cli.options.common import definition_argument, json_option, style_option, substitutions_option
from sfn_provider.cli.options.granularity import granularity_options
from sfn_provider.cli.options.serverless import ServerlessOptions, serverless_options
from sfn_provider.cli.output.check_files import check_files
from sfn_provider.cli.output.printing import diagnostics_as_json, print_diagnostics, print_json
from sfn_provider.cli.output.project_files import write_owned, write_project
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.formatting import count
from sfn_provider.translate import Translation
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.findings import Effect
from sfn_provider.translate.plan.granularity import Granularity
from sfn_provider.translate.plan.model import tasks_of
from sfn_provider.translate.project import make_project
from sfn_provider.translate.serverless.limits import TARGET as SERVERLESS
from sfn_provider.translate.styles import StyleName
from sfn_provider.translate.translator import translate_definition


@click.command(cls=ProviderCommand)
@definition_argument
@click.option("-o", "--output", metavar="OUT.py", help="Write the DAG file here; by default it is printed.")
@click.option(
    "--overwrite", is_flag=True, help="Write OUT.py over a file that was changed, or that others have written."
)
@click.option(
    "--project",
    metavar="DIR",
    help="With --style native: write a project into this folder: the DAG, its test, the definition, and a README of "
    "what differs. Files that others have written, or changed, stay, and nothing is written.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing: where a file of -o or --project is not what would be written, show how it differs and exit "
    "with 1.",
)
@click.option("--dag-id", help="The DAG's id; by default made from the file's name.")
@click.option(
    "--schedule", metavar="EXPR", help="When it runs: 'cron(0 2 * * ? *)', 'rate(1 hour)', or Airflow's cron."
)
@click.option(
    "--timezone",
    metavar="NAME",
    help="The time zone of the schedule, such as Europe/Berlin; by default that of the schedule in the file, or UTC.",
)
@click.option("--input", "params", metavar="JSON|@FILE", help="The input of runs that are started without one.")
@substitutions_option
@style_option
@granularity_options
@click.option(
    "--param",
    "templates",
    metavar="NAME=TEMPLATE",
    multiple=True,
    help="A template in place of a field of the input in a native file: run_date='{{ ds }}'. May be repeated.",
)
@click.option(
    "--airflow-version",
    metavar="VERSION",
    help="The Airflow for which a native file is made, such as 3.0.6; by default the installed one.",
)
@click.option(
    "--report",
    "with_report",
    is_flag=True,
    help="Print each state's task, what is different in Airflow, and what each granularity takes.",
)
@click.option("--region", default="us-east-1", show_default=True, help="Region of the prices in the report.")
@click.option(
    "--strict", is_flag=True, help="Refuse warnings and what is different in Airflow: exit with 1 and write nothing."
)
@click.option(
    "--target",
    type=click.Choice(["airflow", SERVERLESS]),
    default="airflow",
    help="Where it is to run: in an Airflow, or on MWAA Serverless, for which a workflow's YAML is made. Where it "
    "cannot run there, the command tells why, exits with 1 and writes nothing.",
)
@serverless_options
@json_option
def translate(
    file: str,
    output: str | None,
    overwrite: bool,
    project: str | None,
    check: bool,
    dag_id: str | None,
    schedule: str | None,
    timezone: str | None,
    params: str | None,
    substitutions: tuple[str, ...],
    style: StyleName,
    granularity: Granularity,
    airflow_version: str | None,
    templates: tuple[str, ...],
    with_report: bool,
    region: str,
    strict: bool,
    target: str,
    serverless: ServerlessOptions,
    as_json: bool,
) -> int:
    """Translate a state machine definition into an Airflow DAG file.

    FILE is a definition in JSON or YAML; FILE#Name one of a CloudFormation, SAM, Terraform or Serverless Framework
    file, FOLDER#Name one of a Terraform folder; the ARN of a state machine in AWS will do as well.
    """
    if project is not None and (output is not None or style != "native"):
        raise UsageError("--project writes a native DAG and what is around it: add --style native, and leave -o out")
    if target == SERVERLESS and (style == "native" or templates or airflow_version):
        raise UsageError(
            f"--target {target} makes a workflow of its own kind: leave --style, --param and --airflow-version out; "
            "--way operators is what --style native is elsewhere"
        )
    if check and output is None and project is None:
        raise UsageError("--check compares a file with what would be written: name it with -o OUT.py, or --project DIR")
    if overwrite and output is None:
        raise UsageError("--overwrite is for a file: name it with -o, or leave --overwrite out")
    defaults = read_input(params) if params is not None else None
    if not isinstance(defaults, dict | None):
        raise UsageError("--input: Airflow's params are a JSON object; give one")
    definition = read_definition(file, read_substitutions(substitutions))
    try:
        translation = translate_definition(
            definition,
            dag_id=dag_id,
            schedule=schedule,
            params=defaults,
            timezone=timezone,
            style=style,
            tasks=granularity.tasks,
            map_batch=granularity.map_batch,
            airflow_version=airflow_version,
            templates=_read_templates(templates),
            target="mwaa-serverless" if target == SERVERLESS else "mwaa",
            way=serverless.way,
            start_date=serverless.start_date,
        )
    except InvalidDefinition as error:
        raise InvalidDefinition(error.diagnostics, definition.file) from None
    impossible = any(found.level == "error" for found in translation.diagnostics)
    refused = impossible or (strict and bool(translation.findings or translation.diagnostics))
    made = {} if output is None else {Path(output).name: translation.source}
    if project is not None:
        made = make_project(translation, airflow_version=airflow_version, has_templates=bool(templates))
    if check and not refused:
        return check_files(Path(output).parent if output is not None else project or "", made, as_json=as_json)
    if output is not None and not refused:
        write_owned(output, translation.source, overwrite=overwrite)
    if project is not None and not refused:
        write_project(project, made)
        output = str(Path(project) / "dags" / f"{translation.plan.dag_id}.py")
    if as_json:
        shown = None
        if with_report or strict:
            from sfn_provider.cli.output.granularity_report import report_object  # reads prices

            shown = report_object(translation, region)
        print_json(_as_json(translation, output, shown, refused))
    else:
        print_diagnostics(translation.diagnostics, definition.file)
        if impossible:
            click.echo(f"Refused: it cannot run on {target}; nothing is written", err=True)
        else:
            text = None
            if with_report:
                from sfn_provider.cli.output.granularity_report import report_text

                text = report_text(translation, region)
            _print(translation, output, text, refused)
    if style == "native" and not as_json and (reasons := _reasons(translation)):
        click.echo(reasons, err=True)
    click.echo(_counts(translation, with_report or refused or as_json), err=True)
    return 1 if refused else 0


def _reasons(translation: Translation) -> str:
    """Return why states, or the whole file, are exact though native was asked for, by the first three states."""
    found = [
        f"state {finding.state}: {finding.why}" for finding in translation.findings if finding.code == "STAYS_EXACT"
    ]
    more = f" ({len(found) - 3} more: --report lists them)" if len(found) > 3 else ""
    if not found:
        return ""
    what = "The file is exact, not native" if translation.style == "exact" else "Not all is native"
    return f"{what}: {' '.join(found[:3])}{more}"


def _read_templates(options: tuple[str, ...]) -> dict[str, str]:
    """Return the templates of --param by the name of the field."""
    found = {}
    for option in options:
        name, equals, template = option.partition("=")
        if not name or not equals:
            raise UsageError(f"--param {option}: write NAME=TEMPLATE, for example run_date='{{{{ ds }}}}'")
        found[name] = template
    return found


def _counts(translation: Translation, are_listed: bool) -> str:
    """Return the last line of the command: how many warnings and findings there are."""
    warnings = sum(found.level == "warning" for found in translation.diagnostics)
    effects = Counter(finding.effect for finding in translation.findings)
    words: dict[Effect, tuple[str, str]] = {
        "fails": ("fails", "fail"),
        "differs": ("differs", "differ"),
        "looks": ("looks different", "look different"),
    }
    kinds = ", ".join(count(effects[effect], one, many) for effect, (one, many) in words.items() if effects[effect])
    hint = "" if are_listed or not kinds else "; --report lists them"
    text = f"{count(warnings, 'warning')}, {count(len(translation.findings), 'finding')}"
    return f"{text}: {kinds}{hint}" if kinds else text


def _as_json(
    translation: Translation, output: str | None, shown: dict[str, Any] | None, refused: bool
) -> dict[str, Any]:
    fields = {
        "dag_id": translation.plan.dag_id,
        "file": None if refused else output,
        "source": translation.source if output is None and not refused else None,
        "style": translation.style,
        "tasks": _task_count(translation),
        "diagnostics": diagnostics_as_json(translation.diagnostics),
        "findings": len(translation.findings),
    }
    return fields | ({"report": shown} if shown is not None else {})


def _task_count(translation: Translation) -> int:
    """Return the number of tasks; those of a native file that stand for no state are not counted."""
    if translation.workflow is not None:
        return len(translation.workflow.tasks)
    if translation.style == "native":
        return len({entry.task_id for entry in translation.tasks if entry.task_id})
    return len(tasks_of(translation.plan.tasks))


def _print(translation: Translation, output: str | None, shown: str | None, refused: bool) -> None:
    if shown is not None:
        click.echo(shown, nl=False)
    if refused:
        listed = "" if shown is not None else "".join(f"  {finding}\n" for finding in translation.findings)
        click.echo(f"{listed}Refused, as --strict takes warnings and findings for errors: nothing is written", err=True)
    elif output is not None:
        tasks = _task_count(translation)
        is_workflow = translation.workflow is not None
        native = ", native" if translation.style == "native" and not is_workflow else ""
        what = f"{'workflow' if is_workflow else 'DAG'} {translation.plan.dag_id}"
        click.echo(f"Wrote {output}: {what} with {count(tasks, 'task')}{native}", err=True)
    elif shown is None:
        click.echo(translation.source, nl=False)
