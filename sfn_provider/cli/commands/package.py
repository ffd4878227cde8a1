"""``sfn-provider package``: writes the files for Amazon MWAA, or for a workflow of MWAA Serverless."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import click

from sfn_provider.cli.inputs.input_files import read_input
from sfn_provider.cli.inputs.substitutions import read_substitutions
from sfn_provider.cli.options.common import json_option, substitutions_option
from sfn_provider.cli.options.granularity import granularity_options
from sfn_provider.cli.options.serverless import ServerlessOptions, serverless_options
from sfn_provider.cli.output.printing import diagnostics_as_json, print_diagnostics, print_json
from sfn_provider.cli.output.project_files import write_bundle
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.mwaa.bundle import Bundle, make_bundle
from sfn_provider.mwaa.dag_files import read_dag_file
from sfn_provider.mwaa.images import find_image
from sfn_provider.mwaa.serverless.bundle import CODE_FILE, WorkflowBundle, check_deployed, make_workflow_bundle
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.plan.granularity import Granularity
from sfn_provider.translate.serverless.limits import TARGET as SERVERLESS
from sfn_provider.translate.serverless.workflow import Workflow
from sfn_provider.translate.translator import translate_definition

_Make = Callable[[str | None, Mapping[str, Any]], tuple[dict[str, Any], Bundle | WorkflowBundle]]

_ENVIRONMENT_OPTIONS = {"airflow_version": "--airflow-version", "dags": "--dags", "offline": "--offline"}


@click.command(cls=ProviderCommand)
@click.argument("file", metavar="[FILE]", required=False)
@click.option(
    "--target",
    type=click.Choice(["mwaa", SERVERLESS]),
    default="mwaa",
    show_default=True,
    help="What the files are for: an environment of Amazon MWAA, or a workflow of MWAA Serverless made from FILE.",
)
@click.option("-o", "--output", metavar="DIR", help="Write the files into this folder.")
@click.option("--overwrite", is_flag=True, help="Write over files that were changed, or that others have written.")
@click.option("--check", "check_only", is_flag=True, help="Only tell what would not work there; write nothing.")
@click.option("--airflow-version", metavar="VERSION", help="An environment's version: 3.0.6.")
@click.option("--dags", metavar="FILE", multiple=True, help="A DAG file for an environment; may be repeated.")
@click.option("--offline", is_flag=True, help="For environments without a package index: bring every wheel.")
@click.option("--dag-id", help="The workflow's name; by default made from the file's.")
@click.option("--schedule", metavar="EXPR", help="When the workflow runs: 'cron(0 2 * * ? *)', or Airflow's cron.")
@click.option("--input", "params", metavar="JSON|@FILE", help="The input of runs that are started without one.")
@substitutions_option
@granularity_options
@serverless_options
@json_option
def package(
    file: str | None, target: str, output: str | None, overwrite: bool, check_only: bool, as_json: bool, **options: Any
) -> int:
    """Write the files for Amazon MWAA: for an environment, or with --target mwaa-serverless for the workflow of FILE.

    For an environment: plugins.zip, requirements.txt, DAGs and IAM policy. For a workflow: its YAML, its code package
    where it needs one, the policies of its role, a CloudFormation template, and README.md with the commands.

    Nothing is written where something would not work there: the command tells it and exits with 1.
    """
    if output is None and not check_only:
        raise UsageError("package: give the folder to write to with -o DIR, or --check")
    make: _Make = _make_workflow if target == SERVERLESS else _make_environment
    about, bundle = make(file, options)
    refused = any(found.level == "error" for found in bundle.diagnostics)
    written = output if not refused and not check_only else None
    if written is not None:
        superseded: Collection[str] = ()
        if isinstance(bundle, WorkflowBundle):
            check_deployed(Path(written), about["name"])
            superseded = {CODE_FILE} - {*bundle.files}
        write_bundle(written, bundle.files, overwrite=overwrite, superseded=superseded)
    if as_json:
        print_json({**about, "folder": written, **_as_json(bundle)})
        return 1 if refused else 0
    print_diagnostics(bundle.diagnostics, file)
    if written is not None:
        click.echo(f"Wrote {', '.join(bundle.files)} into {written}", err=True)
        click.echo(f"The steps from here are in {Path(written) / 'README.md'}", err=True)
    else:
        click.echo("Refused: nothing is written" if refused else "All of it would work there", err=True)
    return 1 if refused else 0


def _make_environment(file: str | None, options: Mapping[str, Any]) -> tuple[dict[str, Any], Bundle]:
    """Make the files for an environment."""
    if file is not None:
        raise UsageError(f"package {file}: name DAG files for an environment with --dags, or add --target {SERVERLESS}")
    version = options["airflow_version"]
    if version is None:
        raise UsageError(
            f"package: give the version of the environment with --airflow-version, or a definition with --target "
            f"{SERVERLESS}"
        )
    dags = [read_dag_file(name) for name in options["dags"]]
    return {"airflow_version": version}, make_bundle(find_image(version), dags, offline=options["offline"])


def _make_workflow(file: str | None, options: Mapping[str, Any]) -> tuple[dict[str, Any], WorkflowBundle]:
    """Make the files of a workflow."""
    if file is None:
        raise UsageError(f"package --target {SERVERLESS}: name the definition: package FILE --target {SERVERLESS}")
    given = [name for option, name in _ENVIRONMENT_OPTIONS.items() if options[option]]
    if given:
        raise UsageError(f"{', '.join(given)}: for an environment alone; leave it out with --target {SERVERLESS}")
    params = read_input(options["params"]) if options["params"] is not None else None
    if not isinstance(params, dict | None):
        raise UsageError("--input: the params of a workflow are a JSON object; give one")
    definition = read_definition(file, read_substitutions(options["substitutions"]))
    granularity: Granularity = options["granularity"]
    serverless: ServerlessOptions = options["serverless"]
    try:
        translation = translate_definition(
            definition,
            dag_id=options["dag_id"],
            schedule=options["schedule"],
            params=params,
            tasks=granularity.tasks,
            map_batch=granularity.map_batch,
            target="mwaa-serverless",
            way=serverless.way,
            start_date=serverless.start_date,
        )
    except InvalidDefinition as error:
        raise InvalidDefinition(error.diagnostics, definition.file) from None
    bundle = make_workflow_bundle(translation)
    workflow = translation.workflow
    return {"name": translation.plan.dag_id, "way": workflow.way if isinstance(workflow, Workflow) else None}, bundle


def _as_json(bundle: Bundle | WorkflowBundle) -> dict[str, Any]:
    wheels = {"wheels": list(bundle.wheels)} if isinstance(bundle, Bundle) else {}
    return {"files": list(bundle.files), **wheels, "diagnostics": diagnostics_as_json(bundle.diagnostics)}
