"""Rules: every transition has a target, every state is reachable, and the machine can end."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.definition_index.index import DefinitionIndex, Group, PlacedState, catchers
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.lint_rules.reporting import error, warning
from sfn_provider.asl.scope import Json
from sfn_provider.asl.suggestions import Suggestions
from sfn_provider.reachability import reached

MISSING_TARGET = "MISSING_TRANSITION_TARGET"

_TYPES_WITH_NEXT = ("Task", "Pass", "Wait", "Parallel", "Map")
_TYPES = (*_TYPES_WITH_NEXT, "Choice", "Succeed", "Fail")


def targets(state: PlacedState) -> Iterator[tuple[str, str]]:
    """Yield the states that a state can go to: the pointer of the field, and its value."""
    found: list[tuple[str, Json]] = []
    if state.type in _TYPES_WITH_NEXT:
        found.append((state.at + "/Next", state.fields.get("Next")))
    for at, rule, outermost in state.rules:
        if outermost:
            found.append((at + "/Next", rule.get("Next")))
    if state.type == "Choice":
        found.append((state.at + "/Default", state.fields.get("Default")))
    found += [(at + "/Next", catcher.get("Next")) for at, catcher in catchers(state)]
    yield from ((at, name) for at, name in found if isinstance(name, str))


def missing_targets(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Every StartAt, Next and Default names a state of the same group."""
    owners = {name: group for group in reversed(definition.groups) for name in group.names}
    suggestions = Suggestions()
    for group in definition.groups:
        named = [(group.at + "/StartAt", group.fields.get("StartAt"))]
        named += [pair for state in definition.states_of[group.at] for pair in targets(state)]
        for at, name in named:
            if isinstance(name, str) and name not in group.names and isinstance(group.fields.get("States"), dict):
                hint = suggestions.did_you_mean(name, group.names)
                yield error(_missing_message(name, owners, hint), at, MISSING_TARGET)


def _missing_message(name: str, owners: dict[str, Group], hint: str) -> str:
    if name in owners:
        place = owners[name].at or "the state machine"
        return f"state {name!r} belongs to {place}, and no transition leaves or enters a branch or an item processor"
    return f"state {name!r} does not exist{hint}"


def unreachable_states(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Every state is reached from StartAt; AWS refuses one that is not."""
    for group in definition.groups:
        start = group.fields.get("StartAt")
        if not isinstance(start, str) or start not in group.names:
            continue  # reported by missing_targets, and every state would be unreachable
        states = definition.states_of[group.at]
        if not _all_types_known(group, states) or not (group.at or _can_end(states)):
            continue  # measured: AWS reports a missing end alone
        connected = reached([start], {state.name: [name for _, name in targets(state)] for state in states})
        for name in group.names:
            if name not in connected:
                message = f"state {name!r} is not reachable: no way from {start!r} leads to it"
                yield error(message, group.state_at(name), MISSING_TARGET)


def missing_end(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Some state ends the machine. AWS does not require it of a branch, which can then never end."""
    for group in definition.groups:
        states = definition.states_of[group.at]
        if not states or _can_end(states) or not _all_types_known(group, states):
            continue
        message = 'no state ends it: give one "End": true, or add a Succeed or Fail state'
        if group.at:
            yield warning("MISSING_END_STATE", message, group.at)
        else:
            yield error(message, "", "MISSING_END_STATE")


def _all_types_known(group: Group, states: list[PlacedState]) -> bool:
    """Return whether every state is an object of a known type, so that its transitions are known."""
    return len(states) == len(group.names) and all(state.type in _TYPES for state in states)


def _can_end(states: list[PlacedState]) -> bool:
    return any(state.type in ("Succeed", "Fail") or state.fields.get("End") is True for state in states)


def next_or_end(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A state that is neither Choice, Succeed nor Fail has either Next or ``"End": true``."""
    for state in definition.of_type(*_TYPES_WITH_NEXT):
        ends, goes = state.fields.get("End") is True, "Next" in state.fields
        if ends and goes:
            yield error('a state has either Next or "End": true, not both', state.at + "/Next")
        elif not ends and not goes:
            yield error('the state must say where to go: give it Next or "End": true', state.at)


def choice_rule_targets(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Only the outermost rule of a Choice names the next state, and it must."""
    for state in definition.of_type("Choice"):
        for at, rule, outermost in state.rules:
            if outermost and "Next" not in rule:
                yield error("the rule must name the state to go to: give it Next", at)
            elif not outermost and "Next" in rule:
                message = "a rule inside And, Or or Not has no Next; the outermost rule has it"
                yield error(message, at + pointer("Next"))
