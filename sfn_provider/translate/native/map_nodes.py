"""Makes the tasks of an inline Map: its items, the mapped function, the list of its results."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl.model import Map, Task
from sfn_provider.translate.emit.literals import Code
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Key, Source
from sfn_provider.translate.native.expressions.places import Place
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.model import Import, NativeNode
from sfn_provider.translate.native.nodes import HOOK, NodeMaker, with_parameters
from sfn_provider.translate.native.poll_nodes import LAMBDA_HOOK, asking_lines
from sfn_provider.translate.native.routes import RouteNode
from sfn_provider.translate.native.states.python_lines import statement_lines
from sfn_provider.translate.native.states.task_forms import FunctionForm, LambdaForm
from sfn_provider.translate.native.states.timing import retry_arguments, timeout_arguments

_ANSWER, _ITEM = "\0answer", "\0item"
"""Stand for the ids of tasks whose results the function has in variables."""


def make_items(maker: NodeMaker, flow: StateFlow, node: RouteNode, takes_arguments: bool) -> NativeNode:
    """Make the task that lists the items.

    Args:
        maker: makes what all tasks need.
        flow: the Map.
        node: the task.
        takes_arguments: whether the function may have results of other tasks as arguments.
    """
    writer, names = maker.writer(takes_arguments)
    body = statement_lines("return ", writer.expression(flow.effective), maker.width)
    made = NativeNode(
        flow.name,
        maker.task_ids[node.key],
        "",
        "taskflow",
        decorator="task",
        body=body,
        imports=frozenset(writer.imports),
    )
    return with_parameters(made, writer, names, maker.producers)


def make_mapped(
    maker: NodeMaker, flow: StateFlow, inner: StateFlow, form: FunctionForm | LambdaForm, items: str, is_read: bool
) -> NativeNode:
    """Make the mapped task.

    Args:
        maker: makes what all tasks need.
        flow: the Map.
        inner: the Task in it.
        form: the form of the Task.
        items: the text of the list of items.
        is_read: whether later tasks read the results.
    """
    state: Task = inner.state  # type: ignore[assignment]
    around: Map = flow.state  # type: ignore[assignment]

    def find(source: Source, keys: tuple[Key, ...]) -> Place:
        if source == Source("result", inner.name):
            return form.place(_ANSWER, keys)
        if source == Source("item", flow.name):
            return Place(_ITEM, path=keys)
        if source == Source("item_index", flow.name):
            return Place("", expression=("ti.map_index", "ti"))
        return maker.find(source, keys)

    writer = PythonWriter(find, maker.find_mark, {_ANSWER: "answer", _ITEM: "item"}.get)
    body = asking_lines(maker, form, writer)
    returned = [*statement_lines("return ", writer.expression(flow.scopes[0].output), maker.width)] if is_read else []
    if not is_read and isinstance(form, FunctionForm):
        body[1] = body[1].removeprefix("answer = ")
    arguments: dict[str, Any] = retry_arguments(state.retry, maker.versions) | timeout_arguments(state)
    if around.max_concurrency:
        arguments = {"max_active_tis_per_dagrun": around.max_concurrency} | arguments
    imports: set[Import] = {HOOK if isinstance(form, FunctionForm) else LAMBDA_HOOK}
    if any(isinstance(value, Code) for value in arguments.values()):
        imports.add(("datetime", "timedelta"))
    made = NativeNode(
        flow.name,
        maker.task_ids[flow.name],
        "",
        "taskflow",
        arguments=arguments,
        decorator="task",
        body=(*body, *returned),
        imports=frozenset({*imports, *writer.imports}),
        why=f"{inner.name} for each item",
        expanded=items,
    )
    return with_parameters(made, writer, {}, maker.producers)


def make_results(maker: NodeMaker, flow: StateFlow, node: RouteNode, results: str) -> NativeNode:
    """Make the task that has the results as one list, also where there are no items.

    Args:
        maker: makes what all tasks need.
        flow: the Map.
        node: the task.
        results: the text of the mapped task's results.
    """
    return NativeNode(
        flow.name,
        maker.task_ids[node.key],
        "",
        "taskflow",
        decorator="task",
        parameters={"results": results},
        body=("return list(results or [])",),
    )
