"""Makes the task of a polling loop: a sensor that calls, and decides whether to call again."""

from __future__ import annotations

from sfn_provider.translate.emit.literals import Code, inline
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Key, Object, Source, Value, read
from sfn_provider.translate.native.expressions.conditions import exclude_each_other, joined_conditions, negated
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import call_lines, if_lines, indented, statement_lines
from sfn_provider.translate.native.model import Import, NativeNode, NotPolling
from sfn_provider.translate.native.polling import Poll
from sfn_provider.translate.native.states.conditions import PythonConditions
from sfn_provider.translate.native.states.forms import FunctionForm, JobForm, LambdaForm
from sfn_provider.translate.native.tasks.job_lines import answer_lines, imports_of_job, start_lines, waiting_lines
from sfn_provider.translate.native.tasks.node_imports import LAMBDA_HOOK, imports_of, moment_imports
from sfn_provider.translate.native.tasks.nodes import NodeMaker

_OWN = "\0"
"""Stands for the id of the task whose answer the function has in a variable."""

EVENT = Source("result", "\0event")
"""The input of the function in a loop."""

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
    outer, names = maker.writer(takes_arguments)

    def find(source: Source, keys: tuple[Key, ...]) -> ValuePlace:
        if source == EVENT:
            return ValuePlace("\0event", path=keys)
        return form.place(_OWN, keys) if source == Source("result", flow.name) else maker.find(source, keys)

    def as_argument(task_id: str) -> str | None:
        return {_OWN: "answer", "\0event": "event"}.get(task_id) or outer.as_argument(task_id)

    writer = PythonWriter(find, maker.find_mark, as_argument)
    if poll.again is not None:
        return _make_loop(maker, flow, deciding, poll, form, writer, names)
    body = asking_lines(maker, form, writer)
    body += _deciding(poll, deciding, writer, is_read, maker.width)
    poke = "airflow.sensors.base" if maker.versions.is_2 else "airflow.sdk"
    imports: list[Import] = [*hook_of(form), *moment_imports(body), *([(poke, "PokeReturnValue")] if is_read else [])]
    return maker.function(
        flow.name,
        flow.name,
        body,
        writer,
        names,
        how="sensor",
        decorator="task.sensor",
        arguments={"poke_interval": poll.seconds, "timeout": YEAR, "mode": "reschedule", **maker.limits(flow)},
        imports=imports,
        why=f"with {poll.choice} and {poll.wait} it is a loop that asks again",
    )


def _make_loop(
    maker: NodeMaker,
    flow: StateFlow,
    deciding: StateFlow,
    poll: Poll,
    form: FunctionForm | LambdaForm,
    writer: PythonWriter,
    names: dict[str, str],
) -> NativeNode:
    """Make the function of a loop that calls a Lambda function with its own last answer."""
    if not isinstance(form, LambdaForm) or poll.again is None:
        raise NotPolling("in the loop it is called with its own last result")
    again = _changed_event(form.payload, read(poll.again, form.prefix))
    writer.imports |= {("json", ""), ("time", "")}
    asking = asking_lines(maker, LambdaForm(form.function, EVENT, form.prefix), writer)
    body = [*statement_lines("event = ", writer.expression(form.payload), maker.width), "while True:"]
    body += indented(asking)
    test = leaving_test(poll, deciding, writer)
    body += indented(if_lines(test, [test], maker.width))
    body.append("        return answer")
    next_event = statement_lines("event = ", writer.expression(again), maker.width - 4)
    body += indented([f"time.sleep({poll.seconds})", *next_event])
    return maker.function(
        flow.name,
        flow.name,
        body,
        writer,
        names,
        arguments=maker.limits(flow),
        imports=[LAMBDA_HOOK],
        why=f"with {poll.choice} and {poll.wait} it is a loop that goes on with its own last result",
    )


def _changed_event(first: Value, again: Value) -> Value:
    """Return the input of later rounds, made of the one before where the members that differ replace those."""
    if not (isinstance(first, Object) and isinstance(again, Object) and first.base == again.base):
        return again
    known = dict(first.members)
    changed = tuple((name, entry) for name, entry in again.members if known.get(name) != entry)
    is_same = known.keys() <= dict(again.members).keys() and len(changed) < len(again.members)
    return Object(changed, EVENT) if is_same else again


def hook_of(form: FunctionForm | LambdaForm) -> tuple[Import, ...]:
    """Return the imports of what calls what a form calls."""
    return imports_of(form) if isinstance(form, FunctionForm) else (LAMBDA_HOOK,)


def asking_lines(maker: NodeMaker, form: FunctionForm | LambdaForm, writer: PythonWriter) -> list[str]:
    """Return the lines of a function that call a service or a Lambda function, and have what it says as ``answer``."""
    if isinstance(form, JobForm):
        writer.imports.update(imports_of_job(form))
        lines = [maker.client_of(form, writer), *start_lines(maker, form, writer)]
        return [*lines, *waiting_lines(maker, form, writer), *answer_lines(form, "answer", maker.width)]
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
    payload = writer.is_json(form.payload)  # what a task has as text is handed on as it is
    if payload is None:
        payload = f"json.dumps({writer.expression(form.payload)})"
    arguments = {"function_name": maker.python(form.function, writer), "payload": Code(payload)}
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
    conditions = _conditions(poll, deciding, writer)
    test = _single_test(poll, conditions)
    if test is not None:
        return list(_return(test, is_read, width))
    lines = []
    for text, leaves in conditions:
        lines += [*if_lines(text, [text], width), *indented(_return(str(leaves), is_read, width))]
    return [*lines, *_return(str(poll.default_leaves), is_read, width)]


def leaving_test(poll: Poll, deciding: StateFlow, writer: PythonWriter) -> str:
    """Return the condition for leaving a loop.

    Raises:
        NotPolling: there is no single one.
    """
    test = _single_test(poll, _conditions(poll, deciding, writer))
    if test is None:
        raise NotPolling("the rules of its loop lead out and back by turns", poll.task)
    return test


def _conditions(poll: Poll, deciding: StateFlow, writer: PythonWriter) -> list[tuple[str, bool]]:
    """Return the conditions of the loop's rules, each with whether its rule leaves the loop.

    Those that do what the Default does are left out where no later one that does not could hold, too.
    """
    rules = list(poll.rules)
    while rules and rules[-1][1] is poll.default_leaves:
        rules.pop()
    conditions = PythonConditions(deciding, writer)
    found = [(conditions.condition(rule), leaves) for rule, leaves in rules]
    return [
        (text, leaves)
        for number, (text, leaves) in enumerate(found)
        if leaves is not poll.default_leaves
        or not all(its is leaves or exclude_each_other(text, other) for other, its in found[number + 1 :])
    ]


def _single_test(poll: Poll, conditions: list[tuple[str, bool]]) -> str | None:
    """Return the one condition for leaving the loop; None where rules lead out and back by turns."""
    if {leaves for _, leaves in conditions} != {not poll.default_leaves}:
        return None
    test = " or ".join(joined_conditions([text for text, _ in conditions], "or"))
    return negated(test) if poll.default_leaves else test


def _return(test: str, is_read: bool, width: int) -> tuple[str, ...]:
    if not is_read:
        return statement_lines("return ", test, width)
    text = f"return PokeReturnValue(is_done={test}, xcom_value=answer)"
    if len(text) <= width:
        return (text,)
    return ("return PokeReturnValue(", f"    is_done={test},", "    xcom_value=answer,", ")")
