"""Chooses for each Task its form: an operator of the amazon provider, or a function that calls boto3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.placeholders import fill_partition
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import (
    Absent,
    Array,
    Call,
    Constant,
    Key,
    Object,
    Unresolved,
    Value,
    constant,
    walk,
)
from sfn_provider.translate.native.model import NotNative, NotPolling, Versions
from sfn_provider.translate.native.operator_table import (
    NotExpressible,
    OperatorRow,
    TextOf,
    assign_arguments,
    find_operator,
    find_unused,
)
from sfn_provider.translate.native.states.api_gateway import api_form, calls_api
from sfn_provider.translate.native.states.api_shapes import (
    find_call,
    has_times,
    is_text,
    other_names,
    part_of,
    prepared_parameters,
    spell_parameters,
    spell_result,
    to_tree,
    with_flags,
)
from sfn_provider.translate.native.states.credentials import role_of
from sfn_provider.translate.native.states.forms import (
    FunctionForm,
    JobForm,
    LambdaForm,
    OperatorForm,
    TaskForm,
    common_path,
    leaves,
)
from sfn_provider.translate.native.states.job_forms import job_form

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from sfn_provider.asl.model import Task
    from sfn_provider.integrations.integration import Integration

_FILES = (".sql", ".json", ".yaml", ".yml", ".sh", ".hql", ".toml")
"""Endings of texts that Airflow reads as the names of template files."""

_JSON_KINDS = ("json", "text", "text_map", "event_entries")
"""Kinds of arguments that take a value of any type, written as text."""


def choose_form(flow: StateFlow, reads: Sequence[tuple[Key, ...]], versions: Versions) -> TaskForm:
    """Choose the form of a Task.

    Args:
        flow: the Task.
        reads: the paths into its result that later states read.
        versions: Airflow's and the provider's.

    Raises:
        NotNative: there is no form that does what the Task does.
    """
    state: Task = flow.state  # type: ignore[assignment]
    _check_ways(flow.effective)
    resource = parse_resource(fill_partition(state.resource))
    if state.credentials is not None:
        return _form_in_role(flow, resource, reads)
    if calls_api(resource):
        _check_resolved(flow.effective)
        return api_form(flow.effective, reads)
    if is_function(resource):
        name, parameters = "lambda", _function_parameters(state.resource, flow.effective)
        resource = parse_resource("arn:aws:states:::lambda:invoke")
    else:
        name, parameters = resource.text, flow.effective
    _check_pattern(resource)
    try:
        form = _operator_form(name, resource, parameters, reads, versions)
        _check_end(form.row, state)
        return form
    except NotNative as refusal:
        if resource.service == "lambda":
            raise
        try:
            if resource.pattern != "request_response":
                return _job_form(resource, parameters, reads)
            return _function_form(resource, parameters, reads)
        except NotNative as second:
            raise NotNative(f"{refusal.why}; as a call of boto3: {second.why}") from second


def choose_call_form(
    flow: StateFlow, reads: Sequence[tuple[Key, ...]], *, is_poll: bool = False
) -> FunctionForm | LambdaForm:
    """Choose the form of a Task that is a part of a function.

    Args:
        flow: the Task.
        reads: the paths into its result that its Choice and later states read.
        is_poll: whether the function is a sensor, which asks again and again.

    Raises:
        NotNative: no short function does what the Task does.
    """
    state: Task = flow.state  # type: ignore[assignment]
    _check_ways(flow.effective)
    resource = parse_resource(fill_partition(state.resource))
    if state.credentials is not None:
        return _form_in_role(flow, resource, reads)
    _check_resolved(flow.effective)
    if is_function(resource):
        return LambdaForm(constant(state.resource), flow.effective, ())
    _check_pattern(resource)
    if resource.pattern != "request_response":
        if is_poll:
            raise NotPolling("a job that is waited for is asked for again in a loop")
        return _job_form(resource, flow.effective, reads)
    if resource.resource_type == "lambda" and resource.action == "invoke":
        parameters = dict(flow.effective.members) if isinstance(flow.effective, Object) else {}
        form = LambdaForm(
            parameters.get("FunctionName", constant(None)), parameters.get("Payload", Object(())), ("Payload",)
        )
        if not set(parameters) <= {"FunctionName", "Payload"} or "FunctionName" not in parameters:
            raise NotNative("the function is called with more than a payload")
        for keys in reads:
            form.place("", keys)
        return form
    return _function_form(resource, flow.effective, reads)


def _form_in_role(flow: StateFlow, resource: Resource, reads: Sequence[tuple[Key, ...]]) -> FunctionForm:
    """Return the form of a Task whose Credentials name a role: operators take that of their connection.

    Raises:
        NotNative: it is no single call of boto3.
    """
    role = role_of(flow)
    if role is None or is_function(resource) or resource.pattern != "request_response" or resource.action is None:
        raise NotNative("Credentials name a role: the operator needs an Airflow connection that has it")
    _check_resolved(role)
    return replace(_function_form(resource, flow.effective, reads), role=role)


def _job_form(resource: Resource, parameters: Value, reads: Sequence[tuple[Key, ...]]) -> JobForm:
    _check_resolved(parameters)
    return job_form(resource, parameters, reads)


def is_function(resource: Resource) -> bool:
    """Whether a Resource is a Lambda function: its ARN, or a placeholder that is not named as an activity's."""
    is_placeholder = resource.kind == "unknown" and "${" in resource.text and "activity" not in resource.text.lower()
    return resource.kind == "lambda" or is_placeholder


