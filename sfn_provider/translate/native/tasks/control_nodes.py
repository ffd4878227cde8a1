"""Makes the tasks between states: empty ones, guards and branches of handlers, merges of values."""

from __future__ import annotations

from collections.abc import Mapping

from sfn_provider.asl.model import Task
from sfn_provider.translate.emit.literals import inline, string
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Object
from sfn_provider.translate.native.expressions.places import ERROR_KEY
from sfn_provider.translate.native.expressions.python_layout import raise_lines, statement_lines
from sfn_provider.translate.native.merges import Merge
from sfn_provider.translate.native.model import WIDTH, NativeNode
from sfn_provider.translate.native.routing.routes import RouteNode
from sfn_provider.translate.native.states.caught_errors import choosing_lines, error_tests
from sfn_provider.translate.native.tasks.node_imports import fail_exception
from sfn_provider.translate.native.tasks.nodes import NodeMaker


def make_empty(maker: NodeMaker, node: RouteNode) -> NativeNode:
    """Make a task that does nothing."""
    module = "airflow.operators.empty" if maker.versions.is_2 else "airflow.providers.standard.operators.empty"
    return NativeNode(
        node.state,
        maker.task_ids[node.key],
        "",
        "operator",
        operator="EmptyOperator",
        imports=frozenset({(module, "EmptyOperator")}),
    )


def make_guard(maker: NodeMaker, node: RouteNode) -> NativeNode:
    """Make the task that lets a handler run only after the failure of the tasks that it is for.

    It fails otherwise, so that a run in which an earlier task failed does not end green.
    """
    watched, width = inline([maker.task_ids[key] for key in node.watched]), WIDTH - 4 * (2 + len(node.groups))
    if maker.versions.is_2:
        found = "found.state for found in dag_run.get_task_instances()"
        context, test = "dag_run", '"failed" not in states'
        body = statement_lines("states = ", f"[{found} if found.task_id in {watched}]", width)
    else:
        call = f"ti.get_task_states(dag_id=ti.dag_id, task_ids={watched}, run_ids=[ti.run_id])"
        context, test = "ti", '"failed" not in states[ti.run_id].values()'
        body = statement_lines("states = ", call, width)
    failure = '    raise AirflowFailException("An earlier task has failed")'
    return NativeNode(
        node.state,
        maker.task_ids[node.key],
        "",
        "taskflow",
        decorator="task",
        parameters={context: None},
        body=(*body, f"if {test}:", failure),
        comment="The failure of an earlier task is not for this handler.",
        imports=frozenset({fail_exception(maker.versions)}),
    )


def make_catch(maker: NodeMaker, node: RouteNode, flow: StateFlow, targets: Mapping[str, str]) -> NativeNode:
    """Make the branch that chooses the handler of a Task by the name of its error.

    It fails where no catcher takes the error, also where an earlier task has failed and there is none.

    Args:
        maker: makes what all tasks need.
        node: the task.
        flow: the Task.
        targets: the key of the task, or `END`, by the name of the handler's state.

    Raises:
        NotNative: an error that a catcher names cannot be told from others.
    """
    state: Task = flow.state  # type: ignore[assignment]
    tests = error_tests(state)
    width, task_id = WIDTH - 4 * (2 + len(node.groups)), maker.task_ids[flow.name]
    pulled = f'(ti.xcom_pull(task_ids={string(task_id)}, key="{ERROR_KEY}") or {{}}).get("Error")'
    handlers = [(test, maker.chosen(targets, catcher.next)) for test, catcher in zip(tests, state.catch, strict=True)]
    failure = inline(f"No handler is for the error of {task_id}: ")
    body = [*statement_lines("error = ", pulled, width), *choosing_lines(handlers, "error", width)]
    made = maker.function(
        node.state,
        node.key,
        [*body, *raise_lines(f"f{failure[:-1]}{{error}}{failure[-1]}", width)],
        how="branch",
        decorator="task.branch",
        imports=[fail_exception(maker.versions)],
    )
    made.parameters = {"ti": None}
    return made


def make_merge(maker: NodeMaker, node: RouteNode, merge: Merge, takes_arguments: bool) -> NativeNode:
    """Make the task that returns what an operator is given, by the way that was taken.

    Args:
        maker: makes what all tasks need.
        node: the task.
        merge: what the operator is given.
        takes_arguments: whether the function may have results of other tasks as arguments.

    Raises:
        NotNative: nothing says which way was taken.
    """
    [value] = merge.values.values() if len(merge.values) == 1 else [Object(tuple(merge.values.items()))]

    body, writer, names = maker.written(takes_arguments, lambda writer: maker.lines_returning(value, writer))
    return maker.function(node.state, node.key, body, writer, names)
