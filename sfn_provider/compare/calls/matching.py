"""Decides which call of the DAG is which call of the machine."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sfn_provider.compare.calls.api_calls import ApiCall
from sfn_provider.compare.calls.interception.client_calls import CaughtCall
from sfn_provider.compare.calls.interception.jobs import describes_job
from sfn_provider.compare.calls.machine_calls import MachineCall, plain_name
from sfn_provider.compare.calls.parameters.comparison import Verdict, compare_parameters

_MAX_PAIRS = 20_000
"""Calls that are the same in every member are found by that; the others are compared each with each, up to this."""


@dataclass(frozen=True)
class CallPair:
    """A call on both sides.

    Args:
        expected: the machine's; None where it has none.
        actual: the DAG's; None where it has none.
        verdicts: what their differences are.
    """

    expected: MachineCall | None
    actual: CaughtCall | None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def is_poll(self) -> bool:
        """Whether an operator or sensor of the DAG reads by itself what a state reads."""
        return self.actual is not None and self.actual.is_own and self.actual.call.reads

    @property
    def different(self) -> tuple[Verdict, ...]:
        """The differences that no rule explains."""
        return tuple(verdict for verdict in self.verdicts if verdict.kind == "different")


def match_calls(calls: Sequence[MachineCall], caught: Sequence[CaughtCall], states: Collection[str]) -> list[CallPair]:
    """Match calls.

    Calls of the same operation belong together where they are the same; what remains is matched by how little it
    differs, then by the names of state and task, then by order. A task that is named as one state makes no call of
    another one, but where it goes through several states and the call is the same.

    Calls that read are matched with those that states make. What else the DAG reads changes nothing and is left out.
    An operator or sensor that asks by itself may do so as often as it likes: its polls stand for those of the state.

    Args:
        calls: the machine's calls, in order.
        caught: the DAG's calls, in order.
        states: the names of all states of the machine.

    Returns:
        The pairs in the machine's order, then the calls of the DAG that are none of the machine's.
    """
    found: dict[int, int] = {}
    for reads in (False, True):
        expected = [index for index, call in enumerate(calls) if call.call is not None and call.call.reads is reads]
        made = [index for index, call in enumerate(caught) if call.call.reads is reads]
        same = _match_same(calls, caught, expected, made)
        rest, taken = [index for index in expected if index not in same], set(same.values())
        near = _match_near(calls, caught, rest, [index for index in made if index not in taken], states)
        found |= same | near
    pairs = [
        _pair(call, caught[found[index]] if index in found else None)
        for index, call in enumerate(calls)
        if call.call is not None
    ]
    matched = set(found.values())
    others = [call for index, call in enumerate(caught) if index not in matched]
    repeated = {_task_call(pair.expected.state, pair.actual) for pair in pairs if pair.expected and pair.actual}
    alone = [CallPair(None, call) for call in others if _counts(call, repeated)]
    return [*_without_polled(pairs, caught), *alone]


def _without_polled(pairs: Sequence[CallPair], caught: Sequence[CaughtCall]) -> list[CallPair]:
    """Leave out reads without a counterpart of states for which an operator or sensor asks by itself."""
    polled = {pair.expected.state for pair in pairs if pair.expected is not None and pair.is_poll}
    services = {
        made.call.service for made in caught if made.is_own and describes_job(made.call.service, made.call.operation)
    }
    return [
        pair
        for pair in pairs
        if pair.actual is not None or pair.expected is None or not _is_polled(pair.expected, polled, services)
    ]


def _is_polled(expected: MachineCall, states: Collection[str], services: Collection[str]) -> bool:
    call = expected.call
    if call is None or not call.reads:
        return False
    return expected.state in states or (call.service in services and describes_job(call.service, call.operation))


_TaskCall = tuple[str | None, str | None, str]
"""State, task and call."""


def _task_call(state: str | None, made: CaughtCall) -> _TaskCall:
    return state, made.task_id, str(made.call)


def _counts(made: CaughtCall, matched: Collection[_TaskCall]) -> bool:
    """Return whether a call of the DAG alone is a difference.

    A call that reads is one where its task makes the call of a state, and makes it more often.
    """
    return not made.call.reads or (not made.is_own and _task_call(made.state, made) in matched)


def _pair(call: MachineCall, caught: CaughtCall | None) -> CallPair:
    if caught is None or call.call is None:
        return CallPair(call, None)
    if caught.is_own and caught.call.reads:
        return CallPair(call, caught)
    return CallPair(call, caught, tuple(compare_parameters(call.call, caught.call, call.run_specific)))


def _match_same(
    calls: Sequence[MachineCall], caught: Sequence[CaughtCall], changing: list[int], made: list[int]
) -> dict[int, int]:
    """Match calls whose parameters are the same text: those of a task that is named as the state first.

    Branches side by side may make equal calls, in any order.
    """
    found: dict[int, int] = {}
    for by_name in (True, False):
        waiting: dict[tuple[str, str], deque[int]] = defaultdict(deque)
        taken = set(found.values())
        for index in made:
            if index not in taken:
                name = plain_name(caught[index].task_id or "") if by_name else ""
                waiting[_key(caught[index].call), name].append(index)
        for index in changing:
            key = _key(calls[index].call), plain_name(calls[index].state) if by_name else ""
            if index not in found and waiting[key]:
                found[index] = waiting[key].popleft()
    return found


def _key(call: ApiCall | None) -> str:
    return json.dumps(asdict(call) if call is not None else None, sort_keys=True)


def _match_near(
    calls: Sequence[MachineCall],
    caught: Sequence[CaughtCall],
    rest: list[int],
    made: list[int],
    states: Collection[str],
) -> dict[int, int]:
    names = {plain_name(state) for state in states}
    pairs = [(index, other) for index in rest for other in made if _same_operation(calls[index], caught[other])]
    ranked = []
    for index, other in pairs[:_MAX_PAIRS]:
        call, actual = calls[index], caught[other]
        own, task = plain_name(call.state), plain_name(actual.task_id or "")
        verdicts = _pair(call, actual).different
        if task in names and task != own and verdicts:
            continue
        apart = abs(rest.index(index) - made.index(other))
        ranked.append((len(verdicts) and weight(verdicts), task != own, apart, index, other))
    found: dict[int, int] = {}
    taken: set[int] = set()
    for *_, index, other in sorted(ranked):
        if index not in found and other not in taken:
            found[index] = other
            taken.add(other)
    return found


def weight(verdicts: Sequence[Verdict]) -> int:
    """Return how much differences count: more where they name another thing."""
    return sum(verdict.weight for verdict in verdicts)


def _same_operation(call: MachineCall, caught: CaughtCall) -> bool:
    return call.call is not None and (call.call.service, call.call.operation) == (
        caught.call.service,
        caught.call.operation,
    )
