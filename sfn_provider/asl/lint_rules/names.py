"""Rules: names of states and labels of Maps are unique, short and have no special characters."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.definition_index.index import DefinitionIndex
from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.lint_rules.reporting import error

MAX_NAME_LENGTH = 80
MAX_LABEL_LENGTH = 40
_NOT_IN_LABEL = set('?*<>{}[]:;,\\|^~$#%&`"')
_CONTROL = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))}


def state_names(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A state's name has at most 80 characters and is unique in the whole machine.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """
    first: dict[str, str] = {}
    for group in definition.groups:
        for name in group.names:
            at = group.state_at(name)
            if not 0 < len(name) <= MAX_NAME_LENGTH:
                message = f"a state's name has 1 to {MAX_NAME_LENGTH} characters, this one {len(name)}"
                yield error(message, at, "INVALID_STATE_NAME")
            if name in first:
                message = f"the name {name!r} is taken by {first[name]}: names are unique across branches; rename one"
                yield error(message, at, "DUPLICATE_STATE_NAME")
            first.setdefault(name, at)


def labels(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A Map's label has at most 40 characters, none of them special, and is unique.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
    """
    first: dict[str, str] = {}
    for state in definition.of_type("Map"):
        label, at = state.fields.get("Label"), state.at + "/Label"
        if not isinstance(label, str):
            continue
        if len(label) > MAX_LABEL_LENGTH:
            message = f"a Label has at most {MAX_LABEL_LENGTH} characters, this one {len(label)}"
            yield error(message, at, "INVALID_LABEL_NAME")
        elif refused := [char for char in label if char in _NOT_IN_LABEL | _CONTROL or char.isspace()]:
            yield error(f"a Label cannot have {refused[0]!r}", at, "INVALID_LABEL_NAME")
        if label in first:
            yield error(f"the Label {label!r} is taken by {first[label]}; change one", at, "DUPLICATE_LABEL_NAME")
        first.setdefault(label, state.at)
