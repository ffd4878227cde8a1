"""Writes the lines that start a job by boto3, and ask for its status until it has ended."""

from __future__ import annotations

from dataclasses import replace

from sfn_provider.translate.emit.literals import inline
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Value, walk
from sfn_provider.translate.native.expressions.python import PythonWriter, subscripts
from sfn_provider.translate.native.expressions.python_layout import if_lines, indented, statement_lines
from sfn_provider.translate.native.model import Import, NativeNode
from sfn_provider.translate.native.states.forms import JOB_START, JobForm
from sfn_provider.translate.native.tasks.node_imports import imports_of
from sfn_provider.translate.native.tasks.nodes import NodeMaker
from sfn_provider.translate.native.tasks.task_names import JOB_VARIABLES
from sfn_provider.translate.native.tasks.way_lines import lines_by_way, local_values
from sfn_provider.translate.plan import naming


def make_job(maker: NodeMaker, flow: StateFlow, form: JobForm, takes_arguments: bool) -> NativeNode:
    """Make the task of a Task that waits for a job which no operator starts.

    Args:
        maker: makes what all tasks need.
        flow: the Task.
        form: its calls.
        takes_arguments: whether the function may have results of other tasks as arguments.
    """

    def write(writer: PythonWriter) -> list[str]:
        def start(parameters: Value, width: int) -> list[str]:
            with maker.in_width(width):
                return start_lines(maker, replace(form, parameters=parameters), writer)

        client = maker.client_of(form, writer)
        started = lines_by_way(
            form.parameters, writer, start, maker.width, [naming.variable(form.client), *JOB_VARIABLES]
        )
        return [client, *started, *waiting_lines(maker, form, writer), *returned_lines(maker, flow, form)]

    body, writer, names = maker.written(takes_arguments, write, JOB_VARIABLES)
    imports = [*imports_of(form), *imports_of_job(form)]
    why = "no operator waits for this job as the state does"
    return maker.function(
        flow.name, flow.name, body, writer, names, arguments=maker.limits(flow), imports=imports, why=why
    )


def imports_of_job(form: JobForm) -> list[Import]:
    """Return what the lines need, beside a client."""
    return [("time", ""), *([("json", "")] if form.has_times or form.texts else [])]


def start_lines(maker: NodeMaker, form: JobForm, writer: PythonWriter) -> list[str]:
    """Return the lines of the call that starts the job."""
    _, *lines = maker.call_of(form, writer)
    needs_response = any(part == JOB_START for part in walk(form.described))
    return [f"response = {lines[0]}", *lines[1:]] if needs_response else lines


def waiting_lines(maker: NodeMaker, form: JobForm, writer: PythonWriter) -> list[str]:
    """Return the lines that wait for the end of the job: its description is the variable ``job``, from `shared` on."""
    describing = replace(form, method=form.describe, parameters=form.described)
    part = subscripts(form.shared)
    with maker.in_width(maker.width - 4 - len(part)), local_values(writer, ["response"]):
        _, *lines = maker.call_of(describing, writer)
    lines = [f"job = {lines[0]}", *lines[1:]]
    lines[-1] += part
    status = f"job{subscripts(form.status[len(form.shared) :])}"
    failed = _is_one_of(status, form.failed)
    shown = status.replace('"', "'")
    return [
        "while True:",
        *indented(lines),
        *indented([f"if {_is_one_of(status, form.succeeded)}:", "    break"]),
        *indented(if_lines(failed, [failed], maker.width - 4) if form.failed else ()),
        *([f'        raise RuntimeError(f"The job has ended as {{{shown}}}")'] if form.failed else []),
        f"    time.sleep({form.seconds})",
        *(f"job[{inline(name)}] = json.loads(job[{inline(name)}])" for name in form.texts),
    ]


def _is_one_of(status: str, statuses: tuple[str, ...]) -> str:
    listed = ", ".join(map(inline, statuses))
    return f"{status} in ({listed})" if len(statuses) > 1 else f"{status} == {listed}"


def answer_lines(form: JobForm, variable: str, width: int) -> list[str]:
    """Return the lines that put into a variable what is read of the job; none where nobody reads it."""
    if form.returned is None:
        return []
    path = f"job{subscripts(form.returned[len(form.shared) :])}"
    lines = ['job.pop("ResponseMetadata")'] if form.returned == () else []
    text = f"json.loads(json.dumps({path}, default=str))" if form.has_times else path
    return [*lines, *statement_lines(f"{variable} = ", text, width)]


def returned_lines(maker: NodeMaker, flow: StateFlow, form: JobForm) -> list[str]:
    """Return the lines by which a function returns what is read of the job."""
    if form.returned is None:
        return ["return True"] if flow.name in maker.marks else []
    *before, last = answer_lines(form, "answer", maker.width)
    return [*before, last.replace("answer = ", "return ", 1)]
