"""Makes the function of a Task that calls an API of API Gateway."""

from __future__ import annotations

from typing import Any

from sfn_provider.translate.emit.literals import Code
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Constant, Value
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import call_lines
from sfn_provider.translate.native.model import API_RESULT, SIGN, Import, NativeNode
from sfn_provider.translate.native.states.api_gateway import ApiForm
from sfn_provider.translate.native.tasks.node_imports import HOOK
from sfn_provider.translate.native.tasks.nodes import NodeMaker
from sfn_provider.translate.plan import naming

_TIMEOUT = 60
"""Seconds: longer than API Gateway waits, which is 29."""

_SIGNING: tuple[Import, ...] = (
    HOOK,
    ("botocore.auth", "SigV4Auth"),
    ("botocore.awsrequest", "AWSRequest"),
    ("urllib.parse", "urlsplit"),
)


def make_api_call(maker: NodeMaker, flow: StateFlow, form: ApiForm, takes_arguments: bool) -> NativeNode:
    """Make the task of a Task that calls an API.

    Args:
        maker: makes what all tasks need.
        flow: the Task.
        form: its request.
        takes_arguments: whether the function may have results of other tasks as arguments.
    """

    def write(writer: PythonWriter) -> list[str]:
        arguments: dict[str, Any] = {"url": Code(_url(maker, form, writer))}
        if form.body is not None:
            arguments["json"] = maker.python(form.body, writer)
        arguments |= {"headers": form.headers} if form.headers else {}
        arguments |= {"auth": Code(SIGN)} if form.is_signed else {}
        lines = call_lines(f"requests.{form.method}", arguments | {"timeout": _TIMEOUT}, maker.width)
        return [f"response = {lines[0]}", *lines[1:], "response.raise_for_status()", *_returned(maker, flow, form)]

    body, writer, names = maker.written(takes_arguments, write)
    imports = [("requests", ""), *(_SIGNING if form.is_signed else ())]
    return maker.function(flow.name, flow.name, body, writer, names, arguments=maker.limits(flow), imports=imports)


def _url(maker: NodeMaker, form: ApiForm, writer: PythonWriter) -> str:
    """Return the expression of the URL; that of the stage is a constant at the top of the file."""
    stage = _stage(maker, form.stage) or writer.expression(form.stage)
    return stage if form.path is None else f"{stage} + {writer.expression(form.path)}"


def _stage(maker: NodeMaker, stage: Value) -> str | None:
    if not isinstance(stage, Constant):
        return None
    if stage.value not in maker.constants:
        maker.constants[stage.value] = naming.free_name("API", {*maker.constants.values()})
    return maker.constants[stage.value]


def _returned(maker: NodeMaker, flow: StateFlow, form: ApiForm) -> list[str]:
    if form.prefix is None:
        return ["return response.status_code"] if flow.name in maker.marks else []
    return ["return response.json()" if form.prefix else f"return {API_RESULT}(response)"]
