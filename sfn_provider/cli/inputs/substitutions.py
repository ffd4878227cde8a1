"""Reads values for names of a definition."""

from __future__ import annotations

from pathlib import Path

from sfn_provider.exceptions import UsageError
from sfn_provider.text_files import read_json_file
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
    values = read_json_file(path, "substitutions as a JSON object (or write --substitutions NAME=VALUE)")
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise UsageError(f"{path}: substitutions must be a JSON object of names and texts")
    return values
