"""Options that several commands have."""

from __future__ import annotations

import click

definition_argument = click.argument("file", metavar="FILE")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")

input_option = click.option(
    "--input", "input_text", metavar="JSON|@FILE", default="{}", show_default=True, help="The execution's input."
)

substitutions_option = click.option(
    "--substitutions",
    metavar="NAME=VALUE|FILE",
    multiple=True,
    help="Values for ${NAME} in the definition; may be repeated.",
)
