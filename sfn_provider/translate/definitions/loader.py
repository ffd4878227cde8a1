"""Loads a definition that a file holds: fills placeholders, infers resources, opens the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.definition_index.index import index_definition
from sfn_provider.asl.diagnostics import Diagnostic, split_pointer
from sfn_provider.asl.document import Document, Source, SourceMap
from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.asl.placeholders import (
    MAX_FILLED_SIZE,
    PLACEHOLDER,
    check_bare_placeholders,
    check_used,
    fill_placeholders,
)
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.events import Events

if TYPE_CHECKING:
    from sfn_provider.asl.model import ExecutionType
    from sfn_provider.translate.findings import Finding
    from sfn_provider.translate.plan.schedule import SchedulePeriod

Json = Any

_INVOKE_PARAMETERS = frozenset({"FunctionName", "Payload", "InvocationType", "Qualifier", "ClientContext", "LogType"})
"""The parameters of Lambda's Invoke."""


class Substitutions(dict[str, str]):
    """The user's values for ``${Name}``, by name; those of ``optional`` names need not be used."""

    def __init__(self) -> None:
        super().__init__()
        self.optional: set[str] = set()


@dataclass(frozen=True, slots=True)
class StateMachineResource:
    """A state machine as a file or AWS holds it, with placeholders.

    Args:
        name: the logical id, the resource's name or the file's name.
        source: the definition, text or object, with ``${Name}`` for values that are not known.
        values: values for ``${Name}`` from the file; they may contain ``${Name}`` again.
        defaults: default values for ``${Name}``, such as those of a template's parameters.
        source_map: positions of the definition in its file.
        events: what starts the machine.
        execution_type: ``STANDARD`` or ``EXPRESS``.
        file: the file of the definition, if that is another one.
        used: names of the user's values that are used already.
        defaulted: names of defaults that are used already.
        notes: warnings of the file.
    """

    name: str
    source: Source
    values: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    source_map: SourceMap = field(default_factory=SourceMap)
    events: Events = field(default_factory=Events)
    execution_type: ExecutionType = "STANDARD"
    file: str | None = None
    used: frozenset[str] = frozenset()
    defaulted: frozenset[str] = frozenset()
    notes: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedDefinition:
    """A definition with its values, ready to be checked, run or translated.

    Args:
        document: the definition.
        name: the name for a DAG of it.
        file: the file of the definition; for a machine in AWS its ARN.
        origin: a label of its source for messages: ``template.yaml#Machine``.
        events: what starts the machine, if the file has it.
        unused: names of the user's values that nothing uses.
    """

    document: Document
    name: str
    file: str
    origin: str = ""
    events: Events = field(default_factory=Events)
    unused: frozenset[str] = frozenset()

    @property
    def schedule(self) -> str | None:
        """EventBridge's ``cron()`` or ``rate()``; None where the file has none that a DAG can have."""
        return self.events.schedule

    @property
    def period(self) -> SchedulePeriod | None:
        """The time zone of the schedule, and when it begins and ends; None without a schedule."""
        return self.events.period

    @property
    def params(self) -> Mapping[str, Json]:
        """The input of the schedule, as a run's configuration."""
        return self.events.params or {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the file says about the machine that a DAG does not do."""
        return (*self.events.findings, *self.events.schedule_findings)

    @property
    def execution_type(self) -> ExecutionType:
        """``STANDARD`` or ``EXPRESS``."""
        return self.document.execution_type


def load_definition(
    resource: StateMachineResource,
    substitutions: Mapping[str, str] | None = None,
    *,
    file: str | None = None,
    origin: str = "",
    refuse_unused: bool = True,
) -> LoadedDefinition:
    """Fill in the values of a state machine and open its definition.

    Args:
        resource: the state machine.
        substitutions: the user's values for ``${Name}``; they override those of the file.
        file: the file of the definition; by default the resource's name.
        origin: a label of its source for messages.
        refuse_unused: refuse a substitution that is not used; else they are in ``unused``.

    Raises:
        UsageError: a substitution is not used, or a ``${Name}`` without a value is outside of a string.
    """
    source, used, defaulted = _fill(resource, substitutions or {})
    unused = (substitutions or {}).keys() - used
    if isinstance(substitutions, Substitutions):
        unused -= substitutions.optional
    if refuse_unused:
        check_used(unused)
    if isinstance(source, str) and len(source) > MAX_FILLED_SIZE:
        raise UsageError(f"{file or resource.name}: the definition has more than {MAX_FILLED_SIZE:,} characters")
    check_bare_placeholders(source)
    document = Document.open(source, resource.execution_type, resource.source_map)
    notes = (_default_warning(defaulted, resource.source_map),) if defaulted else ()
    document = replace(document, notes=(*resource.notes, *notes))
    return LoadedDefinition(
        document=infer_resources(document),
        name=resource.name,
        file=file or resource.name,
        origin=origin,
        events=resource.events,
        unused=frozenset(unused),
    )


def _fill(resource: StateMachineResource, user: Mapping[str, str]) -> tuple[Source, set[str], set[str]]:
    """Fill in the values of the file and of the user; return the names used, and those whose default was used, too.

    In two rounds: the values of the file may contain placeholders of the file's own names.
    """
    source, used = fill_placeholders(resource.source, {**resource.values, **user})
    source, used_later = fill_placeholders(source, {**resource.defaults, **user})
    defaulted = (used_later | resource.defaulted) - user.keys()
    return source, used | used_later | resource.used, defaulted


def _default_warning(names: set[str], source_map: SourceMap) -> Diagnostic:
    message = (
        f"the defaults of the file are taken for {', '.join(sorted(names))}; give other values with "
        "--substitutions NAME=VALUE"
    )
    return source_map.apply(Diagnostic("warning", "PARAMETER_DEFAULT", message), is_text=False)


def placeholder_warning(document: Document) -> tuple[Diagnostic, ...]:
    """Return one warning that lists the placeholders without a value; none if all have one."""
    if not document.placeholders:
        return ()
    names = ", ".join(f"${{{name}}}" for name in document.placeholders)
    message = (
        f"no value for {names}; a task that calls with one of them fails or passes the text on: give values, for "
        "example --substitutions NAME=VALUE"
    )
    location = next(iter(document.placeholders.values()))
    return (document.with_position(Diagnostic("warning", "UNRESOLVED_PLACEHOLDER", message, location)),)


def infer_resources(document: Document) -> Document:
    """Replace a Resource that is only a ``${Name}`` by the integration whose parameters the task has, with a note each.

    Lambda's Invoke is the only one that parameters identify: ``FunctionName`` and no other names than its own.
    """
    inferred = dict(_inferred_resources(document.value)) if document.placeholders else {}
    if not inferred:
        return document
    from sfn_provider.asl.lint_rules.rules import sort_diagnostics

    value, notes = document.value, []
    for location, (resource, arn) in inferred.items():
        message = f"{resource} has no value; its parameters are those of Lambda, so it is taken for {arn}"
        notes.append(document.with_position(Diagnostic("warning", "INFERRED_RESOURCE", message, location)))
        value = _replace_at(value, split_pointer(location), arn)
    notes = sort_diagnostics(notes, value)
    return replace(document, parsed=replace(document.parsed, value=value), notes=(*document.notes, *notes))


def _inferred_resources(value: dict[str, Json]) -> Iterator[tuple[str, tuple[str, str]]]:
    for state in index_definition(value).states:
        resource, arn = state.fields.get("Resource"), _infer_integration(state.fields)
        if arn is not None and isinstance(resource, str) and PLACEHOLDER.fullmatch(resource):
            yield f"{state.at}/Resource", (resource, arn)


def _infer_integration(fields: Mapping[str, Json]) -> str | None:
    parameters = fields.get("Parameters", fields.get("Arguments"))
    if not isinstance(parameters, dict):
        return None
    names = {name.removesuffix(".$") for name in parameters}
    if "FunctionName" not in names or not names <= _INVOKE_PARAMETERS:
        return None
    has_token = any("Task.Token" in text for _, text in walk_texts(parameters))
    return "arn:aws:states:::lambda:invoke" + (".waitForTaskToken" if has_token else "")


def _replace_at(value: Any, path: Sequence[str], new: str) -> Any:
    """Return a copy of a JSON value with another text at a path; parts outside of the path are shared."""
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    key = int(path[0]) if isinstance(value, list) else path[0]
    copy[key] = _replace_at(value[key], path[1:], new) if len(path) > 1 else new
    return copy
