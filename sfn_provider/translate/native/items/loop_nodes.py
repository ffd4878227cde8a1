"""Makes the tasks of a loop: the function that goes round, and the branch behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sfn_provider.translate.emit.literals import Code, literal, string
from sfn_provider.translate.native.data_flow.evaluation import Evaluator, StateFlow
from sfn_provider.translate.native.items.calls import ItemCalls
from sfn_provider.translate.native.items.loops import LoopBody, written_body
from sfn_provider.translate.native.model import NativeNode
from sfn_provider.translate.native.parts.loop_parts import LoopPart
from sfn_provider.translate.native.polling import Poll
from sfn_provider.translate.native.routing.routes import RouteNode
from sfn_provider.translate.native.tasks.nodes import NodeMaker


def make_loop(
    maker: NodeMaker,
    flow: StateFlow,
    evaluator: Evaluator,
    polls: Mapping[str, Poll],
    takes_arguments: bool,
    is_read: bool,
    variables: tuple[str, ...] = (),
) -> tuple[NativeNode, ItemCalls]:
    """Make the function of a loop.

    Args:
        maker: makes what all tasks need.
        flow: the loop.
        evaluator: evaluates states.
        polls: the loops that ask again, by the name of their Task.
        takes_arguments: whether the function may have results of other tasks as arguments.
        is_read: whether later tasks read the document behind the loop.
        variables: the variables that they read.

    Returns:
        The task, and the calls that it makes.

    Raises:
        NotNative: a state of the loop cannot be said so.
    """
    part = flow.state
    if not isinstance(part, LoopPart):
        raise TypeError(f"{flow.name} is no loop")
    outer, names = maker.writer(takes_arguments)
    body, lines = written_body(
        lambda splits: LoopBody(maker, flow, evaluator, polls, ItemCalls(maker), outer.as_argument, splits=splits),
        lambda body: body.loop_lines(part, flow.scopes[0].entry, is_read, variables),
    )
    words = {word for line in lines for word in re.findall(r"\w+", line)}
    names = {task_id: name for task_id, name in names.items() if name in words}  # it was written several times
    why = f"a loop of {', '.join(part.states)}"
    return maker.function(flow.name, flow.name, lines, body.writer, names, why=why), body.calls


def make_exits(maker: NodeMaker, flow: StateFlow, node: RouteNode, targets: Mapping[str, str]) -> NativeNode:
    """Make the branch behind a loop that leads to several states.

    Args:
        maker: makes what all tasks need.
        flow: the loop.
        node: the task.
        targets: the key of the task, or `END`, by the name of the state that comes next.
    """
    lines = _exit_lines({name: maker.chosen(targets, name) for name in targets}, maker.width)
    names = {maker.task_ids[flow.name]: "result"}
    return maker.function(flow.name, node.key, lines, None, names, how="branch", decorator="task.branch")


def _exit_lines(tasks: Mapping[str, str], width: int) -> list[str]:
    """Return the statements that return the task of the state that comes next.

    Args:
        tasks: the expressions of the tasks, by the names of the states.
        width: columns of a line.
    """
    result = 'result["next"]'
    if all(task == string(name) for name, task in tasks.items()):
        return [f"return {result}"]
    (first, task), *others = sorted(tasks.items(), key=lambda entry: entry[1] == "None")
    line = f"return {task} if {result} == {string(first)} else {others[0][1] if others else None}"
    if len(others) == 1 and len(line) <= width:
        return [line]
    text = literal({name: Code(task) for name, task in tasks.items()}, "", len("return "), width - len(f"[{result}]"))
    return f"return {text}[{result}]".split("\n")
