"""Reads values for names of a definition, and JSON in arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.definitions.loader import Substitutions


def read_substitutions(options: tuple[str, ...]) -> Substitutions:
    """Read values for ``${Name}``.

    Args:
        options: ``Name=value``; a JSON file that holds an object of them; or a file ``*.tfvars`` with values of
            Terraform's variables, which need not all be used.

    Raises:
        UsageError: where one is none of these.
    """
    values = Substitutions()
    for option in options:
        if option.endswith((".tfvars", ".tfvars.json")) and "=" not in option:
            variables = _variable_file(option)
            values.optional |= variables.keys() - values.keys()
            values |= variables
            continue
        name, equals, value = option.partition("=")
        given = {name: value} if equals else _substitution_file(option)
        values.optional -= given.keys()
        values |= given
    return values


def _variable_file(path: str) -> dict[str, str]:
    from sfn_provider.translate.definitions.terraform.module import read_variable_texts

    return {f"var.{name}": value for name, value in read_variable_texts(Path(path)).items()}


def _substitution_file(path: str) -> dict[str, str]:
    text = read_file(path, "substitutions as a JSON object (or write --substitutions NAME=VALUE)")
    values = parse_json(text, path)
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise UsageError(f"{path}: substitutions must be a JSON object of names and texts")
    return values


def parse_json(text: str, where: str, hint: str = "") -> Any:
    """Parse JSON.

    Args:
        text: the text.
        where: where it stands, for errors.
        hint: what to do, for errors.

    Raises:
        UsageError: it is no JSON.
    """

    def refuse(constant: str) -> NoReturn:
        raise UsageError(f"{where}: not JSON: {constant} is no JSON number")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"{where}: not JSON: {error.msg} at {place}{hint}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: objects and lists lie too deep in one another") from error
    except ValueError as error:  # Python reads numbers of up to 4300 digits
        raise UsageError(f"{where}: a number has too many digits") from error