def _function_parameters(arn: str, payload: Value) -> Value:
    return Object((("FunctionName", constant(arn)), ("Payload", payload)))


def _check_pattern(resource: Resource) -> None:
    if resource.pattern == "waitForTaskToken":
        raise NotNative("a task token has to be answered to AWS: no operator of Airflow waits for one")
    if resource.kind == "activity":
        raise NotNative("an activity's workers ask Step Functions for work")
    if resource.kind in ("unknown", "http:invoke"):
        raise NotNative(f"no operator calls {resource.text}")


def _operator_form(
    name: str, resource: Resource, parameters: Value, reads: Sequence[tuple[Key, ...]], versions: Versions
) -> OperatorForm:
    row = find_operator(name, versions.airflow, versions.amazon)
    if row is None:
        raise NotNative(find_unused(name) or f"the amazon provider has no operator for {resource.resource}")
    if not isinstance(parameters, Object) or parameters.base is not None:
        raise NotNative("the parameters are known only in a run")
    _check_resolved(parameters)
    integration, operation = find_call(resource)
    flagged = with_flags(operation.input_shape, parameters, integration.style)
    computed = _find_computed(row, integration, operation, flagged)
    try:
        arguments = assign_arguments(row, to_tree(flagged))
    except NotExpressible as refusal:
        raise NotNative(str(refusal)) from refusal
    _check_arguments(row, arguments)
    form = OperatorForm(row, arguments, tuple(name for name, _ in parameters.members), computed)
    for keys in reads:
        form.place("", keys)
    return form


def _check_end(row: OperatorRow, state: Task) -> None:
    """Raise where an operator waits on after an end of its job that Retry or Catch are for."""
    is_handled = (state.retry or state.catch) and state.timeout_seconds is None
    if is_handled and row.outcomes.get("TIMED_OUT") == "waits":
        raise NotNative(
            f"{row.class_name} waits on where its job ends with TIMED_OUT, so that Retry and Catch do nothing"
        )


def _check_ways(parameters: Value) -> None:
    """Raise where a Task lacks a part of its parameters on some of the ways to it: it fails on these alone."""
    missing = next((part for part in walk(parameters) if isinstance(part, Absent)), None)
    if missing is not None:
        raise NotNative(f"on one of the ways to it {missing.why}")


