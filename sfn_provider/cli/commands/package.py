"""``sfn-provider package``: writes the files for an environment of Amazon MWAA."""

from __future__ import annotations

from pathlib import Path

import click

from sfn_provider.cli.options import ProviderCommand, json_option
from sfn_provider.cli.output import diagnostics_as_json, print_diagnostics, print_json
from sfn_provider.cli.output_files import write_files
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.bundle import Bundle, make_bundle
from sfn_provider.mwaa.dag_files import read_dag_file
from sfn_provider.mwaa.images import find_image


@click.command(cls=ProviderCommand)
@click.option("--airflow-version", metavar="VERSION", required=True, help="The environment's version: 3.0.6.")
@click.option("-o", "--output", metavar="DIR", help="Write the files into this folder.")
@click.option("--dags", metavar="FILE", multiple=True, help="A DAG file to go with it; may be repeated.")
@click.option("--offline", is_flag=True, help="For environments without a package index: bring every wheel.")
@click.option("--check", "check_only", is_flag=True, help="Only tell what would not work there; write nothing.")
@json_option
def package(
    airflow_version: str, output: str | None, dags: tuple[str, ...], offline: bool, check_only: bool, as_json: bool
) -> int:
    """Write plugins.zip, requirements.txt, DAGs and IAM policy for Amazon MWAA.

    Nothing is written where something would not install or not be read there: the command tells it and exits with 1.
    """
    if output is None and not check_only:
        raise UsageError("package: give the folder to write to with -o DIR, or --check")
    bundle = make_bundle(find_image(airflow_version), [read_dag_file(file) for file in dags], offline=offline)
    refused = any(found.level == "error" for found in bundle.diagnostics)
    written = output if not refused and not check_only else None
    if written is not None:
        _write(Path(written), bundle)
    if as_json:
        print_json(_as_json(airflow_version, bundle, written))
    else:
        print_diagnostics(bundle.diagnostics)
        if written is not None:
            click.echo(f"Wrote {', '.join(bundle.files)} into {written}", err=True)
            click.echo(f"The steps from here are in {Path(written) / 'README.md'}", err=True)
        else:
            click.echo("Refused: nothing is written" if refused else "All of it would install there", err=True)
    return 1 if refused else 0


def _as_json(airflow_version: str, bundle: Bundle, written: str | None) -> dict[str, object]:
    return {
        "airflow_version": airflow_version,
        "folder": written,
        "files": list(bundle.files),
        "wheels": list(bundle.wheels),
        "diagnostics": diagnostics_as_json(bundle.diagnostics),
    }


def _write(folder: Path, bundle: Bundle) -> None:
    write_files({folder / name: content for name, content in bundle.files.items()}, make_folders=True)
