"""States whose input and whose followers are arguments, run with mocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import InconsistentFlow
from sfn_provider.operators.state_machine import PassStateOperator
from sfn_provider.operators.states import StatesOperator
from sfn_provider.runtime.flow.check import read_flow
from sfn_provider.runtime.routing.dag_run_execution import load_run_mocks
from sfn_provider.runtime.strategies import explicit_input
from tests.fixtures.airflow.airflow_operators import EmptyOperator
from tests.fixtures.airflow.task_runs import Run, dag

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
CALL = {"Type": "Task", "Resource": FUNCTION, "Catch": [{"ErrorEquals": ["Broken"], "Next": "Mend"}], "Next": "Ship"}
COUNT = {
    "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough?"},
    "Enough?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericLessThan": 5, "Next": "Count"}],
        "Default": "Ship",
    },
}


@pytest.fixture(autouse=True)
def mock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mocks for the state Call (answers, then breaks)."""
    file = tmp_path / "mocks.json"
    responses = {"Call": {"0": {"Return": {"ok": 1}}, "1": {"Throw": {"Error": "Broken", "Cause": "it broke"}}}}
    machines = {"M": {"TestCases": {"Case": {"Call": "Call"}}}}
    file.write_text(json.dumps({"StateMachines": machines, "MockedResponses": responses}))
    monkeypatch.setenv("SFN_PROVIDER_MOCK_CONFIG", f"{file}#Case")
    load_run_mocks.cache_clear()


def make(**arguments: Any) -> StatesOperator:
    with dag():
        task = StatesOperator(**{"task_id": "Own", "states": {"Call": CALL}, **arguments})
        for name in ("Ship", "Mend"):
            task >> EmptyOperator(task_id=name)
    return task


@pytest.fixture
def skipped(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    found: list[list[str]] = []

    class Skipper:
        def skip_all_except(self, instance: Any, taken: list[str]) -> None:
            found.append(taken)

    monkeypatch.setattr(explicit_input, "SkipMixin", Skipper)
    return found


def test_the_input_is_that_of_the_argument_and_the_next_state_is_named() -> None:
    run = Run(conf={"other": 1})
    task = make(states=COUNT, input='{"n": 1}')
    assert run.execute(task) == {"n": 5}
    assert run.xcoms["Own", "next"] == "Ship"
    assert not any(key in ("token", "variables") for _, key in run.xcoms)


@pytest.mark.parametrize(
    ("argument", "output"),
    [
        (None, {"of": "the run"}),
        ({"sfn_provider:json": '{"__x": 1}'}, {"__x": 1}),
        ('{"sfn_provider:input": [1]}', [1]),
        ("[1, {}]", [1, {}]),
        ('"text"', "text"),
        ("null", None),
        (7, 7),
    ],
    ids=[
        "the run's",
        "an encoded XCom",
        "an input that is no object",
        "list",
        "text",
        "null",
        "a task's output",
    ],
)
def test_what_the_input_may_be(argument: Any, output: Any) -> None:
    run = Run(conf={"of": "the run"})
    found = run.execute(make(states={"P": {"Type": "Pass", "End": True}}, input=argument))
    assert found == output or found == {"sfn_provider:json": json.dumps(output)}
    assert run.xcoms["Own", "next"] == ""


def test_variables_come_in_and_go_out() -> None:
    state = {"Type": "Pass", "Assign": {"b.$": "$a"}, "Next": "Ship"}
    run = Run()
    run.execute(make(states={"P": state}, variables='{"a": [1]}'))
    assert run.xcoms["Own", "variables"] == {"a": [1], "b": [1]}


def test_it_starts_where_start_at_says() -> None:
    assert Run().execute(make(states=COUNT, input='{"n": 9}', start_at="Enough?")) == {"n": 9}


def test_the_tasks_of_other_states_are_skipped(skipped: list[list[str]]) -> None:
    run, task = Run(), make(next_tasks={"Ship": "Ship", "Mend": "Mend"})
    assert run.execute(task) == {"ok": 1}
    assert run.execute(task) == {"Error": "Broken", "Cause": "it broke"}
    assert skipped == [["Ship"], ["Mend"]]
    assert run.xcoms["Own", "return_value"]["Error"] == "Broken"


def test_nothing_follows_a_state_without_a_task_or_an_end(skipped: list[list[str]]) -> None:
    Run().execute(make(next_tasks={"Ship": None, "Mend": "Mend"}))
    Run().execute(make(states={"P": {"Type": "Pass", "End": True}}, next_tasks={"Mend": "Mend"}))
    assert skipped == [[], []]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input": "{{"}, "input is no JSON text"),
        ({"variables": "x"}, "variables is no JSON text"),
        ({"start_at": "Coll"}, "start_at is 'Coll', but this task runs 'Call'"),
        ({"next_tasks": {"Mend": "Mend"}}, "state 'Ship' comes next, and next_tasks has a task for 'Mend' alone"),
        ({"states": {"F": {"Type": "Fail", "Error": "Bad", "Cause": "so"}}}, "Bad: so"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_fails_the_task(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AirflowFailException, match=message):
        Run().execute(make(**arguments))


def test_a_task_has_states() -> None:
    with pytest.raises(ValueError, match="'Own' has no states"):
        make(states={})


def test_import_refuses_a_task_that_does_not_stand_behind() -> None:
    make(next_tasks={"Ship": "Ship", "Mend": None}).resolve_template_files()
    with pytest.raises(InconsistentFlow, match="'Elsewhere' in next_tasks, but no edge leads there"):
        make(next_tasks={"Ship": "Elsewhere"}).resolve_template_files()


def test_states_with_tokens_are_another_flow() -> None:
    with dag() as found:
        PassStateOperator(task_id="A", next="B") >> PassStateOperator(task_id="B", end=True)
        StatesOperator(task_id="Own", states=COUNT)
    assert set(read_flow(found).states) == {"A", "B"}


def test_only_its_own_arguments_are_templates() -> None:
    assert {*StatesOperator.template_fields} - {"parameters"} == {"input", "variables", "start_at"}
    assert StatesOperator.template_ext == ()
