"""Writes tasks that call a Lambda function, and lines around a call whose errors are not tried again."""

from __future__ import annotations

from collections.abc import Iterable

from sfn_provider.asl.model import Task
from sfn_provider.translate.emit.literals import inline
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import call_lines, if_lines, indented
from sfn_provider.translate.native.model import FINAL_ERROR, INVOKE, NativeNode
from sfn_provider.translate.native.states.caught_errors import final_condition
from sfn_provider.translate.native.states.forms import LambdaForm
from sfn_provider.translate.native.tasks.node_imports import LAMBDA_HOOK, fail_exception
from sfn_provider.translate.native.tasks.nodes import NodeMaker


def make_invocation(
    maker: NodeMaker, flow: StateFlow, form: LambdaForm, takes_arguments: bool, is_read: bool
) -> NativeNode:
    """Make the task of a Task that calls a Lambda function, where no operator can say how it is tried again.

    Args:
        maker: makes what all tasks need.
        flow: the Task.
        form: its call.
        takes_arguments: whether the function may have results of other tasks as arguments.
        is_read: whether later tasks read the answer.
    """
    body, writer, names = maker.written(
        takes_arguments, lambda writer: invocation_lines(maker, form, writer, "return " if is_read else "")
    )
    imports = [LAMBDA_HOOK, ("json", "")]
    return maker.function(flow.name, flow.name, body, writer, names, arguments=maker.limits(flow), imports=imports)


def invocation_lines(maker: NodeMaker, form: LambdaForm, writer: PythonWriter, start: str) -> list[str]:
    """Return the lines that call a Lambda function.

    Args:
        maker: makes what all tasks need.
        form: the call.
        writer: writes its arguments.
        start: what stands in front of the call.
    """
    arguments = {"name": maker.python(form.function, writer), "payload": maker.python(form.payload, writer)}
    flat = f"{start}{INVOKE}({', '.join(inline(value) for value in arguments.values())})"
    if len(flat) <= maker.width:
        return [flat]
    lines = call_lines(INVOKE, arguments, maker.width - len(start))
    return [start + lines[0], *lines[1:]]


def end_final_errors(maker: NodeMaker, node: NativeNode, state: Task) -> NativeNode:
    """Return a task, of a function, that is not tried again after errors for which Retry says so.

    Args:
        maker: makes what all tasks need; its width is that within the `try`.
        node: the task.
        state: the Task.
    """
    condition = final_condition(state)
    if condition:
        node.body = tuple(_with_final_errors(node.body, condition, maker.width))
        node.imports |= {fail_exception(maker.versions)}
    return node


def _with_final_errors(body: Iterable[str], condition: str, width: int) -> list[str]:
    handler = [*if_lines(condition, [condition], width), f"    {FINAL_ERROR}", "raise"]
    return ["try:", *indented(body), "except Exception as error:", *indented(handler)]
