"""Mistakes in the fields of a DAG's states: the DAG does not import, in the linter's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sfn_provider._compat import DAG
from sfn_provider.exceptions import InconsistentFlow
from sfn_provider.operators.groups import ParallelStartOperator
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    FailStateOperator,
    LoopOperator,
    MapStateOperator,
    ParallelStateOperator,
    PassStateOperator,
    TaskStateOperator,
    WaitStateOperator,
)
from sfn_provider.runtime.flow.check import read_flow

Json = Any
INTEGRATION = "arn:aws:states:::"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
BIG = {"Variable": "$.n", "NumericGreaterThan": 10}


@dataclass(frozen=True)
class Case:
    """A task with a mistake, and a part of what is reported; an empty text for a task without one."""

    name: str
    make: Callable[[], Any]
    problem: str = ""


def rule(name: str, problem: str, **fields: Json) -> Case:
    """A Choice with one rule."""
    choices = [{**fields, "Next": "B"}]
    return Case(name, lambda: ChoiceStateOperator(task_id="C", choices=choices, default="B"), problem)


def task(name: str, problem: str, **arguments: Json) -> Case:
    arguments = {"resource": LAMBDA, "end": True, **arguments}
    return Case(name, lambda: TaskStateOperator(task_id="T", **arguments), problem)


def call(name: str, integration: str, problem: str) -> Case:
    parameters = {"JobName": "a", "Arguments.$": "$$.Task.Token"} if "glue" in integration else {"TableName": "t"}
    return task(name, problem, resource=INTEGRATION + integration, parameters=parameters)


def loop(name: str, problem: str, **fields: Json) -> Case:
    state = {"Type": "Task", "Resource": LAMBDA, "Next": "A", **fields}
    return Case(name, lambda: LoopOperator(task_id="L", states={"A": state}), problem)


def each(name: str, problem: str, inner: dict[str, Json], **arguments: Json) -> Case:
    """A Map with one state for each item."""
    processor = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True, **inner}}}
    arguments = {"item_processor": processor, "end": True, **arguments}
    return Case(name, lambda: MapStateOperator(task_id="M", **arguments), problem)


def set_later(**attributes: Json) -> Callable[[], Any]:
    def make() -> Any:
        made = PassStateOperator(task_id="A", end=True)
        for name, value in attributes.items():
            setattr(made, name, value)
        return made

    return make


WRONG_RULE = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": "1", "Next": "A"}], "Default": "A"}
CASES = [
    rule("a number as a text", "NumericEquals takes a number, not '10'", Variable="$.n", NumericEquals="10"),
    rule("not a number", 'choices[0]["NumericGreaterThan"]: nan is no', **{**BIG, "NumericGreaterThan": float("nan")}),
    rule("a decimal", "a Python Decimal is no JSON value", **{**BIG, "NumericGreaterThan": Decimal(10)}),
    rule("true as a text", "BooleanEquals takes true or false, not 'true'", Variable="$.b", BooleanEquals="true"),
    rule("true as a number", "BooleanEquals takes true or false, not 1", Variable="$.b", BooleanEquals=1),
    rule("a text as a number", "StringEquals takes a string, not 20", Variable="$.s", StringEquals=20),
    rule("a test with a text", "IsPresent takes true or false, not 'true'", Variable="$.s", IsPresent="true"),
    rule("a test with null", "IsPresent takes true or false, not None", Variable="$.s", IsPresent=None),
    rule("no time", "TimestampEquals takes a time such as", Variable="$.t", TimestampEquals="yesterday"),
    rule("a path that is none", "NumericEqualsPath takes a path, not 10", Variable="$.n", NumericEqualsPath=10),
    rule("an empty Or", 'choices[0]["Or"]: Or cannot be empty', Or=[]),
    rule("an empty And", 'choices[0]["And"]: And cannot be empty', And=[]),
    rule("a list in Not", 'choices[0]["Not"]: expected an object, not a list', Not=[BIG]),
    rule("two comparisons", "a rule compares once, but this one has", **BIG, NumericLessThan=100),
    rule("a comparison without Variable", "NumericEquals needs Variable", NumericEquals=10),
    rule("Next inside", 'choices[0]["And"][0]["Next"]: a rule inside', And=[{**BIG, "Next": "B"}]),
    rule("a misspelt comparison", "did you mean 'NumericEquals'?", Variable="$.n", NumericEqals=10),
    rule("no path", "'n' is not a JSONPath", **{**BIG, "Variable": "n"}),
    rule("an open bracket", "'$.n[' is not a JSONPath", **{**BIG, "Variable": "$.n["}),
    rule("a condition in JSONPath", "Condition belongs to JSONata", Condition="{% true %}"),
    task(
        "a misspelt field of a retrier",
        "did you mean 'IntervalSeconds'?",
        retry=[{"ErrorEquals": ["A"], "Interval": 1}],
    ),
    task("no ErrorEquals", "'ErrorEquals' is required in a retrier", retry=[{"IntervalSeconds": 1}]),
    task("fewer than no attempts", "must be at least 0, not -2", retry=[{"ErrorEquals": ["A"], "MaxAttempts": -2}]),
    task("a retrier that is no list", "retry: expected a list", retry={"ErrorEquals": ["A"]}),
    task("a misspelt ResultPath", "did you mean 'ResultPath'?", catch=[{"ErrorEquals": ["A"], "ResultPth": "$.x"}]),
    task("a misspelt ErrorEquals", "did you mean 'ErrorEquals'?", catch=[{"ErrorEqual": ["A"]}]),
    task("an open bracket in ResultPath", "result_path: '$.load[' is not a JSONPath", result_path="$.load["),
    task("an empty resource", "resource: '' is not an ARN", resource=""),
    task("no time at all", "timeout_seconds: TimeoutSeconds must be at least 1, not 0", timeout_seconds=0),
    task("seconds as a text", "timeout_seconds: expected a number, not the string '5'", timeout_seconds="5"),
    task("a heartbeat that takes too long", "(6) must be smaller than", timeout_seconds=5, heartbeat_seconds=6),
    task("a misspelt function", "did you mean States.Format?", parameters={"Message.$": "States.Formt('a')"}),
    task("an open text", "is not a call of an intrinsic function", parameters={"a": [{"b.$": "States.Format('a"}]}),
    task("a date", 'parameters["a"]: a Python datetime is no JSON value', parameters={"a": datetime(2025, 1, 1)}),
    task("a misspelt language", "did you mean 'JSONata'?", query_language="JSONatta"),
    task("a field of the other language", "arguments: Arguments belongs to JSONata", arguments={}),
    Case(
        "error and error_path",
        lambda: FailStateOperator(task_id="F", error="a", error_path="$.b"),
        "error_path: 'Error' and 'ErrorPath' exclude one another",
    ),
    Case("no seconds", lambda: WaitStateOperator(task_id="W", end=True), "a Wait state needs one of 'Seconds'"),
    loop(
        "a misspelt type",
        "task 'L', state 'A': Type: state type 'Wiat' does not exist; did you mean 'Wait'?",
        Type="Wiat",
    ),
    loop("a misspelt field of a loop", "state 'A': Resorce: a Task state has no field 'Resorce'; did you", Resorce="x"),
    Case(
        "a rule of a loop",
        lambda: LoopOperator(task_id="L", states={"A": WRONG_RULE}),
        "task 'L', state 'A': Choices[0][\"NumericEquals\"]: NumericEquals takes a number, not '1'",
    ),
    Case(
        "a list of states",
        lambda: LoopOperator(task_id="L", states=[WRONG_RULE]),  # type: ignore[arg-type]
        "states is a list: give it the states of the loop by name",
    ),
    each("a misspelt field of an item's state", "has no field 'Resullt'; did you mean 'Result'?", {"Resullt": 1}),
    each("a misspelt type of an item's state", "state type 'Pas' does not exist", {"Type": "Pas"}),
    each("items that are no path", "items_path: 'load.items' is not a JSONPath", {}, items_path="load.items"),
    each("concurrency as a text", "max_concurrency: expected a number, not the string '1'", {}, max_concurrency="1"),
    each(
        "a misspelt mode",
        "did you mean 'DISTRIBUTED'?",
        {},
        item_processor={
            "ProcessorConfig": {"Mode": "DISTRIBUTD"},
            "StartAt": "I",
            "States": {"I": {"Type": "Pass", "End": True}},
        },
    ),
    Case(
        "no branches",
        lambda: ParallelStateOperator(task_id="P", branches=[], end=True),
        "branches: Branches of a Parallel state cannot be empty",
    ),
    Case(
        "no branches of a group", lambda: ParallelStartOperator(task_id="P", branches=[]), "branches is empty: name the"
    ),
    Case(
        "branches as a text",
        lambda: ParallelStartOperator(task_id="P", branches="L1"),  # type: ignore[arg-type]
        "branches is 'L1': give it a list",
    ),
    Case("a successor set later", set_later(next="Tell"), "next was set after the task was made, and is not read"),
    Case("parameters set later", set_later(parameters={}), "parameters was set after the task was made"),
    call("a misspelt action", "glue:startJobRn.sync", "did you mean 'startJobRun'?"),
    call("a misspelt service", "glu:startJobRun.sync", "did you mean 'glue'?"),
    call("a misspelt pattern", "glue:startJobRun.snc", "'arn:aws:states:::glue:startJobRun.snc' is not recognized"),
    call("a pattern that the action lacks", "glue:startJobRun.sync:2", "glue:startJobRun has no .sync:2"),
    call("a misspelt action of the AWS SDK", "aws-sdk:dynamodb:qury", "did you mean 'query'?"),
    call("a misspelt service of the AWS SDK", "aws-sdk:dynamdb:query", "did you mean 'dynamodb'?"),
    call("a job of the AWS SDK", "aws-sdk:glue:startJobRun.sync", "aws-sdk has no .sync"),
    task("a function with a pattern", "has no .sync", resource=f"{LAMBDA}.sync"),
    task("no ARN", "'start job' is not an ARN", resource="start job"),
    loop("a misspelt action in a loop", "did you mean 'startJobRun'?", Resource=INTEGRATION + "glue:startJobRn.sync"),
    each(
        "a misspelt action in a Map",
        "did you mean 'startJobRun'?",
        {"Type": "Task", "Resource": INTEGRATION + "glue:startJobRn.sync", "Parameters": {"JobName": "a"}},
    ),
    # No mistakes ------------------------------------------------------------------------------------------------------
    rule("tuples", "", And=(BIG, {"Variable": "$.n", "IsPresent": True})),
    rule("a rule without a comparison, which AWS accepts", "", Variable="$.n"),
    task("templates of Airflow", "", parameters={"day": "{{ ds }}", "x.$": "$.a[0].b"}, comment="{{ ds }}"),
    task("an unusual path", "", parameters={"x.$": "$..a[?(@.b > 1)]"}, result_path="$['a b']"),
    task("nested calls", "", parameters={"x.$": "States.Format('it\\'s {}', States.MathAdd($.a, -1))"}),
    task("a name without a value", "", resource="${Function}"),
    task("a function in China", "", resource=LAMBDA.replace("arn:aws:", "arn:aws-cn:")),
    task("an activity", "", resource="arn:aws:states:us-east-1:123456789012:activity:a"),
    call("a job", "glue:startJobRun.sync", ""),
    call("an action of the AWS SDK", "aws-sdk:glue:startJobRun", ""),
    call("an action of the AWS SDK with a task token", "aws-sdk:glue:startJobRun.waitForTaskToken", ""),
    task("JSONata", "", query_language="JSONata", arguments={"a": "{% 1 %}"}, output="{% 1 %}", assign={"b": 1}),
    Case("another attribute set later", set_later(owner="team")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_in_the_fields_of_a_state_is_reported_at_import(case: Case) -> None:
    with DAG(dag_id="d", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC)) as dag:
        made = case.make()
        if made.task_id == "C":
            made >> PassStateOperator(task_id="B", end=True)
    if not case.problem:
        assert read_flow(dag).tasks
        return
    with pytest.raises(InconsistentFlow) as raised:
        read_flow(dag)
    assert case.problem in str(raised.value)
    assert f"task {made.task_id!r}" in str(raised.value)
