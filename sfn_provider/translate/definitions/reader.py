"""Reads the definition that a reference names: ``FILE``, ``FILE#Name`` or an ARN."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from sfn_provider.asl.document import SourceMap
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.aws import describe_state_machine
from sfn_provider.translate.definitions.files import read_file
from sfn_provider.translate.definitions.loader import LoadedDefinition, StateMachineResource, load_definition

Resources = dict[str, Callable[[], StateMachineResource]]
"""Functions that read the state machines of a file, by name."""

_RESOURCE_TYPES = "AWS::StepFunctions::StateMachine, AWS::Serverless::StateMachine or aws_sfn_state_machine"


def read_definition(reference: str, substitutions: Mapping[str, str] | None = None) -> LoadedDefinition:
    """Read the definition that a reference names.

    Args:
        reference: ``FILE`` or ``FILE#Name`` for a machine of a CloudFormation, SAM or Terraform file, by its logical id
            or the resource's name; or the ARN of a machine in AWS.
        substitutions: values for ``${Name}`` in the definition, or in what the file puts there.

    Raises:
        UsageError: it cannot be read, names no machine or several, or a substitution is not used.
    """
    path, name, resource = _find_resource(reference)
    label = path if path.startswith("arn:") else Path(path).name
    origin = f"{label}#{name}" if name else label
    return load_definition(resource, substitutions, file=resource.file or path, origin=origin)


def _find_resource(reference: str) -> tuple[str, str | None, StateMachineResource]:
    if reference.startswith("arn:"):
        return reference, None, describe_state_machine(reference)
    path, _, requested = (reference, "", "") if os.path.isfile(reference) else reference.rpartition("#")
    if not path:
        path, requested = reference, ""
    text = read_file(path, "a state machine definition")
    resources = _find_resources(text, path)
    if resources is None:
        if requested:
            raise UsageError(f"{path} is a definition itself: name it without #{requested}")
        return path, None, StateMachineResource(Path(path).stem, text, source_map=SourceMap(first_line=1))
    name = _choose(resources, requested, path)
    return path, name, resources[name]()


def _find_resources(text: str, path: str) -> Resources | None:
    """Find the state machines of a file; None if the file is a definition itself."""
    if path.endswith(".tf.json"):
        raise UsageError(f"{path}: Terraform's JSON form is not read; name a .tf file")
    if path.endswith(".tf"):
        from sfn_provider.translate.definitions import terraform
        from sfn_provider.translate.definitions.terraform_values import TerraformFile

        return terraform.find_state_machines(TerraformFile.parse(text, path))
    from sfn_provider.translate.definitions.template_reader import is_template, may_be_template, read_template

    if not may_be_template(text):
        return None
    template = read_template(text, path)
    if not is_template(template.value):
        return None
    from sfn_provider.translate.definitions import cloudformation

    return cloudformation.find_state_machines(template, path)


def _choose(resources: Resources, requested: str, path: str) -> str:
    if not resources:
        raise UsageError(f"{path} has no state machine, that is, no {_RESOURCE_TYPES}")
    if requested in resources:
        return requested
    listed = ", ".join(resources)
    if requested:
        raise UsageError(f"{path} has no state machine {requested!r}; it has {listed}")
    if len(resources) > 1:
        raise UsageError(f"{path} has the state machines {listed}; name one: {path}#{next(iter(resources))}")
    return next(iter(resources))
