"""Reads the definition that a reference names: ``FILE``, ``FILE#Name``, a Terraform folder or an ARN."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from sfn_provider.asl.document import SourceMap
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.aws import describe_state_machine
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.definitions.loader import LoadedDefinition, StateMachineResource, load_definition
from sfn_provider.translate.definitions.terraform.parser import bounded_parsing

Resources = dict[str, Callable[[], StateMachineResource]]
"""Functions that read the state machines of a file, by name."""

_RESOURCE_TYPES = (
    "AWS::StepFunctions::StateMachine, AWS::Serverless::StateMachine, aws_sfn_state_machine or "
    "stepFunctions.stateMachines"
)


def read_definition(
    reference: str, substitutions: Mapping[str, str] | None = None, *, refuse_unused: bool = True
) -> LoadedDefinition:
    """Read the definition that a reference names.

    Args:
        reference: ``FILE`` or ``FILE#Name`` for a machine of a CloudFormation, SAM, Terraform or Serverless Framework
            file, by its logical id or the resource's name; ``FOLDER`` or ``FOLDER#Name`` for a Terraform folder, or
            ``ABOVE//FOLDER`` where it needs files of a folder above; or the ARN of a machine in AWS.
        substitutions: values for ``${Name}`` in the definition, or in what the file puts there.
        refuse_unused: refuse a substitution that is not used; else they are in ``unused``.

    Raises:
        UsageError: it cannot be read, names no machine or several, or a substitution is not used.
    """
    path, name, resource = _find_resource(reference, substitutions or {})
    label = path if path.startswith("arn:") else Path(path).name or Path(path).resolve().name
    origin = f"{label}#{name}" if name else label
    return load_definition(
        resource, substitutions, file=resource.file or path, origin=origin, refuse_unused=refuse_unused
    )


@bounded_parsing()
def _find_resource(reference: str, substitutions: Mapping[str, str]) -> tuple[str, str | None, StateMachineResource]:
    if reference.startswith("arn:"):
        return reference, None, describe_state_machine(reference)
    path, _, requested = (reference, "", "") if os.path.exists(reference) else reference.rpartition("#")
    if not path:
        path, requested = reference, ""
    found = _find_resources(path, substitutions)
    if found is None:
        if requested:
            raise UsageError(f"{path} is a definition itself: name it without #{requested}")
        text = read_file(path, "a state machine definition")
        return path, None, StateMachineResource(Path(path).stem, text, source_map=SourceMap(first_line=1))
    resources, left_out = found
    name = _choose(resources, requested, path, left_out)
    return path, name, resources[name]()


def _find_resources(path: str, substitutions: Mapping[str, str]) -> tuple[Resources, str] | None:
    """Find the state machines of a file or folder, and what was not read; None if the file is a definition itself."""
    if path.endswith(".tf.json"):
        raise UsageError(f"{path}: Terraform's JSON form is not read; name a .tf file")
    if os.path.isdir(path):
        _check_folder(path)
    elif not path.endswith(".tf"):
        return _find_in_text(read_file(path, "a state machine definition"), path, substitutions)
    else:
        read_file(path, "a state machine definition")
    from sfn_provider.translate.definitions.terraform.machines import find_state_machines

    return find_state_machines(path, substitutions)


def _check_folder(path: str) -> None:
    """Refuse a folder without Terraform files; name what it has."""
    if any(Path(path).glob("*.tf")):
        return
    names = ("template.yaml", "template.yml", "template.json", "serverless.yml", "serverless.yaml", "cdk.out")
    found = [name for name in names if (Path(path) / name).exists()]
    found += sorted(file.name for file in Path(path).glob("*.template.json"))  # of CDK
    hint = f"; did you mean {os.path.join(path, found[0])}?" if found else " (a folder needs .tf files)"
    raise UsageError(f"{path} is a folder; name the file that holds a state machine definition{hint}")


def _find_in_text(text: str, path: str, substitutions: Mapping[str, str]) -> tuple[Resources, str] | None:
    from sfn_provider.translate.definitions.cloudformation.template_reader import (
        is_template,
        may_be_template,
        read_template,
    )

    if may_be_serverless(text, path):
        from sfn_provider.translate.definitions.serverless_framework.machines import find_state_machines

        return find_state_machines(text, path, substitutions), ""
    if not may_be_template(text):
        return None
    template = read_template(text, path)
    if not is_template(template.value):
        return None
    from sfn_provider.translate.definitions.cloudformation import machines as cloudformation

    return cloudformation.find_state_machines(template, path, substitutions), ""


def may_be_serverless(text: str, path: str) -> bool:
    """Whether a file looks like one of the Serverless Framework: by its name, or by its field ``stepFunctions``."""
    name = Path(path).name
    if re.fullmatch(r"serverless([.-][\w.-]+)?\.(ya?ml|json|ts|js|mjs|cjs)", name):
        return True
    return name.endswith((".yml", ".yaml")) and re.search(r"^stepFunctions\s*:", text, re.MULTILINE) is not None


def _choose(resources: Resources, requested: str, path: str, left_out: str) -> str:
    if not resources:
        hint = f"; {left_out}" if left_out else ""
        raise UsageError(f"{path} has no state machine, that is, no {_RESOURCE_TYPES}{hint}")
    if not requested:
        if len(resources) > 1:
            listed = ", ".join(resources)
            raise UsageError(f"{path} has the state machines {listed}; name one: {path}#{next(iter(resources))}")
        return next(iter(resources))
    name = requested.replace("aws_sfn_state_machine.", "").replace('"', "").replace("'", "")
    found = [key for key in resources if key in (requested, name)] or [
        key for key in resources if key.rpartition(".")[2] == name
    ]
    if len(found) != 1:
        raise UsageError(f"{path} has no state machine {requested!r}; it has {', '.join(resources)}")
    return found[0]
