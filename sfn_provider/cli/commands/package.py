"""``sfn-provider package``: the files for an environment of Amazon MWAA."""

from __future__ import annotations

from pathlib import Path

import click

from sfn_provider.cli.output import diagnostics_as_json, print_diagnostics, print_json
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.bundle import Bundle, make_bundle
from sfn_provider.mwaa.dag_files import read_dag_file
from sfn_provider.mwaa.images import find_image


@click.command()
@click.option("--airflow-version", metavar="VERSION", required=True, help="The environment's version: 3.0.6.")
@click.option("-o", "--output", metavar="DIR", help="Write the files into this folder.")
@click.option("--dags", metavar="FILE", multiple=True, help="A DAG file to go with it; may be repeated.")
@click.option("--offline", is_flag=True, help="For environments without a package index: bring every wheel.")
@click.option("--check", "check_only", is_flag=True, help="Only tell what would not work there; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def package(
    airflow_version: str,
    output: str | None,
    dags: tuple[str, ...],
    offline: bool,
    check_only: bool,
    as_json: bool,
) -> int:
    """Write plugins.zip, requirements.txt, DAGs and IAM policy for Amazon MWAA.

    Nothing is written where something would not install or not be read there: the command tells it and exits with 1.
    """
    if output is None and not check_only:
        raise UsageError("package: give the folder to write to with -o DIR, or --check")
    made = make_bundle(find_image(airflow_version), [read_dag_file(file) for file in dags], offline=offline)
    refused = any(found.level == "error" for found in made.diagnostics)
    written = output if not refused and not check_only else None
    if written is not None:
        _write(Path(written), made)
    if as_json:
        print_json(_as_json(airflow_version, made, written))
    else:
        print_diagnostics(made.diagnostics)
        if written is not None:
            click.echo(f"Wrote {', '.join(made.files)} into {written}", err=True)
            click.echo(f"The steps from here are in {Path(written) / 'README.md'}", err=True)
        else:
            click.echo("Refused: nothing is written" if refused else "All of it would install there", err=True)
    return 1 if refused else 0


def _as_json(airflow_version: str, made: Bundle, written: str | None) -> dict[str, object]:
    return {
        "airflow_version": airflow_version,
        "folder": written,
        "files": list(made.files),
        "wheels": list(made.wheels),
        "diagnostics": diagnostics_as_json(made.diagnostics),
    }


def _write(folder: Path, made: Bundle) -> None:
    try:
        for name, content in made.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.part")
            draft.write_bytes(content)
            draft.replace(target)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror or error}") from error
