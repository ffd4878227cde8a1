"""Writes the statements of a Fail: an exception with its Error and Cause, after which no try follows."""

from __future__ import annotations

from sfn_provider.translate.native.data_flow.values import Call, Constant, Value, constant
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import raise_lines, statement_lines
from sfn_provider.translate.native.tasks.way_lines import lines_by_way, local_values


def fail_lines(texts: list[Value], writer: PythonWriter, width: int) -> list[str]:
    """Return the statements that fail a task for good.

    Args:
        texts: the error and the cause of the Fail, those of them that it has.
        writer: writes expressions.
        width: columns of a line.

    Raises:
        NotNative: one of them has no Python that means the same.
    """
    constants = [text.value for text in texts if isinstance(text, Constant) and isinstance(text.value, str)]
    message: Value = Call("States.Format", (constant("{}: {}" if len(texts) == 2 else "{}"), *texts))
    if len(constants) == len(texts):
        message = constant(": ".join(constants) or "Fail")
    return lines_by_way(message, writer, lambda text, width: _raising(text, writer, width), width)


def _raising(message: Value, writer: PythonWriter, width: int) -> list[str]:
    """Return the lines that raise a message; a long cause has a variable."""
    text = writer.expression(message)
    if not isinstance(message, Call) or len(f"    {text}") <= width:
        return [*raise_lines(text, width)]
    *others, cause = message.arguments
    lines = statement_lines("cause = ", writer.expression(cause), width)
    with local_values(writer, ["cause"]) as [name]:
        return [*lines, *raise_lines(writer.expression(Call(message.name, (*others, name))), width)]
