"""Finds how a job that no operator waits for is started and described by boto3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sfn_provider.asl.resources import Resource
from sfn_provider.translate.native.data_flow.values import Absent, Array, Key, Object, Value, constant, read
from sfn_provider.translate.native.model import NotNative
from sfn_provider.translate.native.states.api_shapes import (
    find_call,
    has_times,
    other_names,
    part_of,
    prepared_parameters,
    spell_parameters,
    spell_result,
    with_flags,
)
from sfn_provider.translate.native.states.forms import JOB_START, JobForm, common_path


def job_form(resource: Resource, parameters: Value, reads: Sequence[tuple[Key, ...]]) -> JobForm:
    """Return the form of a Task that waits for a job, as calls of boto3.

    Args:
        resource: what it calls.
        parameters: its parameters.
        reads: the paths into its result that later states read.

    Raises:
        NotNative: more than a status says whether the job has succeeded, or the calls cannot be spelled.
    """
    from botocore import xform_name

    from sfn_provider.integrations.sync_job import unchanged_response

    integration, operation = find_call(resource)
    sync, style = integration.syncs.get(resource.pattern), integration.style
    if sync is None or sync.check_submission or sync.check_success or sync.succeeds_when_gone:
        raise NotNative(f"more than a status says how a job of {integration.name} has ended")
    if integration.result is not unchanged_response:
        raise NotNative(f"Step Functions changes the result of {integration.name}")
    if sync.include_submission and reads:
        raise NotNative(f"the result of {integration.name} is put together from two responses")
    parameters = prepared_parameters(integration, with_flags(operation.input_shape, parameters, style))
    describing = operation.service_model.operation_model(sync.describe.operation)
    shape = describing.output_shape

    def value_of(source: str, path: tuple[Key, ...]) -> Value:
        if source == "$parameters":
            return read(parameters, path)
        return read(JOB_START, spell_result(operation.output_shape, path, style))

    described = {keys: _in_description(sync.result, keys) for keys in reads}
    paths = {keys: spell_result(shape, path, style) + rest for keys, (path, rest) in described.items()}
    parts = {keys: part_of(shape, path, style) for keys, (path, _) in described.items()}
    return JobForm(
        integration.client,
        xform_name(integration.operation),
        spell_parameters(operation.input_shape, parameters, style),
        common_path(list(paths.values())),
        paths,
        any(has_times(part, style) for part in parts.values()),
        {keys: tuple(dict.fromkeys(other_names(part, style))) for keys, part in parts.items()},
        describe=xform_name(sync.describe.operation),
        described=spell_parameters(describing.input_shape, _filled(sync.describe.template, value_of), style),
        status=spell_result(shape, _steps(sync.status), style),
        succeeded=tuple(sorted(sync.succeeded)),
        failed=tuple(sorted(sync.failed)),
        seconds=int(sync.interval.maximum),
        texts=tuple(dict.fromkeys(str(paths[keys][0]) for keys, (_, rest) in described.items() if rest)),
    )


def _steps(path: str) -> tuple[Key, ...]:
    return tuple(int(step) if step.isdigit() else step for step in path.split(".") if step)


def _in_description(result: Callable[..., Any], keys: tuple[Key, ...]) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
    """Return where a path of the Task's result is in the description of the job, and the rest of it in a JSON text.

    Raises:
        NotNative: nothing there is the same.
    """
    from sfn_provider.integrations.json_templates import NamedPart, ResponsePart
    from sfn_provider.integrations.optimized.transforms import execution_with_values
    from sfn_provider.integrations.sync_job import unchanged_response

    if result is unchanged_response:
        return keys, ()
    if isinstance(result, ResponsePart):
        return (*_steps(result.path), *keys), ()
    if isinstance(result, NamedPart) and keys[:1] == (result.name,):
        return (*_steps(result.path), *keys[1:]), ()
    if result is execution_with_values and keys:
        is_text = keys[0] in ("Input", "Output")
        return (keys[:1], keys[1:]) if is_text else (keys, ())
    raise NotNative("the result as a whole is no part of what describes the job")


def _filled(template: Any, value_of: Callable[[str, tuple[Key, ...]], Value]) -> Value:
    """Return the parameters of the call that describes a job, without those that the Task lacks."""
    if isinstance(template, dict):
        members = ((name, _filled(entry, value_of)) for name, entry in template.items())
        return Object(tuple((name, value) for name, value in members if not isinstance(value, Absent)))
    if isinstance(template, list):
        return Array(tuple(_filled(entry, value_of) for entry in template))
    if isinstance(template, str) and template.startswith("$"):
        source, _, path = template.partition(".")
        return value_of(source, _steps(path))
    return constant(template)
