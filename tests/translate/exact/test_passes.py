from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from sfn_provider.asl import parse
from sfn_provider.asl.model import STATE_TYPES
from sfn_provider.translate import DagPlan, TaskPlan, translate
from sfn_provider.translate.exact.passes import PASSES, add_arguments, collapse_loops, open_groups, order_by_flow
from sfn_provider.translate.exact.state_tasks import PLANNERS, plan_state, plan_states, state_arguments
from sfn_provider.translate.plan.model import OPERATORS
from tests.fixtures.machines.definitions import END, call, choose, go, machine

AGAIN = {"Retry": [{"ErrorEquals": ["States.ALL"]}]}
"""With it, a Parallel or Map is one task."""

BODY = machine({"In": END})
ALL_TYPES = machine(
    {
        "Task": call("Pass"),
        "Pass": go("Choice"),
        "Choice": choose("$.x", {"y": "Wait"}, "Fail"),
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Parallel"},
        "Parallel": {"Type": "Parallel", "Branches": [BODY], "Next": "Map"},
        "Map": {"Type": "Map", "ItemProcessor": machine({"Each": END}), "Next": "Succeed"},
        "Succeed": {"Type": "Succeed"},
        "Fail": {"Type": "Fail"},
    }
)


def test_there_is_a_planner_for_each_of_the_eight_types() -> None:
    assert set(PLANNERS) == set(STATE_TYPES.values())
    assert len(PLANNERS) == 8


def test_each_type_has_its_operator() -> None:
    planned = plan_states(parse(ALL_TYPES))
    assert [(task.title, task.states, task.operator) for task in planned] == [
        (name, (name,), f"{OPERATORS}.{name}StateOperator") for name in ALL_TYPES["States"]
    ]


def test_an_unknown_type_is_an_error_that_names_it() -> None:
    class Sleep(BaseModel):
        """A type that the language does not have."""

    with pytest.raises(TypeError, match="no planner for a state of type Sleep"):
        plan_state("A", Sleep())  # type: ignore[arg-type]


def _plan(states: dict[str, Any], **fields: Any) -> DagPlan:
    return translate(machine(states, **fields), dag_id="x").plan


def test_arguments_are_what_the_definition_says_and_no_defaults() -> None:
    state = call("End", Parameters={"b": 1, "a": None}, ResultPath=None, Comment="why", Retry=[{"ErrorEquals": ["E"]}])
    [task, _] = _plan({"A": state, "End": END}).tasks
    assert dict(task.arguments) == {
        "resource": state["Resource"],
        "parameters": {"b": 1, "a": None},
        "result_path": None,
        "retry": [{"ErrorEquals": ["E"]}],
        "next": "End",
    }
    assert next(iter(task.arguments)) == "resource" and list(task.arguments)[-1] == "next"
    assert list(task.arguments["parameters"]) == ["b", "a"]
    assert task.comment == "why"


def test_a_state_that_says_the_defaults_keeps_them() -> None:
    [task] = _plan({"A": {"Type": "Pass", "InputPath": "$", "ResultPath": "$", "End": True}}).tasks
    assert dict(task.arguments) == {"input_path": "$", "result_path": "$", "end": True}


@pytest.mark.parametrize(
    ("machines", "own", "told"),
    [
        ("JSONPath", None, None),
        ("JSONPath", "JSONPath", None),
        ("JSONPath", "JSONata", "JSONata"),
        ("JSONata", None, "JSONata"),
        ("JSONata", "JSONata", "JSONata"),
    ],
)
def test_the_operator_is_told_a_language_that_is_not_the_default(
    machines: str, own: str | None, told: str | None
) -> None:
    state = END | ({"QueryLanguage": own} if own else {})
    [task] = _plan({"A": state}, QueryLanguage=machines).tasks
    assert task.arguments.get("query_language") == told


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_states_inside_of_a_state_with_its_own_language_keep_the_machines(kind: str) -> None:
    inside = {"Branches": [BODY]} if kind == "Parallel" else {"ItemProcessor": BODY}
    [task] = _plan({"A": {"Type": kind, "QueryLanguage": "JSONata", **inside, **AGAIN, "End": True}}).tasks
    [branch] = task.arguments["branches"] if kind == "Parallel" else [task.arguments["item_processor"]]
    assert (task.arguments["query_language"], branch["QueryLanguage"]) == ("JSONata", "JSONPath")


