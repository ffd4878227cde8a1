"""Makes the sensor of a polling loop."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl.model import Task
from sfn_provider.translate.emit.literals import Code, inline
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Call, Key, Source
from sfn_provider.translate.native.expressions.places import Place
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.model import Import, NativeNode
from sfn_provider.translate.native.nodes import HOOK, NodeMaker, with_parameters
from sfn_provider.translate.native.polling import Poll
from sfn_provider.translate.native.states.conditions import rule_condition
from sfn_provider.translate.native.states.python_lines import call_lines, if_lines, statement_lines
from sfn_provider.translate.native.states.task_forms import FunctionForm, LambdaForm
from sfn_provider.translate.native.states.timing import retry_arguments, timeout_arguments

LAMBDA_HOOK = ("airflow.providers.amazon.aws.hooks.lambda_function", "LambdaHook")
_OWN = "\0"
"""Stands for the id of the task whose answer the function has in a variable."""

YEAR = 365 * 24 * 3600
"""The time limit of an execution, and so of a loop in it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""


def make_poll(
    maker: NodeMaker,
    flow: StateFlow,
    deciding: StateFlow,
    poll: Poll,
    form: FunctionForm | LambdaForm,
    takes_arguments: bool,
    is_read: bool,
) -> NativeNode:
    """Make the sensor of a loop.

    Args:
        maker: makes what all tasks need.
        flow: the Task.
        deciding: the Choice.
        poll: the loop.
        form: the form of the Task.
        takes_arguments: whether the function may have results of other tasks as arguments.
        is_read: whether later tasks read the answer.
    """
    state: Task = flow.state  # type: ignore[assignment]
    outer, names = maker.writer(takes_arguments)

    def find(source: Source, keys: tuple[Key, ...]) -> Place:
        return form.place(_OWN, keys) if source == Source("result", flow.name) else maker.find(source, keys)

    writer = PythonWriter(find, lambda task_id: "answer" if task_id == _OWN else outer.as_argument(task_id))
    body = _asking(maker, form, writer)
    body += _deciding(poll, deciding, writer, is_read, maker.width)
    poke = "airflow.sensors.base" if maker.versions.is_2 else "airflow.sdk"
    imports: set[Import] = {(poke, "PokeReturnValue")} if is_read else set()
    arguments: dict[str, Any] = {"poke_interval": poll.seconds, "timeout": YEAR, "mode": "reschedule"}
    arguments |= retry_arguments(state.retry, maker.versions) | timeout_arguments(state)
    if any(isinstance(value, Code) for value in arguments.values()):
        imports.add(("datetime", "timedelta"))
    if any("datetime." in line for line in body):
        imports.add(("datetime", "datetime"))
    imports.add(HOOK if isinstance(form, FunctionForm) else LAMBDA_HOOK)
    node = NativeNode(
        flow.name,
        maker.task_ids[flow.name],
        "",
        "sensor",
        arguments=arguments,
        decorator="task.sensor",
        body=tuple(body),
        imports=frozenset({*imports, *writer.imports}),
        why=f"with {poll.choice} and {poll.wait} it is a loop that asks again",
    )
    return with_parameters(node, writer, names, maker.producers)


def _asking(maker: NodeMaker, form: FunctionForm | LambdaForm, writer: PythonWriter) -> list[str]:
    if isinstance(form, FunctionForm):
        lines = maker.call_of(form, writer)
        path = "".join(f"[{inline(key)}]" for key in form.returned or ())
        found = [lines[0], f"answer = {lines[1]}", *lines[2:]]
        found[-1] += path
        found += ['answer.pop("ResponseMetadata")'] if form.returned == () else []
        if form.has_times:
            writer.imports.add(("json", ""))
            found.append("answer = json.loads(json.dumps(answer, default=str))")
        return found
    arguments = {
        "function_name": maker.python(form.function, writer),
        "payload": maker.python(Call("States.JsonToString", (form.payload,)), writer),
    }
    lines = call_lines("LambdaHook().invoke_lambda", arguments, maker.width)
    writer.imports.add(("json", ""))
    return [
        f"response = {lines[0]}",
        *lines[1:],
        'answer = json.loads(response["Payload"].read())',
        'if "FunctionError" in response:',
        "    raise RuntimeError(answer)",
    ]


def _deciding(poll: Poll, deciding: StateFlow, writer: PythonWriter, is_read: bool, width: int) -> list[str]:
    """Return the lines that say whether the loop is left."""
    conditions = [(rule_condition(rule, deciding, writer), leaves) for rule, leaves in poll.rules]
    kinds = {leaves for _, leaves in conditions}
    if kinds == {not poll.default_leaves}:
        test = " or ".join(f"({text})" if " and " in text else text for text, _ in conditions)
        if poll.default_leaves:
            single = len(conditions) == 1 and test.count(" == ") == 1 and " and " not in test and " or " not in test
            test = test.replace(" == ", " != ") if single else f"not ({test})"
        return list(_return(test, is_read, width))
    lines = []
    for text, leaves in conditions:
        lines += [*if_lines(text, [text], width), *(f"    {line}" for line in _return(str(leaves), is_read, width))]
    return [*lines, *_return(str(poll.default_leaves), is_read, width)]


def _return(test: str, is_read: bool, width: int) -> tuple[str, ...]:
    if not is_read:
        return statement_lines("return ", test, width)
    text = f"return PokeReturnValue(is_done={test}, xcom_value=answer)"
    if len(text) <= width:
        return (text,)
    return ("return PokeReturnValue(", f"    is_done={test},", "    xcom_value=answer,", ")")
