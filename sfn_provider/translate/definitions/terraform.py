"""Finds state machines in Terraform files, and reads their definitions.

Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sfn_state_machine
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sfn_provider.asl.document import SourceMap
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.files import read_sibling, sibling_path
from sfn_provider.translate.definitions.loader import StateMachineResource
from sfn_provider.translate.definitions.terraform_values import TerraformFile, as_text, call_of

Json = Any

RESOURCE = "aws_sfn_state_machine"
_FOLDER = "${path.module}/"


def find_state_machines(file: TerraformFile) -> dict[str, Callable[[], StateMachineResource]]:
    """Find the state machines of a file: functions that read them, by the resource's name."""
    found = [(labels[1], values) for labels, values in file.blocks("resource") if labels[:1] == [RESOURCE]]
    return {name: partial(_read_resource, file, name, values) for name, values in found}


def _read_resource(file: TerraformFile, name: str, values: dict[str, Any]) -> StateMachineResource:
    what = f"{file.file}#{name}"
    if "definition" not in values:
        raise UsageError(f"{what} has no definition")
    node = _resolve_name(file, values["definition"])
    kind = file.value(values["type"]) if "type" in values else None
    resource = _READERS.get(call_of(file, node)[0], _text)(file, name, node)
    return replace(resource, execution_type="EXPRESS") if kind == "EXPRESS" else resource


def _resolve_name(file: TerraformFile, node: Any) -> Any:
    """Return the expression that a name of the file refers to."""
    seen = set()
    while (name := file.source(node)) in file.names and name not in seen:
        seen.add(name)
        node = file.names[name]
    return node


def _text(file: TerraformFile, name: str, node: Any) -> StateMachineResource:
    value = file.value(node)
    if not isinstance(value, str) or value.startswith("${"):
        raise UsageError(
            f"{file.file}:{file.line(node)}: the definition of {name} is {file.source(node)[:60]!r}; what can be read "
            "is a heredoc, jsonencode({...}), templatefile(...), file(...) and locals of the same file"
        )
    heredoc = file.source(node).startswith("<<")
    line = file.line(node)
    return StateMachineResource(name, value, source_map=SourceMap(line + 1 if heredoc else None, {"": (line, 1)}))


def _jsonencode(file: TerraformFile, name: str, node: Any) -> StateMachineResource:
    value = file.value(call_of(file, node)[1][0])
    line = file.line(node)
    if not isinstance(value, dict):
        raise UsageError(f"{file.file}:{line}: the definition of {name} must be jsonencode of an object")
    return StateMachineResource(name, value, source_map=SourceMap(positions={"": (line, 1)}))


def _path(file: TerraformFile, name: str, node: Any) -> str:
    path = as_text(file.value(node)).removeprefix(_FOLDER)
    if "${" in path:
        raise UsageError(f"{file.file}:{file.line(node)}: the path of {name}'s definition is not known: {path}")
    return path


def _file(file: TerraformFile, name: str, node: Any) -> StateMachineResource:
    path = _path(file, name, call_of(file, node)[1][0])
    text = read_sibling(file.file, path, f"the definition of {name}")
    return StateMachineResource(name, text, source_map=SourceMap(first_line=1), file=sibling_path(file.file, path))


def _templatefile(file: TerraformFile, name: str, node: Any) -> StateMachineResource:
    arguments = call_of(file, node)[1]
    resource = _file(file, name, node)
    values = file.value(arguments[1]) if len(arguments) > 1 else {}
    if not isinstance(values, dict):
        raise UsageError(f"{file.file}:{file.line(node)}: the second argument of templatefile must be an object")
    # In the template file, names are those of the arguments, not of this file.
    template = TerraformFile(str(resource.file), "", file.tree.__class__("start", [file.tree.__class__("body", [])]))
    return replace(
        resource,
        source=template.template(str(resource.source)),
        values={key: as_text(value) for key, value in values.items()},
    )


_READERS: dict[str, Callable[[TerraformFile, str, Any], StateMachineResource]] = {
    "jsonencode": _jsonencode,
    "file": _file,
    "templatefile": _templatefile,
}
"""The readers of a definition, by the Terraform function that returns it; any other expression must be text."""
