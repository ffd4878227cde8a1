"""Tests the iteration over the states and scopes of a machine."""

from __future__ import annotations

from sfn_provider.asl.model import Branch
from sfn_provider.asl.parser import parse
from sfn_provider.asl.state_walk import inner_scopes, replace_inner_scopes, walk_scopes, walk_states

_PASS = {"Type": "Pass", "End": True}
_MAP = {"Type": "Map", "End": True, "ItemProcessor": {"StartAt": "Item", "States": {"Item": _PASS}}}
_OLD_MAP = {"Type": "Map", "Next": "All", "Iterator": {"StartAt": "Old", "States": {"Old": _PASS}}}
_PARALLEL = {
    "Type": "Parallel",
    "End": True,
    "Branches": [
        {"StartAt": "One", "States": {"One": _PASS}},
        {"StartAt": "a/b", "States": {"a/b": _MAP}},
    ],
}
MACHINE = parse({"StartAt": "Each", "States": {"Each": _OLD_MAP, "All": _PARALLEL}})


def test_each_state_comes_before_those_inside_it() -> None:
    assert [(location, names) for location, names, _ in walk_states(MACHINE)] == [
        ("/States/Each", ("Each",)),
        ("/States/Each/Iterator/States/Old", ("Each", "Old")),
        ("/States/All", ("All",)),
        ("/States/All/Branches/0/States/One", ("All", "One")),
        ("/States/All/Branches/1/States/a~1b", ("All", "a/b")),
        ("/States/All/Branches/1/States/a~1b/ItemProcessor/States/Item", ("All", "a/b", "Item")),
    ]


def test_each_scope_comes_with_the_state_around_it() -> None:
    assert [(around, scope.start_at) for around, scope in walk_scopes(MACHINE)] == [
        (None, "Each"),
        ("Each", "Old"),
        ("All", "One"),
        ("All", "a/b"),
        ("a/b", "Item"),
    ]


def test_a_state_is_returned_with_other_scopes_under_the_names_that_it_has_them_by() -> None:
    def commented(branch: Branch) -> Branch:
        return branch.model_copy(update={"comment": "seen"})

    for name, field in (("Each", "iterator"), ("All", "branches")):
        changed = replace_inner_scopes(MACHINE.states[name], commented)
        assert {branch.comment for _, branch in inner_scopes(changed)} == {"seen"}
        assert getattr(changed, field) != getattr(MACHINE.states[name], field)
        assert changed.model_fields_set == MACHINE.states[name].model_fields_set
    state = MACHINE.states["All"].branches[0].states["One"]  # type: ignore[union-attr]
    assert replace_inner_scopes(state, commented) is state
