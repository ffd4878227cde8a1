"""Finds what operators and calls of boto3 send and return otherwise than their Task states."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.model import Task
from sfn_provider.translate.native.data_flow.call_names import MEMBER_OF_EACH
from sfn_provider.translate.native.data_flow.values import Call, Constant, Object, Value, reads_of, walk
from sfn_provider.translate.native.native_plan import NativePlan
from sfn_provider.translate.native.operator_table import JsonText
from sfn_provider.translate.native.prepared_machine import values_of_state
from sfn_provider.translate.native.states.api_gateway import ApiForm
from sfn_provider.translate.native.states.forms import (
    FunctionForm,
    JobForm,
    OperatorForm,
    from_tree,
    leaves,
)

Difference = tuple[str, str, str]
"""Code, reason and advice."""


def call_differences(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    """Find the differences of the call that the task of a state makes, and of what it returns.

    Args:
        name: the state's name.
        state: the state.
        native: the DAG.
    """
    for rule in (_operator, _json_texts, _parts, _response, _job, _role, _each, _api):
        yield from rule(name, state, native)


def _operator(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    form = native.forms.get(name)
    if not isinstance(form, OperatorForm):
        return
    for text in form.row.lost:
        yield f"OPERATOR_{form.row.class_name.removesuffix('Operator').upper()}", text, "Check whether that matters."
    added = [parameter for parameter in form.row.added if parameter.split(".")[0] not in form.parameters]
    sentences = [f"The operator sends {', '.join(added)}, which the Task leaves to the service."] if added else []
    sentences += [f"{parameter}: {why}" for parameter, why in form.row.changed.items() if parameter in form.parameters]
    if sentences:
        yield "OPERATOR_PARAMETERS", " ".join(sentences), "Nothing, as long as the service takes both for the same."
    texts = [part for value in form.arguments.values() if not isinstance(value, JsonText) for part in _dynamic(value)]
    if texts:
        yield (
            "TEXT_OF_VALUES",
            "A value that is no text is written as Jinja does: True, None, a dict as in Python. A Task fails for some.",
            "Make sure that the values are texts.",
        )


def _json_texts(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    form = native.forms.get(name)
    if not isinstance(form, OperatorForm):
        return
    parsed = {argument.name for argument in form.row.arguments.values() if argument.kind == "json"}
    texts = [value for argument, value in form.arguments.items() if argument not in parsed]
    if form.has_whole_text or any(isinstance(leaf, JsonText) for leaf in leaves(texts)):
        yield (
            "JSON_TEXT",
            "A text that is JSON has spaces, and what is put in it its members by their names; Step Functions writes "
            "no spaces, and members as they come.",
            "Nothing, where whoever gets the text parses it.",
        )


def _dynamic(tree: object) -> Iterator[Value]:
    return (part for part in walk(from_tree(tree)) if not isinstance(part, Constant | Object) and [*reads_of(part)])


def _parts(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if name in native.partial:
        form = native.forms[name]
        listed = ", ".join(form.parts) if isinstance(form, OperatorForm) else "the function's answer"
        yield (
            "RESULT_PARTS",
            f"A later task is given the whole result of this one; there is {listed} of it alone.",
            "Name the members that are needed in the definition, or read the rest in the task that needs it.",
        )


def _response(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    form = native.forms.get(name)
    is_sdk = isinstance(state, Task) and ":aws-sdk:dynamodb:" in state.resource
    if is_sdk and isinstance(form, FunctionForm) and form.returned is not None:
        yield (
            "ATTRIBUTE_NAMES",
            "The types of attributes are BOOL, NULL, SS, NS and BS; in Step Functions Bool, Nul, Ss and so on.",
            "Check who reads attributes of these types.",
        )
    if isinstance(form, FunctionForm) and form.spelled_otherwise:
        spelled = ", ".join(f"{own} for {other}" for own, other in form.spelled_otherwise)
        yield "ATTRIBUTE_NAMES", f"The whole result has names as boto3 spells them: {spelled}.", "Check who reads them."
    if isinstance(form, FunctionForm) and form.has_times:
        yield (
            "RESULT_TIMES",
            "Times in the result are texts as Python writes them.",
            "Check who reads them.",
        )
    if isinstance(form, FunctionForm) and form.returned == ():
        yield (
            "RESULT_METADATA",
            "The result lacks the metadata of the HTTP response, which Step Functions adds to it.",
            "Check who uses SdkHttpMetadata.",
        )


def _job(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    form = native.forms.get(name)
    if isinstance(form, JobForm):
        yield (
            "JOB_IN_ONE_TASK",
            f"The task starts the job and asks for it every {form.seconds} seconds: it takes a worker's place until "
            "the end. The job goes on where the task is stopped, and is started again where its worker is lost.",
            "Ask in a sensor where jobs are long.",
        )


def _role(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    if isinstance(state, Task) and state.credentials is not None:
        yield (
            "ASSUMED_ROLE",
            "The task assumes the role as the Airflow connection, without an external id; Step Functions as the state "
            "machine's role, with the machine's ARN as the external id.",
            "Let the role trust the connection's; where it asks for an external id, send it in client_in_role.",
        )


def _each(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    flow = native.flows.get(name)
    values = [] if flow is None else [flow.effective, *values_of_state(flow)]
    if any(isinstance(part, Call) and part.name == MEMBER_OF_EACH for value in values for part in walk(value)):
        yield (
            "MEMBER_OF_EACH",
            "An item of the array without the member that a path with [*] reads fails the task; Step Functions leaves "
            "it out, and takes the values of an object, too.",
            "Nothing, where all items have it.",
        )


def _api(name: str, state: object, native: NativePlan) -> Iterator[Difference]:
    form = native.forms.get(name)
    if not isinstance(form, ApiForm):
        return
    who = "the Airflow connection's credentials" if form.is_signed else "no credentials"
    yield (
        "API_REQUEST",
        f"The library requests sends it, with {who}: it follows redirections, where the state fails, writes JSON with "
        "spaces, its errors have no names, and a header of several values is one text.",
        "Let the API's policy allow the connection's role.",
    )
