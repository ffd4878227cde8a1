"""Finds state machines in Terraform folders, and reads their definitions.

Sources: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sfn_state_machine
and https://registry.terraform.io/modules/terraform-aws-modules/step-functions/aws/latest
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.document import SourceMap
from sfn_provider.asl.placeholders import make_placeholder
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.loader import StateMachineResource
from sfn_provider.translate.definitions.schedules import choose_schedule
from sfn_provider.translate.definitions.terraform.events import find_events
from sfn_provider.translate.definitions.terraform.folder import TerraformFolder, read_folder
from sfn_provider.translate.definitions.terraform.module import Instance, Module
from sfn_provider.translate.definitions.terraform.syntax import Block, Expression
from sfn_provider.translate.definitions.terraform.unknown_values import Unknown, as_text
from sfn_provider.translate.definitions.terraform.uses import Uses
from sfn_provider.translate.definitions.terraform.values import Evaluation, call_of, unwrap

Json = Any

RESOURCE = "aws_sfn_state_machine"
_PUBLIC_MODULE = "terraform-aws-modules/step-functions/aws"


@dataclass(frozen=True)
class _Machine:
    """A state machine of a folder.

    Args:
        name: the name by which the user names it: ``pipeline``, ``jobs[nightly]``, ``module.etl.pipeline``.
        module: the module that has it.
        instance: its block.
    """

    name: str
    module: Module
    instance: Instance

    @property
    def label(self) -> str:
        """The name for a DAG of it."""
        label = self.instance.block.labels[-1]
        parts = [*re.findall(r"module\.([^.]+)\.", self.module.prefix), label]
        return "_".join([*parts, *([as_text(self.instance.key)] if self.instance.key not in (None, 0) else [])])


def find_state_machines(
    path: str, substitutions: Mapping[str, str]
) -> tuple[dict[str, Callable[[], StateMachineResource]], str]:
    """Find the state machines of a folder, or of a file and the folder around it.

    Args:
        path: the folder or a ``.tf`` file in it; a folder above, within which may be read, stands before ``//``.
        substitutions: the user's values, by expressions such as ``var.env``.

    Returns:
        Functions that read them, by name; and what was left out, for the error where there is none.
    """
    file = Path(path) if not Path(path).is_dir() else None
    folder = Path(path) if file is None else file.parent
    above = Path(path.partition("//")[0] or folder) if "//" in path else folder
    root = Module(read_folder(folder, above, folder), Uses(substitutions, str(folder)))
    if file is not None:
        problems = [note.message for note in root.folder.notes if note.message.startswith(f"{file}:")]
        if problems:
            raise UsageError(problems[0].partition("; what the ")[0])
    machines = list(_machines(root))
    if file is not None:
        machines = [machine for machine in machines if Path(machine.instance.block.origin.file) == file]
    found: dict[str, Callable[[], StateMachineResource]] = {
        machine.name: partial(_read, root.folder, machine.name, substitutions) for machine in machines
    }
    return found, _left_out(root)


def _machines(root: Module, requested: str | None = None) -> Iterator[_Machine]:
    """Iterate over the machines of a folder; only over those that may have a name, if it is given."""
    for module in (root, *root.children()):
        for block in module.folder.blocks:
            if block.kind not in ("resource", "module"):
                continue
            label = module.prefix + ("module." if block.kind == "module" else "") + block.labels[-1]
            if requested is not None and requested != label and not requested.startswith(f"{label}["):
                continue
            if not _is_machine(module, block):
                continue
            instances = _instances(module, block)
            for instance in instances:
                key = instance.key if len(instances) > 1 or isinstance(instance.key, str) else None
                yield _Machine(label if key is None else f"{label}[{key}]", module, instance)


def _instances(module: Module, block: Block) -> list[Instance]:
    """Return the instances of a machine; one that may not exist if there are none. A block alone need not be parsed."""
    address = module.prefix + ".".join(block.labels)
    if not block.may_have("count", "for_each") or not module.folder.can_read(block):
        return [Instance(block, address, None, module.context)]
    return module.instances(block) or [Instance(block, address, None, module.context, is_certain=False)]


def _is_machine(module: Module, block: Block) -> bool:
    if block.kind == "resource":
        return block.labels[:1] == (RESOURCE,)
    if not module.folder.can_read(block):
        return False
    source = block.attributes.get("source")
    return source is not None and module.context.text(source).startswith(_PUBLIC_MODULE)


def _left_out(root: Module) -> str:
    """Return where else the machine may be, for the error."""
    parts = [note.message.partition("; what the ")[0] for note in root.folder.notes]
    for block in root.folder.of_kind("module"):
        if "source" in block.attributes and root.child(block.labels[0]) is None:
            source = root.context.text(block.attributes["source"])
            hint = root.folder.common_folder(root.folder.path / source) if source.startswith(".") else None
            name = f"name the folder that has both: {hint}" if hint else "name the folder that has it"
            parts.append(f"module {block.labels[0]} ({source}) is not read, as it is not in the folder; {name}")
    return "; ".join(parts)


def _read(folder: TerraformFolder, name: str, substitutions: Mapping[str, str]) -> StateMachineResource:
    """Read a machine, with all names evaluated for it alone."""
    uses = Uses(substitutions, str(folder.path))
    root = Module(folder, uses)
    machine = next(machine for machine in _machines(root, name) if machine.name == name)
    try:
        resource = _read_definition(machine)
        events = choose_schedule(find_events(root, machine.module, machine.instance))
        kind = machine.instance.value("type")
    except RecursionError:
        raise UsageError(f"{folder.path}#{name}: an expression nests too deep") from None
    return replace(
        resource,
        events=events,
        execution_type="EXPRESS" if kind == "EXPRESS" else "STANDARD",
        used=frozenset(uses.used),
        defaulted=frozenset(uses.defaulted),
        notes=(
            *(note for module in (root, *root.children()) for note in module.folder.notes),
            *_notes(machine, uses, str(resource.source)),
        ),
    )


def _notes(machine: _Machine, uses: Uses, source: str) -> Iterator[Diagnostic]:
    """Warn of variables whose name is not seen in the definition, and of machines that Terraform may not make."""
    for name, problem in sorted(uses.missing.items()):
        if make_placeholder(name) not in source:
            message = f"{name} {problem}; give it: --substitutions {name}=VALUE"
            yield Diagnostic("warning", "VARIABLE_WITHOUT_VALUE", message)
    if not machine.instance.is_certain:
        why = "its count or for_each is 0, empty or not known"
        message = f"{machine.name} may not exist, or more than once: {why}; its definition is read as if there were one"
        yield Diagnostic("warning", "COUNT_NOT_KNOWN", message)


# Definitions ----------------------------------------------------------------------------------------------------------


def _read_definition(machine: _Machine) -> StateMachineResource:
    block = machine.instance.block
    if "definition" not in block.attributes:
        raise UsageError(f"{block.origin.file}#{machine.name} has no definition")
    context = machine.instance.context
    expression = _resolve_name(machine.module, block.attributes["definition"])
    reader = _READERS.get(call_of(expression)[0], _text)
    return reader(machine.module, context, machine.label, expression)


def _resolve_name(module: Module, expression: Expression) -> Expression:
    """Return the expression that a local of the folder refers to."""
    seen = set()
    while (match := re.fullmatch(r"local\.([\w-]+)", expression.source)) and match[1] not in seen:
        seen.add(match[1])
        found = module.find_local(match[1])
        if found is None:
            break
        expression = found
    return expression


def _text(module: Module, context: Evaluation, name: str, expression: Expression) -> StateMachineResource:
    value = context.value(expression)
    if not isinstance(value, str) or (isinstance(value, Unknown) and value.name is not None):
        raise UsageError(
            f"{expression.place}: the definition of {name} is {expression.source[:60]!r}, whose value is not known; "
            "what can be read is a heredoc, jsonencode({...}), templatefile(...), file(...), and names of the folder "
            "for them"
        )
    heredoc = unwrap(expression).source.startswith("<<")
    source_map = SourceMap(expression.line + 1 if heredoc else None, {"": (expression.line, 1)})
    return StateMachineResource(name, str(value), source_map=source_map, file=expression.origin.file)


def _jsonencode(module: Module, context: Evaluation, name: str, expression: Expression) -> StateMachineResource:
    arguments = call_of(expression)[1]
    value = context.value(arguments[0]) if arguments else None
    if not isinstance(value, dict):
        raise UsageError(f"{expression.place}: the definition of {name} must be jsonencode of an object")
    source_map = SourceMap(positions={"": (expression.line, 1)})
    return StateMachineResource(name, _plain(value), source_map=source_map, file=expression.origin.file)


def _plain(value: Json) -> Json:
    """Return a value with plain texts, also as names of fields."""
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return str(value) if isinstance(value, Unknown) else value


def _file(module: Module, context: Evaluation, name: str, expression: Expression) -> StateMachineResource:
    arguments = call_of(expression)[1]
    path = context.value(arguments[0]) if arguments else ""
    if not isinstance(path, str) or isinstance(path, Unknown):
        raise UsageError(f"{expression.place}: the path of {name}'s definition is not known: {as_text(path)}")
    file, text = module.read_file(path, expression.place)
    return StateMachineResource(name, text, source_map=SourceMap(first_line=1), file=file)


def _templatefile(module: Module, context: Evaluation, name: str, expression: Expression) -> StateMachineResource:
    resource = _file(module, context, name, expression)
    arguments = call_of(expression)[1]
    values = context.value(arguments[1]) if len(arguments) > 1 else {}
    if not isinstance(values, dict):
        raise UsageError(f"{expression.place}: the second argument of templatefile must be an object")
    template = Evaluation(module, values, only_variables=True)
    return replace(resource, source=str(template.render(str(resource.source), str(resource.file))))


_READERS: dict[str, Callable[[Module, Evaluation, str, Expression], StateMachineResource]] = {
    "jsonencode": _jsonencode,
    "file": _file,
    "templatefile": _templatefile,
}
"""The readers of a definition, by the Terraform function that returns it; any other expression must be text."""
