"""Options that several commands have, and groups of options."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

definition_argument = click.argument("file", metavar="FILE")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")

input_option = click.option(
    "--input", "input_text", metavar="JSON|@FILE", default="{}", show_default=True, help="The execution's input."
)

case_input_option = click.option(
    "--input",
    "input_text",
    metavar="JSON|@FILE",
    help="The execution's input; by default that of the case in the mock file, else {}.",
)

execution_type_option = click.option(
    "--type",
    "execution_type",
    type=click.Choice(["STANDARD", "EXPRESS"]),
    help="The type of the state machine: an EXPRESS one can do less. By default that in FILE, else STANDARD.",
)

substitutions_option = click.option(
    "--substitutions",
    metavar="NAME=VALUE|FILE",
    multiple=True,
    help="Values for ${NAME} in the definition, or for var.NAME and opt:NAME of its file; FILE is JSON or .tfvars. May "
    "be repeated.",
)


style_option = click.option(
    "--style",
    type=click.Choice(["exact", "native"]),
    default="exact",
    show_default=True,
    help="exact: operators of this package run the states; native: operators of the amazon provider and TaskFlow, "
    "where that can be said, else exact.",
)


def option_group(
    argument: str, read: Callable[..., Any], options: dict[str, dict[str, Any]]
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make a decorator that adds options to a command, which receives them as one argument.

    Args:
        argument: the name of that argument.
        read: makes its value; called with the values of the options by name.
        options: the settings of each option for `click.option`, by name with underscores.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @wraps(command)
        def with_group(**values: Any) -> int:
            group = read(**{name: values.pop(name) for name in options})
            return command(**values, **{argument: group})

        for name, settings in reversed(options.items()):
            click.option(f"--{name.replace('_', '-')}", **settings)(with_group)
        return with_group

    return decorate
