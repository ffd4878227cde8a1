"""Both sides of a machine in a real Airflow: equal ones agree, and DAGs that were changed are found out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sfn_provider.compare import run_on_airflow
from sfn_provider.compare.airflow import dag_execution
from sfn_provider.compare.airflow.dag_execution import AirflowRun, TaskTime
from sfn_provider.compare.airflow.runner import AirflowRunFailed
from sfn_provider.compare.comparison import compare_on_engine
from sfn_provider.engine import Execution
from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.translate import Translation, translate
from tests.fixtures.airflow.airflow_operators import PythonOperator
from tests.fixtures.machines.definitions import END, call, choose, go, machine

pytestmark = pytest.mark.usefixtures("user_airflow_home")

RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 7, "MaxAttempts": 2}]
ORDER = machine(
    {
        "Reserve": call("Enough?", ResultPath="$.stock", Retry=RETRY, Parameters={"item.$": "$.item"}),
        "Enough?": choose("$.stock.state", {"some": "Pack", "none": "Back order"}, "Back order"),
        "Pack": call(
            "Send",
            ResultPath="$.parcel",
            Assign={"weight.$": "$.kg"},
            Catch=[{"ErrorEquals": ["Broken"], "ResultPath": "$.problem", "Next": "Back order"}],
        ),
        "Back order": go("Rest", Result="later", ResultPath="$.when"),
        "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Note"},
        "Send": go("Note", Parameters={"weight.$": "$weight", "order.$": "$"}),
        "Note": {"Type": "Pass", "Parameters": {"order.$": "$", "run.$": "$$.Execution.Id"}, "End": True},
    }
)
BUSY = {"Throw": {"Error": "Busy", "Cause": "later"}}
MOCKS = {"Reserve": [BUSY, {"Return": {"state": "some"}}], "Pack": [{"Return": {"kg": 2}}]}
INPUT = {"item": "lamp"}


SIBLINGS = machine(
    {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": machine(
                {
                    "Work": call("Done?", Retry=RETRY),
                    "Done?": choose("$.state", {"more": "Work"}, "Over"),
                    "Over": END,
                }
            ),
            "End": True,
        }
    }
)
"""Iterations that call again and again, each in one task: the engine runs them in turns, Airflow one after another."""


def test_siblings_have_the_answers_that_they_had_on_the_engine() -> None:
    answers = [BUSY, {"Return": {"state": "more"}}, {"Return": {"state": "none"}}, {"Return": {"state": "last"}}]
    result = compare_on_engine(SIBLINGS, {"items": [1, 2]}, mocks={"Work": answers})
    assert result.agrees
    calls = [state.expected.calls for state in result.states if state.state == "Work" and state.expected is not None]
    assert (sum(calls), result.airflow is not None) == (4, True)


def test_equal_executions_agree_state_by_state() -> None:
    result = compare_on_engine(ORDER, INPUT, mocks=MOCKS)
    assert result.agrees and result.outcome == ()
    assert [state.state for state in result.states] == ["Reserve", "Enough?", "Pack", "Send", "Note"]
    assert (result.airflow.tasks, result.airflow.skipped) == (5, 2)
    assert result.expected.transitions == result.airflow.execution.transitions == 6
    assert [event["type"] for event in result.expected.events] == [
        event["type"] for event in result.airflow.execution.events
    ]


@pytest.mark.parametrize(
    ("mocks", "status"),
    [
        ({"Reserve": [BUSY]}, "FAILED"),
        ({"Reserve": [{"Return": {"state": "none"}}]}, "SUCCEEDED"),
        ({"Reserve": [{"Return": {"state": "some"}}], "Pack": [{"Throw": {"Error": "Broken"}}]}, "SUCCEEDED"),
        ({"Reserve": [{"Return": {}}]}, "FAILED"),
    ],
    ids=["retries run out", "another way", "caught", "a path that is not there"],
)
def test_other_routes_and_failures_agree(mocks: dict[str, Any], status: str) -> None:
    result = compare_on_engine(ORDER, INPUT, mocks=mocks)
    assert result.agrees
    assert result.expected.status == status


EVERYTHING = machine(
    {
        "Both": {
            "Type": "Parallel",
            "Branches": [machine({"Left": call("Left 2"), "Left 2": END}), machine({"Right": call()})],
            "ResultPath": "$.both",
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": machine({"One": choose("$.kind", {"bad": "Bad"}, "Good"), "Good": END, "Bad": END}),
            "ResultPath": "$.each",
            "Next": "Look",
        },
        "Look": call("Seen?", ResultPath="$.seen"),
        "Seen?": choose("$.seen", {"yes": "End"}, "Rest"),
        "Rest": {"Type": "Wait", "Seconds": 5, "Next": "Look"},
        "End": {"Type": "Succeed"},
    }
)


def test_containers_and_loops_agree() -> None:
    mocks = {
        "Left": [{"Return": 1}],
        "Right": [{"Return": [2]}],
        "Look": [{"Return": "no"}, {"Return": "no"}, {"Return": "yes"}],
    }
    result = compare_on_engine(EVERYTHING, {"items": [{"kind": "bad"}, {"kind": "good"}]}, mocks=mocks)
    assert result.agrees
    assert [state.state for state in result.states].count("Look") == 3
    assert result.airflow.tasks == 13


def test_items_take_mock_answers_in_order() -> None:
    each = {"Type": "Map", "ItemProcessor": machine({"One": call("Two"), "Two": END}), "End": True}
    result = compare_on_engine(
        machine({"Each": each}), list("abcdef"), mocks={"One": [{"Return": n} for n in range(6)]}
    )
    assert result.agrees
    assert result.airflow.execution.output == [0, 1, 2, 3, 4, 5]


def test_names_of_map_runs_and_child_executions_agree() -> None:
    each = {
        "Type": "Map",
        "ToleratedFailurePercentage": 50,
        "ItemProcessor": machine(
            {"Good?": choose("$", {"good": "Fine"}, "Bad"), "Fine": END, "Bad": {"Type": "Fail", "Error": "Bad"}},
            ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        ),
        "End": True,
    }
    result = compare_on_engine(machine({"Each": each}), ["good", "bad"])
    assert result.agrees
    assert result.expected.output[1]["Error"] == "Bad" and len(result.expected.output[1]["Name"]) == 36


@dataclass(frozen=True)
class Change:
    """A change to the emitted text, and what tells it.

    Args:
        name: what was done.
        old: the text before.
        new: the text after.
        told: a part of what is said about a state or the outcome.
        more: further replacements.
    """

    name: str
    old: str
    new: str
    told: str
    more: dict[str, str] = field(default_factory=dict)


SEND = 'parameters={"weight.$": "$weight", "order.$": "$"},\n        '
CHANGES = [
    Change(
        "an edge moved",
        SEND + 'next="Note"',
        SEND + 'next="Rest"',
        "Note entered on Step Functions, Rest on Airflow",
        {"    send >> note\n": "    send >> rest\n"},
    ),
    Change(
        "a retry dropped", '"MaxAttempts": 2', '"MaxAttempts": 0', "status: 'SUCCEEDED' on Step Functions, 'FAILED'"
    ),
    Change("a result path changed", 'result_path="$.parcel"', 'result_path="$.box"', 'output/parcel: {"kg":2} on Step'),
    Change(
        "a rule turned round",
        '"StringEquals": "some"',
        '"StringEquals": "more"',
        "Pack entered on Step Functions, Back order",
    ),
    Change(
        "a variable changed",
        'assign={"weight.$": "$.kg"}',
        'assign={"weight": 3}',
        "output/weight: 2 on Step Functions, 3 on",
    ),
    Change("a parameter dropped", ', "order.$": "$"}', "}", 'output/order: {"item":"lamp"'),
    Change(
        "a retry's delay changed",
        '"IntervalSeconds": 7',
        '"IntervalSeconds": 8',
        "7.0 seconds on Step Functions, 8.0 on",
    ),
    Change(
        "an end put in",
        SEND + 'next="Note"',
        SEND + "end=True",
        "Note entered on Step Functions, no state on Airflow",
        {"    send >> note\n": ""},
    ),
]


def change_source(monkeypatch: pytest.MonkeyPatch, *replacements: tuple[str, str]) -> None:
    """Let the DAG be another than the translation."""

    def translate_wrongly(*arguments: Any, **options: Any) -> Translation:
        made = translate(*arguments, **options)
        source = made.source
        for old, new in replacements:
            assert old in source
            source = source.replace(old, new)
        return replace(made, source=source)

    monkeypatch.setattr(dag_execution, "translate", translate_wrongly)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_dag_that_was_changed_is_found_out(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    change_source(monkeypatch, (change.old, change.new), *change.more.items())
    result = compare_on_engine(ORDER, INPUT, mocks=MOCKS)
    assert not result.agrees
    told = [*result.outcome, *(entry for state in result.states for entry in state.differences)]
    assert any(change.told in entry for entry in told), told


def test_an_express_machine_ends_after_five_minutes_and_a_dag_does_not() -> None:
    identity = {"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id"}, "Next": "Wait"}
    states = machine({"Identity": identity, "Wait": {"Type": "Wait", "Seconds": 400, "End": True}})
    result = compare_on_engine(states, {}, execution_type="EXPRESS")
    assert result.outcome[0] == "status: 'TIMED_OUT' on Step Functions, 'SUCCEEDED' on Airflow"
    assert result.states[0].agrees  # its ARN has another form, and is that execution's for both


def test_a_catch_that_was_dropped_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    change_source(monkeypatch, ('"ErrorEquals": ["Broken"]', '"ErrorEquals": ["Other"]'))
    mocks = MOCKS | {"Pack": [{"Throw": {"Error": "Broken", "Cause": "it broke"}}]}
    result = compare_on_engine(ORDER, INPUT, mocks=mocks)
    assert not result.agrees
    assert "error: None on Step Functions, 'Broken' on Airflow" in result.outcome
    [pack] = [state for state in result.states if state.state == "Pack"]
    assert "left on Step Functions, not left on Airflow" in pack.differences


def test_a_way_that_was_cut_does_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    change_source(monkeypatch, ("    send >> note\n", ""))
    with pytest.raises(AirflowRunFailed, match="no edge leads to its task: add Send >> Note"):
        compare_on_engine(ORDER, INPUT, mocks=MOCKS)


def test_a_task_that_ends_a_way_by_itself_leaves_the_run_without_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = "ShortCircuitOperator(task_id='stop', python_callable=lambda: False)"
    stopped = f"    from {PythonOperator.__module__} import ShortCircuitOperator\n    send >> {stop} >> note\n"
    change_source(monkeypatch, ("    send >> note\n", stopped))
    with pytest.raises(AirflowRunFailed, match="ended as success without an outcome"):
        compare_on_engine(ORDER, INPUT, mocks=MOCKS)


def test_a_file_that_does_not_import_is_told_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    change_source(monkeypatch, ("from airflow import DAG\n", "from airflow import DAG\nimport nonsense\n"))
    with pytest.raises(AirflowRunFailed, match=r"does not import:\n(.|\n)*No module named 'nonsense'"):
        compare_on_engine(ORDER, INPUT, mocks=MOCKS)


def test_a_definition_that_is_wrong_never_gets_to_airflow() -> None:
    with pytest.raises(InvalidDefinition):
        compare_on_engine(machine({"A": go("B")}), {})


def test_a_task_without_a_mock_is_told_by_either_side() -> None:
    with pytest.raises(UsageError, match=r"state 'Reserve' calls .* but has no mock"):
        compare_on_engine(ORDER, INPUT, mocks={})
    with pytest.raises(AirflowRunFailed, match=r"state 'Reserve' calls .* but has no mock"):
        run_on_airflow(ORDER, INPUT, mocks={})


def test_a_wait_that_was_shortened_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    change_source(monkeypatch, ("seconds=60", "seconds=6"))
    result = compare_on_engine(ORDER, INPUT, mocks={"Reserve": [{"Return": {"state": "none"}}]})
    [rest] = [state for state in result.states if not state.agrees]
    assert (rest.state, rest.differences) == ("Rest", ("60.0 seconds on Step Functions, 6.0 on Airflow",))


def test_random_values_are_the_same_on_both_sides() -> None:
    draw = {
        "Type": "Pass",
        "Parameters": {"id.$": "States.UUID()", "n.$": "States.MathRandom(1, 1000000)", "in.$": "$"},
    }
    none = {"Type": "Map", "Items": [], "QueryLanguage": "JSONata", "ItemProcessor": machine({"None": END})}
    failing = none | {"Items": "{% $error('no items') %}", "ItemProcessor": machine({"No one": END})}
    random = "{% [$uuid(), $random()] %}"
    caught = [{"ErrorEquals": ["States.ALL"], "Output": random, "Assign": {"v": "{% $uuid() %}"}, "Next": "Again"}]
    distributed = {
        **{"Type": "Map", "Items": [], "QueryLanguage": "JSONata", "Output": random, "Next": "Draw again"},
        "ItemProcessor": machine({"Own": END}, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}),
    }
    jitter = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 100, "JitterStrategy": "FULL"}]
    definition = machine(
        {
            "Draw": draw | {"Next": "Try"},
            "Try": call("Each", Retry=jitter, ResultPath="$.tried"),
            "Each": {
                **{"Type": "Map", "Items": [1, 2], "QueryLanguage": "JSONata", "Next": "None at all"},
                "ItemProcessor": machine({"Draw one": draw | {"End": True}}),
                "Assign": {"each": "{% $states.result %}"},
            },
            "None at all": none | {"Output": random, "Next": "Failing"},
            "Failing": failing | {"Catch": caught, "Next": "Again"},
            "Again": distributed,
            "Draw again": draw | {"End": True},
        }
    )
    result = compare_on_engine(definition, {}, mocks={"Try": [BUSY, BUSY, {"Return": 1}]})
    assert result.agrees
    drawn = result.expected.output
    assert len({drawn["id"], *drawn["in"]}) == 3


def test_what_is_made_of_the_execution_s_name_agrees() -> None:
    parameters = {
        "encoded.$": "States.Base64Encode($$.Execution.Id)",
        "digest.$": "States.Hash($$.Execution.Name, 'SHA-256')",
        "drawn.$": "States.UUID()",
    }
    definition = machine({"Make": {"Type": "Pass", "Parameters": parameters, "End": True}})
    result = compare_on_engine(definition, {})
    assert result.agrees, [state.differences for state in result.states]


def test_the_same_mocks_can_be_used_again() -> None:
    from sfn_provider.engine import Mocks

    mocks = Mocks.from_mapping(MOCKS)
    assert compare_on_engine(ORDER, INPUT, mocks=mocks).agrees
    assert not mocks.calls


def test_objects_alone_are_enough_to_read_items() -> None:
    definition = machine(
        {
            "Each": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": "b", "Key": "k"},
                },
                "ItemProcessor": machine(
                    {"One": END}, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
                ),
                "End": True,
            }
        }
    )
    assert run_on_airflow(definition, {}, objects={"s3://b/k": '[{"n": 1}]'}).output == [{"n": 1}]


def test_times_of_tasks_and_between_them() -> None:
    run = compare_on_engine(ORDER, INPUT, mocks=MOCKS).airflow
    assert [state for time in run.times for state in time.states][:1] == [next(iter(ORDER["States"]))]
    assert run.times[0].started == 0
    assert all(time.seconds > 0 for time in run.times)
    assert 0 < run.seconds_between < run.seconds


def test_time_between_tasks_does_not_count_side_by_side_tasks_twice() -> None:
    times = tuple(TaskTime("t", -1, (), started, seconds) for started, seconds in ((0, 4), (1, 2), (3, 3), (8, 1)))
    assert AirflowRun(Execution("SUCCEEDED"), times, 0, 10.0).seconds_between == 10 - 7