def _check_resolved(parameters: Value) -> None:
    for part in walk(parameters):
        if isinstance(part, Unresolved | Absent):
            raise NotNative(part.why)


def _find_computed(
    row: OperatorRow, integration: Integration, operation: OperationModel, parameters: Value
) -> tuple[str, ...]:
    """Return the arguments with values that are no texts in a run, which Jinja would write as texts.

    Raises:
        NotNative: an argument is no template field, or has texts of values beside those.
    """
    found: dict[str, None] = {}
    for names, _ in _dynamic_leaves(parameters):
        argument = next((row.arguments[name] for name in _prefixes(names) if name in row.arguments), None)
        kind = argument.kind if argument is not None else row.passthrough_kind
        is_templated = argument.templated if argument is not None else row.passthrough_templated
        if not is_templated:
            raise NotNative(f"{row.class_name} takes {'.'.join(map(str, names))} only as a constant")
        is_map = kind == "text_map" and ".".join(map(str, names)) in row.arguments
        if is_map or (kind not in _JSON_KINDS and not is_text(operation.input_shape, names, integration.style)):
            found[argument.name if argument is not None else str(row.passthrough)] = None
            if kind != "value" and not is_map:
                raise NotNative(f"{row.class_name} would be given {'.'.join(map(str, names))} as text")
    return tuple(found)


def _prefixes(names: tuple[Key, ...]) -> Iterator[str]:
    for end in range(len(names), 0, -1):
        yield ".".join(map(str, names[:end]))


def _dynamic_leaves(value: Value, names: tuple[Key, ...] = ()) -> Iterator[tuple[tuple[Key, ...], Value]]:
    """Iterate over the parts of parameters that are known only in a run, with their paths."""
    if isinstance(value, Object) and value.base is None:
        for name, entry in value.members:
            yield from _dynamic_leaves(entry, (*names, name))
    elif isinstance(value, Array):
        for index, item in enumerate(value.items):
            yield from _dynamic_leaves(item, (*names, index))
    elif not isinstance(value, Constant):
        yield names, value


def _check_arguments(row: OperatorRow, arguments: dict[str, Any]) -> None:
    for value in arguments.values():
        if any(map(_looks_like_a_file, leaves(value))):
            raise NotNative(f"Airflow would read an argument of {row.class_name} from a file of that name")


def _looks_like_a_file(leaf: Any) -> bool:
    """Return whether an argument, or a text that a template of it is made of, ends like the name of a file."""
    value = leaf.value if isinstance(leaf, TextOf) else leaf
    if isinstance(value, Call):
        return any(map(_looks_like_a_file, value.arguments))
    text = value.value if isinstance(value, Constant) else value
    return isinstance(text, str) and text.endswith(_FILES)


def _function_form(resource: Resource, parameters: Value, reads: Sequence[tuple[Key, ...]]) -> FunctionForm:
    from botocore import xform_name

    from sfn_provider.integrations.sync_job import unchanged_response

    integration, operation = find_call(resource)
    _check_resolved(parameters)
    parameters = prepared_parameters(integration, with_flags(operation.input_shape, parameters, integration.style))
    is_changed = integration.result is not unchanged_response or integration.finish is not None
    if reads and is_changed:
        raise NotNative(f"Step Functions changes the result of {integration.name}")
    spelled = spell_parameters(operation.input_shape, parameters, integration.style)
    paths = {keys: spell_result(operation.output_shape, keys, integration.style) for keys in reads}
    parts = {keys: part_of(operation.output_shape, keys, integration.style) for keys in reads}
    return FunctionForm(
        integration.client,
        xform_name(integration.operation),
        spelled,
        common_path(list(paths.values())),
        paths,
        any(has_times(part, integration.style) for part in parts.values()),
        {keys: tuple(dict.fromkeys(other_names(part, integration.style))) for keys, part in parts.items()},
    )
