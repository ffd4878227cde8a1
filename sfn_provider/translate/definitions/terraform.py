"""State machines in Terraform files.

Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sfn_state_machine
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.definition import Machine
from sfn_provider.translate.definitions.files import beside, read_beside
from sfn_provider.translate.definitions.terraform_values import TerraformFile, as_text, call_of

Json = Any

RESOURCE = "aws_sfn_state_machine"
_FOLDER = "${path.module}/"


def machines_in(file: TerraformFile) -> dict[str, Callable[[], Machine]]:
    """The state machines of a file by the resource's name, each read when it is called for."""
    found = [(labels[1], values) for labels, values in file.blocks("resource") if labels[:1] == [RESOURCE]]
    return {name: _reader(file, name, values) for name, values in found}


def _reader(file: TerraformFile, name: str, values: dict[str, Any]) -> Callable[[], Machine]:
    return lambda: _machine(file, name, values)


def _machine(file: TerraformFile, name: str, values: dict[str, Any]) -> Machine:
    what = f"{file.file}#{name}"
    if "definition" not in values:
        raise UsageError(f"{what} has no definition")
    node = _follow(file, values["definition"])
    kind = file.value(values["type"]) if "type" in values else None
    machine = _READERS.get(call_of(file, node)[0], _text)(file, name, node)
    return machine if kind != "EXPRESS" else _express(machine)


def _express(machine: Machine) -> Machine:
    from dataclasses import replace

    return replace(machine, execution_type="EXPRESS")


def _follow(file: TerraformFile, node: Any) -> Any:
    """The expression that a name of the file stands for."""
    seen = set()
    while (name := file.source(node)) in file.names and name not in seen:
        seen.add(name)
        node = file.names[name]
    return node


def _text(file: TerraformFile, name: str, node: Any) -> Machine:
    value = file.value(node)
    if not isinstance(value, str) or value.startswith("${"):
        raise UsageError(
            f"{file.file}:{file.line(node)}: the definition of {name} is {file.source(node)[:60]!r}; what can be read "
            "is a heredoc, jsonencode({...}), templatefile(...), file(...) and locals of the same file"
        )
    heredoc = file.source(node).startswith("<<")
    line = file.line(node)
    return Machine(name, value, first_line=line + 1 if heredoc else None, positions={"": (line, 1)})


def _jsonencode(file: TerraformFile, name: str, node: Any) -> Machine:
    value = file.value(call_of(file, node)[1][0])
    line = file.line(node)
    if not isinstance(value, dict):
        raise UsageError(f"{file.file}:{line}: the definition of {name} must be jsonencode of an object")
    return Machine(name, value, positions={"": (line, 1)})


def _path(file: TerraformFile, name: str, node: Any) -> str:
    path = as_text(file.value(node)).removeprefix(_FOLDER)
    if "${" in path:
        raise UsageError(f"{file.file}:{file.line(node)}: the path of {name}'s definition is not known: {path}")
    return path


def _file(file: TerraformFile, name: str, node: Any) -> Machine:
    path = _path(file, name, call_of(file, node)[1][0])
    text = read_beside(file.file, path, f"the definition of {name}")
    return Machine(name, text, first_line=1, file=beside(file.file, path))


def _templatefile(file: TerraformFile, name: str, node: Any) -> Machine:
    arguments = call_of(file, node)[1]
    machine = _file(file, name, node)
    given = file.value(arguments[1]) if len(arguments) > 1 else {}
    if not isinstance(given, dict):
        raise UsageError(f"{file.file}:{file.line(node)}: the second argument of templatefile must be an object")
    # In the template's own file, names are those of the values, not of this file.
    inside = TerraformFile(str(machine.file), "", file.tree.__class__("start", [file.tree.__class__("body", [])]))
    return Machine(
        name,
        inside.template(str(machine.source)),
        values={key: as_text(value) for key, value in given.items()},
        first_line=1,
        file=machine.file,
    )


_READERS: dict[str, Callable[[TerraformFile, str, Any], Machine]] = {
    "jsonencode": _jsonencode,
    "file": _file,
    "templatefile": _templatefile,
}
"""The functions that give a definition, and how each is read; anything else must give a text."""
