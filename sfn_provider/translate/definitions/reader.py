"""From what a user names to a definition."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import terraform
from sfn_provider.translate.definitions.aws import describe
from sfn_provider.translate.definitions.definition import Definition, Machine
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.definitions.placeholders import fill_all, infer_resources, refuse_bare

Machines = dict[str, Callable[[], Machine]]

_NAMED = "AWS::StepFunctions::StateMachine, AWS::Serverless::StateMachine or aws_sfn_state_machine"


def read_definition(reference: str, substitutions: Mapping[str, str] | None = None) -> Definition:
    """Read the definition that a reference names.

    Args:
        reference: ``FILE`` or ``FILE#Name`` for a machine of a CloudFormation, SAM or Terraform file, by its logical id
            or the resource's name; or the ARN of a machine in AWS.
        substitutions: values for ``${Name}`` in the definition, or in what the file puts there.

    Raises:
        UsageError: where it cannot be read, names no machine or several, or a substitution is not used.
    """
    path, name, machine = _find(reference)
    source, defaulted = fill_all(machine.source, substitutions or {}, machine.values, machine.defaults)
    refuse_bare(source)
    source, inferred = infer_resources(source)
    file = machine.file or path
    shown = path if path.startswith("arn:") else Path(path).name
    definition = Definition(
        source=source,
        name=machine.name,
        file=file,
        origin=f"{shown}#{name}" if name else shown,
        machine=machine,
    )
    told = (*_default_warning(defaulted), *inferred)
    return Definition(source, machine.name, file, definition.origin, machine, definition.placed(told))


def _find(reference: str) -> tuple[str, str | None, Machine]:
    if reference.startswith("arn:"):
        return reference, None, describe(reference)
    path, _, wanted = (reference, "", "") if os.path.isfile(reference) else reference.rpartition("#")
    if not path:
        path, wanted = reference, ""
    text = read_file(path, "a state machine definition")
    machines = _machines(text, path)
    if machines is None:
        if wanted:
            raise UsageError(f"{path} is a definition itself: name it without #{wanted}")
        return path, None, Machine(Path(path).stem, text, first_line=1)
    name = _choose(machines, wanted, path)
    return path, name, machines[name]()


def _machines(text: str, path: str) -> Machines | None:
    """The machines of a file by name; None where the file is a definition itself."""
    if path.endswith(".tf.json"):
        raise UsageError(f"{path}: Terraform's JSON form is not read; name a .tf file")
    if path.endswith(".tf"):
        from sfn_provider.translate.definitions.terraform_values import TerraformFile

        return terraform.machines_in(TerraformFile.parse(text, path))
    from sfn_provider.translate.definitions import cloudformation as templates
    from sfn_provider.translate.definitions import template_reader as template_text

    if not template_text.may_be_template(text):
        return None
    template = template_text.read_template(text, path)
    return templates.machines_in(template, path) if template_text.is_template(template.value) else None


def _choose(machines: Machines, wanted: str, path: str) -> str:
    if not machines:
        raise UsageError(f"{path} has no state machine, that is, no {_NAMED}")
    if wanted in machines:
        return wanted
    listed = ", ".join(machines)
    if wanted:
        raise UsageError(f"{path} has no state machine {wanted!r}; it has {listed}")
    if len(machines) > 1:
        raise UsageError(f"{path} has the state machines {listed}; name one: {path}#{next(iter(machines))}")
    return next(iter(machines))


def _default_warning(names: set[str]) -> tuple[Diagnostic, ...]:
    if not names:
        return ()
    message = (
        f"the defaults of the template's parameters are taken for {', '.join(sorted(names))}; give other values with "
        "--substitutions NAME=VALUE"
    )
    return (Diagnostic("warning", "PARAMETER_DEFAULT", message),)
