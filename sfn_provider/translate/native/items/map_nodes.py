"""Makes the tasks of an inline Map: its items, the mapped function, the results."""

from __future__ import annotations

from collections.abc import Mapping

from sfn_provider.asl.model import Map
from sfn_provider.translate.native.data_flow.evaluation import Evaluator, StateFlow
from sfn_provider.translate.native.data_flow.values import Key, Source
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.expressions.python_layout import statement_lines
from sfn_provider.translate.native.items.calls import ItemCalls
from sfn_provider.translate.native.items.loops import LoopBody, written_body
from sfn_provider.translate.native.model import NativeNode
from sfn_provider.translate.native.polling import Poll
from sfn_provider.translate.native.routing.routes import RouteNode
from sfn_provider.translate.native.states.forms import FunctionForm, JobForm, LambdaForm
from sfn_provider.translate.native.tasks.call_lines import end_final_errors
from sfn_provider.translate.native.tasks.nodes import NodeMaker
from sfn_provider.translate.native.tasks.poll_nodes import asking_lines, hook_of
from sfn_provider.translate.native.tasks.task_names import JOB_VARIABLES

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
    return maker.function(flow.name, node.key, body, writer, names)


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
    around: Map = flow.state  # type: ignore[assignment]

    def find(source: Source, keys: tuple[Key, ...]) -> ValuePlace:
        if source == Source("result", inner.name):
            return form.place(_ANSWER, keys)
        if source == Source("item", flow.name):
            return ValuePlace(_ITEM, path=keys)
        if source == Source("item_index", flow.name):
            return ValuePlace("", expression=("ti.map_index", "ti"))
        return maker.find(source, keys)

    def write(writer: PythonWriter) -> list[str]:
        lines = asking_lines(maker, form, writer)
        if is_read:
            return [*lines, *statement_lines("return ", writer.expression(flow.scopes[0].output), maker.width)]
        if isinstance(form, FunctionForm) and not isinstance(form, JobForm):
            lines[1] = lines[1].removeprefix("answer = ")
        return lines

    known = {_ANSWER: "answer", _ITEM: "item"}
    body, writer, _ = maker.written(
        False, write, [*known.values(), *JOB_VARIABLES], lambda: PythonWriter(find, maker.find_mark, known.get)
    )
    concurrency = {"max_active_tis_per_dagrun": around.max_concurrency} if around.max_concurrency else {}
    made = maker.function(
        flow.name,
        flow.name,
        body,
        writer,
        arguments=concurrency | maker.limits(inner),
        imports=hook_of(form),
        why=f"{inner.name} for each item",
    )
    made.expanded = items
    return end_final_errors(maker, made, inner.state)  # type: ignore[arg-type]


def make_item_function(
    maker: NodeMaker, flow: StateFlow, evaluator: Evaluator, polls: Mapping[str, Poll], items: str, is_read: bool
) -> tuple[NativeNode, ItemCalls]:
    """Make the mapped task that goes through the states of an item.

    Args:
        maker: makes what all tasks need.
        flow: the Map.
        evaluator: evaluates states.
        polls: the loops that ask again, by the name of their Task.
        items: the text of the list of items.
        is_read: whether later tasks read the results.

    Returns:
        The task, and the calls that it makes.

    Raises:
        NotNative: a state within the Map cannot be said so.
    """
    state: Map = flow.state  # type: ignore[assignment]
    body, lines = written_body(
        lambda splits: LoopBody(maker, flow, evaluator, polls, ItemCalls(maker), splits=splits),
        lambda body: body.item_lines(is_read),
    )
    concurrency = {"max_active_tis_per_dagrun": state.max_concurrency} if state.max_concurrency else {}
    made = maker.function(
        flow.name, flow.name, lines, body.writer, arguments=concurrency, why="each item in one task, state after state"
    )
    made.expanded = items
    return made, body.calls


def make_list(maker: NodeMaker, flow: StateFlow, evaluator: Evaluator, takes_arguments: bool) -> NativeNode:
    """Make the task of a Map whose items call nothing: it returns the list of results.

    Args:
        maker: makes what all tasks need.
        flow: the Map.
        evaluator: evaluates states.
        takes_arguments: whether the function may have results of other tasks as arguments.
    """
    outer, names = maker.writer(takes_arguments)
    body = LoopBody(maker, flow, evaluator, {}, ItemCalls(maker), outer.as_argument)
    lines = body.list_lines()
    return maker.function(flow.name, flow.name, lines, body.writer, names, why="a list, as no item calls anything")


def make_results(maker: NodeMaker, flow: StateFlow, node: RouteNode, results: str) -> NativeNode:
    """Make the task that has the results as one list, also where there are no items.

    Args:
        maker: makes what all tasks need.
        flow: the Map.
        node: the task.
        results: the text of the mapped task's results.
    """
    made = maker.function(flow.name, node.key, ["return list(results or [])"])
    made.parameters = {"results": results}
    return made
