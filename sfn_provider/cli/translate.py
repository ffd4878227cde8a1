"""``sfn-provider translate``: a state machine as an Airflow DAG file."""

from __future__ import annotations

from pathlib import Path

import click

from sfn_provider.cli.files import read_input, read_substitutions, read_text, write_text
from sfn_provider.cli.options import definition_argument, json_option, substitutions_option
from sfn_provider.cli.output import diagnostics_as_json, print_diagnostics, print_json
from sfn_provider.exceptions import UsageError
from sfn_provider.translate import naming
from sfn_provider.translate import translate as translate_definition
from sfn_provider.translate.plan import tasks_of


@click.command()
@definition_argument
@click.option("-o", "--output", metavar="OUT.py", help="Write the DAG file here; by default it is printed.")
@click.option("--dag-id", help="The DAG's id; by default made from the file's name.")
@click.option(
    "--schedule", metavar="EXPR", help="When it runs: 'cron(0 2 * * ? *)', 'rate(1 hour)', or Airflow's cron."
)
@click.option("--input", "params", metavar="JSON|@FILE", help="The input of runs that are started without one.")
@substitutions_option
@json_option
def translate(
    file: str,
    output: str | None,
    dag_id: str | None,
    schedule: str | None,
    params: str | None,
    substitutions: tuple[str, ...],
    as_json: bool,
) -> int:
    """Translate a state machine definition into an Airflow DAG file."""
    source = read_text(file, "a state machine definition")
    defaults = read_input(params) if params is not None else {}
    if not isinstance(defaults, dict):
        raise UsageError("--input: Airflow's params are a JSON object; give one")
    made = translate_definition(
        source,
        dag_id=dag_id or naming.dag_id(Path(file).stem),
        schedule=schedule,
        substitutions=read_substitutions(substitutions),
        params=defaults,
        origin=Path(file).name,
    )
    if output is not None:
        write_text(output, made.source)
    if as_json:
        print_json(
            {
                "dag_id": made.plan.dag_id,
                "file": output,
                "source": made.source if output is None else None,
                "tasks": sum(1 for _ in tasks_of(made.plan.tasks)),
                "diagnostics": diagnostics_as_json(made.diagnostics),
            }
        )
        return 0
    print_diagnostics(made.diagnostics, file)
    if output is None:
        click.echo(made.source, nl=False)
    else:
        click.echo(
            f"Wrote {output}: DAG {made.plan.dag_id} with {sum(1 for _ in tasks_of(made.plan.tasks))} tasks", err=True
        )
    return 0
