"""The operators as a user writes them."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from sfn_provider._compat import AirflowException
from sfn_provider.asl.model import STATE_TYPES
from sfn_provider.operators import state_machine
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    LoopOperator,
    PassStateOperator,
    SucceedStateOperator,
    TaskStateOperator,
)
from sfn_provider.runtime.state_operator import StateOperator
from tests.fixtures.airflow.task_runs import dag
from tests.fixtures.machines.definitions import END, choose, go
from tests.fixtures.session.versions import AIRFLOW

OPERATORS: dict[str, type[StateOperator]] = {
    operator.state_type: operator
    for operator in vars(state_machine).values()
    if inspect.isclass(operator) and issubclass(operator, StateOperator) and hasattr(operator, "state_type")
}
COMMON = {"type", "comment", "query_language", "next", "end"}
REFUSED = {"Succeed": "assign", "Map": "arguments"}
"""Fields that the model has for its own convenience and lint refuses, as Step Functions does."""

STATES = sorted(STATE_TYPES)
MANY_STATES = ("Loop", "Segment")


def test_a_field_refuses_the_output_of_a_task() -> None:
    output = SucceedStateOperator(task_id="before").output
    with pytest.raises(ValueError, match=r"^parameters: cannot be the output of a task"):
        TaskStateOperator(task_id="a", resource="arn:aws:states:::sns:publish", parameters=output, end=True)
    braces = TaskStateOperator(task_id="b", resource="arn:aws:states:::sns:publish", parameters={"a": "{{ b }}"})
    assert braces.state_fields["Parameters"] == {"a": "{{ b }}"}


def test_there_is_an_operator_for_each_state_type_for_loops_and_for_segments() -> None:
    assert set(OPERATORS) == {*STATE_TYPES, *MANY_STATES}


@pytest.mark.parametrize("state_type", STATES)
def test_an_operator_takes_all_fields_of_its_state_and_no_others(state_type: str) -> None:
    known = set(STATE_TYPES[state_type].model_fields) - COMMON - {REFUSED.get(state_type)}
    assert set(OPERATORS[state_type].fields) == known


@pytest.mark.parametrize("state_type", [*STATES, *MANY_STATES])
def test_an_operator_documents_its_arguments(state_type: str) -> None:
    operator = OPERATORS[state_type]
    documented = re.findall(r"^    +(\w+): ", inspect.getdoc(operator) or "", re.MULTILINE)
    expected = operator.fields if state_type not in MANY_STATES else ("states",)
    assert sorted(documented) == sorted([*expected, "kwargs"])


@pytest.mark.parametrize("state_type", STATES)
def test_nothing_is_a_template(state_type: str) -> None:
    operator = OPERATORS[state_type](task_id="a", comment="{{ ds }}", state_name="{{ ds }}")
    assert (operator.template_fields, operator.template_ext) == ((), ())
    assert operator.state_name == "{{ ds }}"


def test_the_state_is_what_the_definition_says() -> None:
    task = TaskStateOperator(
        task_id="Call",
        resource="arn:aws:states:::sns:publish",
        parameters={"Message.$": "$"},
        result_path=None,
        timeout_seconds_path="$.t",
        retry=[{"ErrorEquals": ["E"]}],
        comment="why",
        next="Other",
    )
    expected = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"Message.$": "$"},
        "ResultPath": None,
        "TimeoutSecondsPath": "$.t",
        "Retry": [{"ErrorEquals": ["E"]}],
        "Comment": "why",
        "Next": "Other",
    }
    assert task.states == {"Call": expected}
    assert task.query_language == "JSONPath"


def test_the_state_may_have_another_name_than_the_task() -> None:
    assert PassStateOperator(task_id="Done", state_name="Done?", end=True).states == {
        "Done?": {"Type": "Pass", "End": True}
    }


def test_a_loop_has_the_states_that_it_is_given() -> None:
    states = {"Rest": {"Type": "Wait", "Seconds": 1, "Next": "Look"}, "Look": choose("$.x", {"no": "Rest"}, "End")}
    loop = LoopOperator(task_id="Rest_loop", states=states, query_language="JSONata")
    assert (loop.states, loop.query_language) == (states, "JSONata")


def test_arguments_of_airflow_go_to_airflow() -> None:
    task = SucceedStateOperator(
        task_id="a", trigger_rule="all_done", doc_md="mine", comment="theirs", pool="p", retries=3
    )
    assert (task.trigger_rule, task.doc_md, task.pool, task.retries) == ("all_done", "mine", "p", 3)


def test_a_task_waits_for_all_ways_that_may_lead_to_it() -> None:
    assert SucceedStateOperator(task_id="a").trigger_rule == "none_failed_min_one_success"


@pytest.mark.parametrize("argument", [{"resource": "x"}, {"Result": 1}, {"choices": []}, {"nonsense": 1}])
def test_fields_of_other_states_and_unknown_arguments_are_refused(argument: dict[str, Any]) -> None:
    # Airflow 2 has an exception of its own for it.
    with pytest.raises(TypeError if AIRFLOW >= (3,) else AirflowException, match=next(iter(argument))):
        PassStateOperator(task_id="a", **argument)


def test_the_connection_is_airflows_default_unless_given() -> None:
    assert (PassStateOperator(task_id="a").aws_conn_id, PassStateOperator(task_id="a").region_name) == (
        "aws_default",
        None,
    )
    other = PassStateOperator(task_id="a", aws_conn_id=None, region_name="eu-west-1")
    assert (other.aws_conn_id, other.region_name) == (None, "eu-west-1")


def test_default_args_of_the_dag_reach_all_states() -> None:
    from sfn_provider._compat import DAG

    with DAG("x", schedule=None, default_args={"aws_conn_id": "prod", "region_name": "eu-west-1", "retries": 2}):
        task = PassStateOperator(task_id="a", end=True)
    assert (task.aws_conn_id, task.region_name, task.retries) == ("prod", "eu-west-1", 2)


def test_killing_a_task_that_did_not_start_does_nothing() -> None:
    PassStateOperator(task_id="a").on_kill()


def test_an_operator_survives_being_copied_into_a_partial_dag() -> None:
    with dag() as whole:
        a, b = PassStateOperator(task_id="a", next="b"), PassStateOperator(task_id="b", end=True)
        a >> b
    part: Any = whole.partial_subset("b", include_upstream=False)
    assert part.get_task("b").states == {"b": END}
    assert a.states == {"a": go("b")}


def test_a_choice_has_its_rules_and_default() -> None:
    rules = choose("$.x", {"a": "A"})["Choices"]
    assert ChoiceStateOperator(task_id="Ask", choices=rules, default="B").states["Ask"] == choose(
        "$.x", {"a": "A"}, "B"
    )
