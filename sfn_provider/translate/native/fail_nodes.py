"""Makes the task of a Fail, and the statements of one within a function."""

from __future__ import annotations

from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Call, Constant, Value, constant
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.model import NativeNode
from sfn_provider.translate.native.nodes import NodeMaker, fail_exception
from sfn_provider.translate.native.states.python_lines import raise_lines, statement_lines
from sfn_provider.translate.native.way_lines import lines_by_way, local_values


def make_fail(maker: NodeMaker, flow: StateFlow, takes_arguments: bool) -> NativeNode:
    """Make the task of a Fail.

    Args:
        maker: makes what all tasks need.
        flow: the Fail.
        takes_arguments: whether the function may have results of other tasks as arguments.
    """
    body, writer, names = maker.written(takes_arguments, lambda writer: fail_lines(maker, flow, writer))
    return maker.function(flow.name, flow.name, body, writer, names, imports=[fail_exception(maker.versions)])


def fail_lines(maker: NodeMaker, flow: StateFlow, writer: PythonWriter) -> list[str]:
    """Return the statements of a Fail.

    Raises:
        NotNative: its error or its cause has no Python that means the same.
    """
    texts = [value for value in (maker.field_value(flow, name) for name in ("error", "cause")) if value is not None]
    constants = [text.value for text in texts if isinstance(text, Constant) and isinstance(text.value, str)]
    message: Value = Call("States.Format", (constant("{}: {}" if len(texts) == 2 else "{}"), *texts))
    if len(constants) == len(texts):
        message = constant(": ".join(constants) or flow.state.type)
    return lines_by_way(message, writer, lambda text, width: _raising(text, writer, width), maker.width)


def _raising(message: Value, writer: PythonWriter, width: int) -> list[str]:
    """Return the lines that raise a message; a long cause has a variable."""
    text = writer.expression(message)
    if not isinstance(message, Call) or len(f"    {text}") <= width:
        return [*raise_lines(text, width)]
    *others, cause = message.arguments
    lines = statement_lines("cause = ", writer.expression(cause), width)
    with local_values(writer, ["cause"]) as [name]:
        return [*lines, *raise_lines(writer.expression(Call(message.name, (*others, name))), width)]
