"""Turns polling loops, of a Task, a Choice and a Wait, into sensors.

The machine is rewritten without the way back, so that all else sees a Task and a Choice behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sfn_provider.asl.model import Choice, ChoiceRule, StateMachine, Task, Wait
from sfn_provider.asl.state_walk import replace_inner_scopes
from sfn_provider.translate.native.data_flow.evaluation import Evaluator, Handover, ScopeFlow, StateFlow
from sfn_provider.translate.native.data_flow.values import Value
from sfn_provider.translate.plan.graph import loops, successors


@dataclass(frozen=True, slots=True)
class Poll:
    """A polling loop.

    Args:
        task: the name of the Task that asks.
        choice: the name of the Choice.
        wait: the name of the Wait.
        rules: the rules of the Choice with whether each leads out of the loop.
        default_leaves: whether Default leads out of it.
        seconds: the seconds of the Wait.
        original: the Wait, which the machine may not have any more.
        again: what the Task works on from the second round on, if that is its own last result.
    """

    task: str
    choice: str
    wait: str
    rules: tuple[tuple[ChoiceRule, bool], ...]
    default_leaves: bool
    seconds: int
    original: Wait
    again: Value | None = None


def cut_polling_loops(machine: StateMachine, functions: Collection[str] = ()) -> tuple[StateMachine, dict[str, Poll]]:
    """Return a machine without the ways back of its polling loops, and these loops by the name of their Task.

    Args:
        machine: the machine.
        functions: the Tasks of loops that are left as they are.
    """
    polls: dict[str, Poll] = {}
    return _cut_scope(machine, polls, functions), polls


def _cut_scope(scope: Any, polls: dict[str, Poll], functions: Collection[str]) -> Any:
    def cut(inner: Any) -> Any:
        return _cut_scope(inner, polls, functions)

    states: dict[str, Any] = {name: replace_inner_scopes(state, cut) for name, state in scope.states.items()}
    for loop in loops({name: successors(state) for name, state in states.items()}):
        poll = _find_poll(states, loop)
        if poll is None or poll.task in functions:
            continue
        polls[poll.task] = poll
        states[poll.choice] = _without_way_back(states[poll.choice], poll)
        entered = scope.start_at == poll.wait or any(
            poll.wait in successors(state) for name, state in states.items() if name not in loop
        )
        if not entered:
            del states[poll.wait]
    return scope.model_copy(update={"states": states})


def _find_poll(states: Mapping[str, Any], loop: tuple[str, ...]) -> Poll | None:
    by_type = {type(states[name]): name for name in loop}
    if len(loop) != 3 or set(by_type) != {Task, Choice, Wait}:
        return None
    task, choice, wait = (by_type[kind] for kind in (Task, Choice, Wait))
    asking, deciding, waiting = states[task], states[choice], states[wait]
    leads_round = asking.next == choice and waiting.next == task and task not in successors(deciding)
    catches_inside = any(catcher.next in loop for catcher in asking.catch)
    if not leads_round or catches_inside or not isinstance(waiting.seconds, int):
        return None
    if any(state.assign is not None for state in (asking, deciding, waiting, *deciding.choices)):
        return None
    rules = tuple((rule, rule.next != wait) for rule in deciding.choices)
    leaves = deciding.default not in (None, wait)
    if not leaves and not any(leaving for _, leaving in rules):
        return None
    return Poll(task, choice, wait, rules, leaves, waiting.seconds, waiting)


def _without_way_back(choice: Choice, poll: Poll) -> Choice:
    """Return the Choice behind the sensor; the last rule becomes the default where that led back."""
    rules = [rule for rule, leaves in poll.rules if leaves]
    default = choice.default
    if not poll.default_leaves:
        default = rules.pop().next
    return choice.model_copy(update={"choices": tuple(rules), "default": default})


def with_later_rounds(scope: ScopeFlow, poll: Poll, evaluator: Evaluator) -> Poll | None:
    """Return a loop with what its Task works on from the second round on, where that is not what it started with.

    Args:
        scope: the scope in which the loop is, evaluated without the way back.
        poll: the loop.
        evaluator: evaluates states.

    Returns:
        None where the rounds go on to differ, or leave different documents.
    """
    asking, deciding = scope.states[poll.task], scope.states[poll.choice]
    second, after_second = _round(_way(deciding), scope, poll, evaluator)
    third, _ = _round(after_second, scope, poll, evaluator)
    if second != third or after_second.document != deciding.output:
        return None
    return poll if second == asking.effective else replace(poll, again=second)


def _round(way: Handover, scope: ScopeFlow, poll: Poll, evaluator: Evaluator) -> tuple[Value, Handover]:
    """Return what the Task works on after a way back, and the way out of the Choice then."""
    asking, deciding = scope.states[poll.task], scope.states[poll.choice]
    waited = evaluator.state(poll.wait, poll.original, way, asking.environment.context).ways[0][1]
    asked = evaluator.state(poll.task, asking.state, waited, asking.environment.context)
    decided = evaluator.state(poll.choice, deciding.state, asked.ways[0][1], deciding.environment.context)
    return asked.effective, _way(decided)


def _way(deciding: StateFlow) -> Handover:
    return Handover(deciding.output, deciding.environment.variables)