def test_a_definition_is_not_changed_by_planning() -> None:
    definition = machine({"A": {"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [BODY], "End": True}})
    model = parse(definition).states["A"]
    before = model.model_dump()
    state_arguments(model, "JSONPath")
    assert model.model_dump() == before
    assert "QueryLanguage" not in definition["States"]["A"]["Branches"][0]


def test_inner_states_read_type_first_and_way_on_last() -> None:
    inner = {"Next": "End", "Result": 1, "Comment": "c", "Type": "Pass"}
    branches = [machine({"In": inner, "End": END})]
    [task] = _plan({"A": {"Type": "Parallel", "Branches": branches, **AGAIN, "End": True}}).tasks
    [branch] = task.arguments["branches"]
    assert branch["States"]["In"] == inner
    assert list(branch["States"]["In"]) == ["Type", "Comment", "Result", "Next"]
    assert list(branch) == ["StartAt", "States"]


LOOP = {
    "Start": go("Poll"),
    "Poll": call("Done?", Catch=[{"ErrorEquals": ["E"], "Next": "Mend"}]),
    "Done?": choose("$.x", {"yes": "Stop", "no": "Rest"}, "Give up"),
    "Rest": {"Type": "Wait", "Seconds": 5, "Next": "Poll", "Comment": "Patience"},
    "Mend": go("Stop"),
    "Give up": {"Type": "Fail"},
    "Stop": END,
}


def test_a_loop_becomes_one_task_that_leaves_by_every_exit() -> None:
    plan = _plan(LOOP)
    [loop] = [task for task in plan.tasks if {"Poll", "Rest", "Done?"} & {*task.states}]
    assert loop == TaskPlan(
        states=("Poll", "Done?", "Rest"),
        operator=f"{OPERATORS}.LoopOperator",
        arguments={"states": {name: LOOP[name] for name in ("Poll", "Done?", "Rest")}},
        targets=("Mend", "Stop", "Give up"),
        comment="Loop of Poll, Done?, Rest",
        title="Poll loop",
    )


def test_a_loop_in_jsonata_says_so() -> None:
    wait = {"Type": "Wait", "Seconds": "{% 1 %}", "Next": "B"}
    plan = _plan(
        {
            "A": wait,
            "B": {"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "A"}], "Default": "C"},
            "C": {"Type": "Succeed"},
        },
        QueryLanguage="JSONata",
    )
    [loop] = [task for task in plan.tasks if "A" in task.states]
    assert loop.arguments["query_language"] == "JSONata"
    assert list(loop.arguments) == ["query_language", "states"]


def test_a_distributed_map_in_a_loop_stays_in_the_loop() -> None:
    body = machine({"Each": END}, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
    states = {"A": {"Type": "Map", "ItemProcessor": body, "Next": "B"}, "B": choose("$.x", {"y": "A"}, "C"), "C": END}
    [loop, _] = _plan(states).tasks
    assert (loop.states, loop.operator, loop.targets) == (("A", "B"), f"{OPERATORS}.LoopOperator", ("C",))
    assert list(loop.arguments["states"]) == ["A", "B"]


def test_tasks_carry_the_models_of_their_states() -> None:
    plan = _plan(LOOP)
    assert [task.models for task in plan.tasks] == [
        tuple(plan.machine.states[name] for name in task.states) for task in plan.tasks
    ]


def test_a_loop_begins_with_the_state_that_the_execution_starts_at() -> None:
    plan = translate(
        {"StartAt": "B", "States": {"A": go("B"), "B": choose("$.x", {"y": "A"}, "C"), "C": END}}, dag_id="x"
    ).plan
    [loop] = [task for task in plan.tasks if "A" in task.states]
    assert loop.states == ("B", "A")
    assert list(loop.arguments["states"]) == ["B", "A"]
    assert loop.title == "B loop"


def test_tasks_stand_in_the_order_of_the_flow() -> None:
    states = {"End": END, "Mend": go("End"), "Poll": LOOP["Poll"] | {"Next": "End"}, "Start": go("Poll")}
    plan = translate({"StartAt": "Start", "States": states}, dag_id="x").plan
    assert [task.title for task in plan.tasks] == ["Start", "Poll", "Mend", "End"]


def test_the_passes_run_in_this_order() -> None:
    assert PASSES["state"] == (collapse_loops, open_groups, add_arguments, order_by_flow)


def test_a_plan_has_the_machines_limit_comment_and_params() -> None:
    plan = translate(
        machine({"A": END}, TimeoutSeconds=90, Comment="About"), dag_id="x", params={"a": 1}, origin="f"
    ).plan
    assert (plan.timeout, plan.description, plan.params, plan.origin, plan.start_at) == (
        90,
        "About",
        {"a": 1},
        "f",
        "A",
    )


def test_the_types_of_the_table_are_those_of_the_model() -> None:
    from sfn_provider.asl.model import State

    assert set(get_args(get_args(State)[0])) == set(PLANNERS)
