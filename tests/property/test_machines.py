"""What holds for every machine: its definition comes back, lint takes what runs, and engine and DAG agree.

``make test`` tries the same few examples each time, ``make properties`` many others.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_provider.asl import InvalidDefinition, dump, lint, parse
from sfn_provider.engine import simulate
from tests.fixtures.machines.machine_strategies import inputs, machines
from tests.fixtures.machines.random_machines import Case, draw_case
from tests.fixtures.session.hypothesis_examples import MORE, property_examples

Json = Any

WITH_CALLS = st.builds(draw_case, st.randoms(use_true_random=False), st.integers(1, 2))
"""Cases with Tasks, Retry, Catch, loops, nested Maps and Parallels in either language, valid as they are made."""


@st.composite
def _without_calls(draw: st.DrawFn) -> Case:
    return Case(draw(machines(draw(st.sampled_from(["JSONPath", "JSONata"])))), draw(inputs), {})


ANY_CASE = WITH_CALLS | _without_calls()


def tries(count: int) -> settings:
    return settings(max_examples=property_examples(count), derandomize=not MORE, print_blob=bool(MORE))


@tries(60)
@given(ANY_CASE)
def test_a_definition_comes_back_as_it_was(case: Case) -> None:
    try:
        machine = parse(copy.deepcopy(case.definition))
    except InvalidDefinition:
        assert case.mocks == {}, "a case that is valid as it is made"
        return
    assert dump(machine) == case.definition
    assert parse(dump(machine)) == machine
    assert parse(json.dumps(case.definition, indent=2)) == machine


@tries(60)
@given(WITH_CALLS)
def test_lint_takes_what_runs(case: Case) -> None:
    found = lint(case.definition)
    assert [entry for entry in found if entry.level == "error"] == []
    execution = simulate(case.definition, case.input, mocks=case.mocks)
    assert execution.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")
    assert execution.events[0]["type"] == "ExecutionStarted"
    texts = lint(json.dumps(case.definition))
    assert [(entry.code, entry.location) for entry in texts] == [(entry.code, entry.location) for entry in found]


def _places(value: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


def _change(definition: Json, draw: random.Random) -> Json:
    """Remove, replace or rename one member of a definition."""
    changed = copy.deepcopy(definition)
    *outer, last = draw.choice(_places(changed)[1:])
    parent = changed
    for key in outer:
        parent = parent[key]
    change = draw.choice(["remove", "replace", "rename"])
    if change == "replace":
        parent[last] = draw.choice([None, True, -1, 1.5, "x", "$..a", "{% 1 %}", [], {}, ["States.ALL", "E"]])
    elif change == "rename" and isinstance(parent, dict):
        parent[draw.choice([last.lower(), f"{last}Path", f"{last}.$"])] = parent.pop(last)
    else:
        del parent[last]
    return changed


@tries(120)
@given(WITH_CALLS, st.randoms(use_true_random=False))
def test_a_changed_definition_is_refused_or_runs(case: Case, draw: random.Random) -> None:
    definition = _change(case.definition, draw)
    errors = [entry for entry in lint(definition) if entry.level == "error"]
    try:
        machine = parse(definition)
    except InvalidDefinition:
        assert errors
        return
    assert errors == []
    assert parse(dump(machine)) == machine
    mocks = {name: case.mocks.get(name, [{"Return": 1}]) for name in _tasks(definition)}
    execution = simulate(definition, case.input, mocks=mocks)
    assert execution.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")


def _tasks(value: Json) -> list[str]:
    """Return the names of all Tasks."""
    found = []
    for path in _places(value):
        part = value
        for key in path:
            part = part[key]
        if len(path) > 1 and path[-2] == "States" and isinstance(part, dict) and part.get("Type") == "Task":
            found.append(path[-1])
    return found


@pytest.mark.usefixtures("user_airflow_home")
@tries(3)
@given(WITH_CALLS)
def test_engine_and_dag_agree(case: Case) -> None:
    from sfn_provider.compare.comparison import compare_on_engine

    result = compare_on_engine(case.definition, case.input, mocks=case.mocks)
    assert result.agrees, (result.outcome, [state for state in result.states if not state.agrees])
