"""Plans a native DAG in which some states stay exact: as few as make the rest native."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sfn_provider.asl.model import StateMachine, Task
from sfn_provider.asl.state_walk import walk_scopes, walk_states
from sfn_provider.translate.native.data_flow.evaluation import UNSET, ScopeFlow
from sfn_provider.translate.native.data_flow.values import NO_OBJECT, Unresolved, walk
from sfn_provider.translate.native.model import NativeOptions, NotNative, NotPolling, refusals_of
from sfn_provider.translate.native.native_plan import NativePlan
from sfn_provider.translate.native.planner import plan_prepared
from sfn_provider.translate.native.prepared_machine import prepare_machine
from sfn_provider.translate.plan.graph import successors

Reasons = dict[str, str]
"""Why states stay exact, by their names."""

_MOST_STATES = 60
"""The largest number of exact states among which those are searched that need not be."""


def plan_mixed(machine: StateMachine, options: NativeOptions) -> tuple[NativePlan | None, Reasons]:
    """Plan a native DAG in which states stay exact only where that is needed.

    Args:
        machine: the machine.
        options: what it is made for.

    Returns:
        The plan, and why states stay exact. None in place of a plan in which no Task is native, though some state must
        be exact.
    """
    reasons: Reasons = {}
    while True:
        plan, found = _try(machine, options, reasons, _takes_any_input(reasons))
        if plan is not None:
            break
        if found.keys() <= reasons.keys():
            return None, reasons | found
        reasons = found | reasons
    plan = _fewer(machine, options, plan, reasons)
    if plan.parts and not has_native_task(plan, machine):
        return None, reasons
    exact = {name for part in plan.parts.values() for name in part.states}
    stay = {names[-1] for _, names, _ in walk_states(machine) if not exact.isdisjoint(names)}
    native = [_because(name, "") for name in reasons if name not in stay]  # exact while this was looked for alone
    found = {name: why for name, why in reasons.items() if name in stay}
    return plan, {name: _without_prefix(why, native) for name, why in found.items()}


def _without_prefix(text: str, prefixes: Iterable[str]) -> str:
    return next((text.removeprefix(prefix) for prefix in prefixes if text.startswith(prefix)), text)


def has_native_task(plan: NativePlan, machine: StateMachine) -> bool:
    """Return whether a Task is native."""
    exact = {name for part in plan.parts.values() for name in part.states}
    return any(isinstance(state, Task) and exact.isdisjoint(names) for _, names, state in walk_states(machine))


def _takes_any_input(reasons: Reasons) -> bool:
    """Return whether a state stays exact as it needs an input of the execution that is no object."""
    return any(NO_OBJECT in why for why in reasons.values())


def _try(
    machine: StateMachine, options: NativeOptions, exact: Collection[str], takes_any_input: bool
) -> tuple[NativePlan | None, Reasons]:
    """Plan with some states exact. Return None and the states that have to be, too, where that does not work."""
    refused: Reasons = {}
    scope: ScopeFlow | None = None
    functions: set[str] = set()
    while True:
        again: set[str] = set()
        try:
            prepared = prepare_machine(machine, options.templates, exact, functions, takes_any_input)
            scope = prepared.scope
            return plan_prepared(prepared, options.versions), {}
        except* NotNative as refusals:
            found_all = refusals_of(refusals)
            again = {str(refusal.state) for refusal in found_all if isinstance(refusal, NotPolling)} - functions
            refused = {str(refusal.state): refusal.why for refusal in found_all}
        if not again:
            break
        functions |= again
    found: Reasons = {}
    for name, why in refused.items():
        maker = _maker(scope, why) if scope is not None else None
        if maker is not None and maker not in exact:
            found.setdefault(maker, why)
        elif name not in exact:
            found.setdefault(name, why)
        else:
            found |= {before: _because(name, why) for before in _before(machine, name) if before not in found}
    return None, found


def _maker(scope: ScopeFlow, why: str) -> str | None:
    """Return the state that hands over a value for whose sake another one was refused; None where none does."""
    if why.startswith(UNSET):
        return None
    makers = [
        flow
        for flow in scope.walk()
        if any(
            isinstance(part, Unresolved) and part.why == why
            for _, way in flow.ways
            for value in (way.document, *way.variables.values())
            for part in walk(value)
        )
    ]
    return next((flow.name for flow in makers if not flow.scopes), makers[0].name if makers else None)


def _because(name: str, why: str) -> str:
    return f"{name} stays exact and starts with the whole document, of which this is not known: {why}"


def _before(machine: StateMachine, name: str) -> Iterator[str]:
    """Iterate over the states that lead to a state; over the one around where it is the first there."""
    for around, scope in walk_scopes(machine):
        if name not in scope.states:
            continue
        yield from (other for other, state in scope.states.items() if name in successors(state))
        if name == scope.start_at and around is not None:
            yield around


def _fewer(machine: StateMachine, options: NativeOptions, plan: NativePlan, reasons: Reasons) -> NativePlan:
    """Return a plan in which no state is exact that need not be: one was refused while others were not exact yet."""
    if len(reasons) > _MOST_STATES:
        return plan
    tasks = {names[-1] for _, names, state in walk_states(machine) if isinstance(state, Task)}
    exact = set(reasons)
    for name in sorted(reasons, key=lambda name: name not in tasks):
        found, _ = _try(machine, options, exact - {name}, _takes_any_input(reasons))
        if found is not None:
            plan, exact = found, exact - {name}
    return plan
