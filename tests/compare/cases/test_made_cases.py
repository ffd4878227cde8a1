"""Made cases: what they reach of a machine, that they repeat, and what they say of the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.comparisons import COMPARISONS
from sfn_provider.asl.jsonata.program import Program
from sfn_provider.asl.resources import parse_resource
from sfn_provider.compare import make_cases
from sfn_provider.compare.cases import search
from sfn_provider.compare.cases.configuration import MadeCases, find_cases, made_mocks, mocks_for_input
from sfn_provider.compare.cases.data.task_results import sample_result
from sfn_provider.compare.cases.search_budget import SearchBudget
from sfn_provider.compare.coverage import observe_coverage
from sfn_provider.engine import simulate
from sfn_provider.engine.state_test.result_checks import check_result
from sfn_provider.integrations.result_shapes import find_result_shape

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:F"
SNS = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:T", "Message": "m"}
DONE = {"Type": "Succeed"}
SALES = Path("dags/sales_pipeline.asl.json")


def machine(start: str, states: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": start, "States": dict(states), **fields}


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA, "End": True} | fields


def choice(*rules: Mapping[str, Any], default: str = "No") -> dict[str, Any]:
    return {"Type": "Choice", "Choices": list(rules), "Default": default}


def ends(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, DONE)


def without_end(state: dict[str, Any], following: str) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "End"} | {"Next": following}


@dataclass(frozen=True)
class Case:
    """A machine whose cases reach everything, or all but something.

    Args:
        name: what is in it.
        definition: the machine.
        missed: what is not reached, with a part of the reason.
    """

    name: str
    definition: dict[str, Any]
    missed: dict[str, str] = field(default_factory=dict)


def inverse(rule: Mapping[str, Any]) -> dict[str, Any]:
    return machine("Check", {"Check": choice({**rule, "Next": "Yes"}), **ends("Yes", "No")})


OPERANDS = {"boolean": False, "numeric": 5, "string": "open", "timestamp": "2024-01-01T00:00:00Z", "match": "log-*.txt"}

COMPARISON_CASES = [
    Case(name, inverse({"Variable": "$.a.b", name: "$.x.y" if row.operand_is_path else OPERANDS.get(row.kind, value)}))
    for name, row in COMPARISONS.items()
    for value in ([True] if row.kind != "test" else [True, False])
]

FLOW = {
    "Get": without_end(
        task(ResultSelector={"s.$": "$.state", "n.$": "$.deep.n"}, ResultPath="$.r", OutputPath="$.r"), "Check"
    ),
    "Check": choice(
        {
            "And": [
                {"Variable": "$.s", "StringEquals": "ok"},
                {"Not": {"Variable": "$.n", "NumericGreaterThan": 3}},
            ],
            "Next": "A",
        },
        {"Or": [{"Variable": "$.s", "StringEquals": "bad"}, {"Variable": "$.n", "NumericEquals": 100}], "Next": "B"},
    ),
    **ends("A", "B", "No"),
}

SELECTED = {
    "Both": {
        "Type": "Parallel",
        "Branches": [{"StartAt": name, "States": {name: task()}} for name in ("Left", "Right")],
        "ResultSelector": {"n.$": "$[0].deep.n", "all.$": "$[1]"},
        "Next": "Check",
    },
    "Check": choice({"Variable": "$.n", "NumericGreaterThan": 3, "Next": "A"}),
    **ends("A", "No"),
}

POLLING = {
    "Start": without_end(task(ResultPath="$.job"), "Pause"),
    "Pause": {"Type": "Wait", "SecondsPath": "$.pause", "Next": "Describe"},
    "Describe": without_end(task(Parameters={"id.$": "$.job.id"}, ResultPath="$.job"), "State"),
    "State": choice(
        {"Variable": "$.job.state", "StringEquals": "DONE", "Next": "Yes"},
        {"Variable": "$.job.state", "StringEquals": "BROKEN", "Next": "Broken"},
        default="Pause",
    ),
    "Broken": {"Type": "Fail", "Error": "Broken"},
    **ends("Yes"),
}

JSONATA = {
    "Get": {
        **without_end(task(Resource="arn:aws:states:::lambda:invoke"), "Check"),
        "Arguments": {"FunctionName": LAMBDA, "Payload": "{% $states.input.order %}"},
        "Assign": {"total": "{% $states.result.Payload.total %}", "items": "{% $states.result.Payload.items %}"},
    },
    "Check": choice(
        {"Condition": "{% $total > 100 and $states.input.Payload.vip %}", "Next": "Vip"},
        {"Condition": "{% $count($items) = 0 %}", "Next": "Empty"},
        {"Condition": "{% $states.input.Payload.status in ['new', 'open'] %}", "Next": "New"},
        default="Each",
    ),
    "Each": {
        "Type": "Map",
        "Items": "{% $items %}",
        "ItemSelector": {"id": "{% $states.context.Map.Item.Value.id %}"},
        "ItemProcessor": machine(
            "Seven", {"Seven": choice({"Condition": "{% $states.input.id = 7 %}", "Next": "Yes"}), **ends("Yes", "No")}
        ),
        "End": True,
    },
    **ends("Vip", "Empty", "New"),
}


def distributed(reader: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    body = machine(
        "Who", {"Who": choice({"Variable": "$.who", "StringEquals": "bob", "Next": "Yes"}), **ends("Yes", "No")}
    )
    return {"Type": "Map", "ItemReader": reader, "ItemProcessor": config | body, "End": True, **fields}


def s3_reader(**config: Any) -> dict[str, Any]:
    parameters = {"Bucket.$": "$.bucket", "Key": "data"}
    return {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": parameters}


NESTED = {
    "Outer": {
        "Type": "Map",
        "ItemsPath": "$.orders",
        "ItemProcessor": machine(
            "Inner",
            {
                "Inner": {
                    "Type": "Map",
                    "ItemsPath": "$.lines",
                    "ItemSelector": {"id.$": "$$.Map.Item.Value.id", "order.$": "$.number"},
                    "ItemProcessor": machine("Work", {"Work": task(Retry=[{"ErrorEquals": ["States.ALL"]}])}),
                    "End": True,
                }
            },
        ),
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}],
        "End": True,
    },
    **ends("Caught"),
}

PARALLEL = {
    "Both": {
        "Type": "Parallel",
        "Branches": [
            machine(
                "A",
                {
                    "A": task(Catch=[{"ErrorEquals": ["Own"], "Next": "Mended"}]),
                    "Mended": {"Type": "Pass", "End": True},
                },
            ),
            machine(
                "B",
                {
                    "B": choice({"Variable": "$.bad", "IsPresent": True, "Next": "Bad"}, default="Good"),
                    "Bad": {"Type": "Fail", "Error": "Custom"},
                    "Good": {"Type": "Pass", "End": True},
                },
            ),
        ],
        "Retry": [{"ErrorEquals": ["Custom"], "MaxAttempts": 2}],
        "Catch": [
            {"ErrorEquals": ["Custom"], "Next": "X"},
            {"ErrorEquals": ["States.ALL"], "Next": "Y"},
        ],
        "Next": "Z",
    },
    **ends("X", "Y", "Z"),
}

TOKENS = {
    "Ask": {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
        "HeartbeatSeconds": 10,
        "TimeoutSeconds": 100,
        "Catch": [
            {"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Silent"},
            {"ErrorEquals": ["States.Timeout"], "Next": "Late"},
        ],
        "Next": "Do",
    },
    "Do": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:act", "End": True},
    **ends("Silent", "Late"),
}

COUNTER = {
    "Begin": {"Type": "Pass", "Result": {"n": 0}, "ResultPath": "$.i", "Next": "Many"},
    "Many": choice({"Variable": "$.i.n", "NumericGreaterThanEquals": 3, "Next": "Yes"}, default="Work"),
    "Work": without_end(task(ResultPath=None), "Count"),
    "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.i.n, 1)"}, "ResultPath": "$.i", "Next": "Many"},
    **ends("Yes"),
}

JSON_TEXT = {
    "Parse": {"Type": "Pass", "Parameters": {"body.$": "States.StringToJson($.message)"}, "Next": "Kind"},
    "Kind": choice(
        {"Variable": "$.body.kind", "StringEquals": "order", "Next": "Yes"},
        {"Variable": "$.body.total", "NumericGreaterThan": 10, "Next": "Big"},
    ),
    **ends("Yes", "Big", "No"),
}

SAME_VALUE = {
    "First": choice({"Variable": "$.kind", "StringEquals": "a", "Next": "No"}, default="Second"),
    "Second": choice(
        {"Variable": "$.kind", "StringEquals": "b", "Next": "Yes"},
        {"Variable": "$.kind", "StringEquals": "a", "Next": "Never"},
    ),
    **ends("Yes", "No", "Never"),
}

CASES = [
    Case("what a Parallel selects of a branch's result", machine("Both", SELECTED)),
    Case("values through ResultSelector, ResultPath and OutputPath", machine("Get", FLOW)),
    Case("a polling loop", machine("Start", POLLING)),
    Case(
        "JSONata",
        machine("Get", JSONATA, QueryLanguage="JSONata"),
        {"Map 'Each' with no items": "no values were found"},
    ),
    Case(
        "numbers of the input in typed fields of JSONata",
        machine(
            "Pause",
            {
                "Pause": {"Type": "Wait", "Seconds": "{% $states.context.Execution.Input.pause %}", "Next": "Work"},
                "Work": task(TimeoutSeconds="{% $states.context.Execution.Input.limit %}"),
            },
            QueryLanguage="JSONata",
        ),
    ),
    Case("Maps in Maps", machine("Outer", NESTED)),
    Case("catchers and retriers of a Parallel", machine("Both", PARALLEL)),
    Case("task tokens and activities", machine("Ask", TOKENS)),
    Case("JSON in text", machine("Parse", JSON_TEXT)),
    *(
        Case(
            f"an ItemReader of {config.get('InputType', 'JSON')}",
            machine(
                "Each",
                {
                    "Each": distributed(
                        s3_reader(**config),
                        ItemSelector={"who.$": "$$.Map.Item.Value.customer"},
                        Catch=[{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Caught"}],
                    ),
                    **ends("Caught"),
                },
            ),
        )
        for config in (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["id", "customer"]},
            {"InputType": "JSON"},
            {"InputType": "JSONL"},
            {"InputType": "PARQUET"},
        )
    ),
    Case(
        "members that a child execution reads of its item",
        machine("Each", {"Each": distributed(s3_reader(InputType="JSON"))}),
    ),
    Case(
        "a rule after one that takes its value",
        machine("First", SAME_VALUE),
        {"state 'Never'": "no values were found", "rule 2 of Choice 'Second'": "$.kind is always"},
    ),
    Case(
        "a loop that only counts",
        machine("Begin", COUNTER),
        {
            "the loop of state 'Many' left at once": "no values were found",
            "the loop of state 'Many' left after two turns": "no values were found",
        },
    ),
    Case(
        "a retrier behind one that takes everything",
        machine("T", {"T": task(Retry=[{"ErrorEquals": ["A", "B"]}, {"ErrorEquals": ["B"]}])}),
        {
            "a retry that helps of retrier 2 of Task 'T'": "an entry before it takes its errors",
            "a retry that does not help of retrier 2 of Task 'T'": "an entry before it takes its errors",
        },
    ),
    Case(
        "a retrier that never gives up",
        machine("T", {"T": task(Retry=[{"ErrorEquals": ["A"], "MaxAttempts": 9999}])}),
        {"a retry that does not help of retrier 1 of Task 'T'": "it retries more than 100 times"},
    ),
    Case(
        "a state that always fails",
        machine(
            "P",
            {
                "P": {"Type": "Pass", "Parameters": {"a": 1}, "Next": "Q"},
                "Q": {"Type": "Pass", "InputPath": "$.b", "Next": "R"},
                "R": DONE,
            },
        ),
        {"state 'R'": "executions fail in state 'Q': Invalid path '$.b'"},
    ),
]


def verify(definition: dict[str, Any], made: MadeCases) -> set[str]:
    """Run the made cases; return the keys of what they reach. None may need what its mocks lack."""
    observer = observe_coverage(definition)
    for mocks in made_mocks(made).values():
        simulate(definition, mocks.input, mocks=mocks.fresh(), observer=observer)
    return {part.key for part in observer.reached}


def jsonata_map(items: str, condition: str) -> dict[str, Any]:
    """A Map in JSONata whose items go to Yes where a condition holds, else to No."""
    choose = {"Type": "Choice", "Choices": [{"Condition": f"{{% {condition} %}}", "Next": "Yes"}], "Default": "No"}
    item = {"StartAt": "Choose", "States": {"Choose": choose, **ends("Yes", "No")}}
    each = {"Type": "Map", "Items": f"{{% {items} %}}", "ItemProcessor": item, "End": True}
    return machine("Each", {"Each": each}, QueryLanguage="JSONata")


ORDERS = "$states.input.orders"
NEITHER_ONE_NOR_NONE = {"Map 'Each' with one item": "executions fail", "Map 'Each' with no items": "executions fail"}
JSONATA_CASES = [
    Case(
        "items that a filter leaves",
        jsonata_map(f"{ORDERS}[open = true]", "$states.input.kind = 'a'"),
        NEITHER_ONE_NOR_NONE,
    ),
    Case("items of two lists", jsonata_map(f"$append({ORDERS}, $states.input.more)", "$states.input.kind = 'a'")),
    Case("the item in the context object", jsonata_map(ORDERS, "$states.context.Map.Item.Value.kind = 'a'")),
    Case("a time that has passed", jsonata_map(ORDERS, "$toMillis($states.input.due) < $millis()")),
    Case(
        "an input that is merged",
        jsonata_map(ORDERS, "$merge([$states.input, {'b': 1}]).b = 1 and $states.input.kind = 'a'"),
    ),
]


@pytest.mark.parametrize("case", [*CASES, *COMPARISON_CASES, *JSONATA_CASES], ids=lambda case: case.name)
def test_made_cases_reach_everything_but(case: Case) -> None:
    made = find_cases(parse(case.definition))
    assert set(made.not_reached) == set(case.missed)
    for what, reason in case.missed.items():
        assert reason in made.not_reached[what]
    reached = verify(case.definition, made)
    assert reached == {part.key for part in made.coverage.reached}
    assert made.configuration.get("NotReached", {}) == made.not_reached


def test_the_same_definition_makes_the_same_bytes() -> None:
    for definition in (machine("Start", POLLING), machine("Get", JSONATA, QueryLanguage="JSONata")):
        assert json.dumps(make_cases(definition)) == json.dumps(make_cases(json.dumps(definition)))


def test_the_sales_pipeline_takes_five_cases() -> None:
    made = make_cases(SALES.read_text(encoding="utf-8"))
    assert list(made["StateMachines"]["StateMachine"]["TestCases"]) == [
        "NotifySuccess",
        "NotifyQualityFailure",
        "NotifyFailure",
        "RunGlueTransformRetryHelps",
        "RunGlueTransformRetryFails",
    ]
    assert "NotReached" not in made
    assert made["Inputs"]["StateMachine/NotifySuccess"] == {"bucket": "example-bucket", "key": "incoming/example.csv"}
    scores = [
        made["MockedResponses"][name]["0"]["Return"]["quality_score"]
        for name in made["MockedResponses"]
        if name.startswith("CheckDataQuality")
    ]
    assert scores == [0.975, 0.475]


def test_calls_that_are_answered_alike_share_an_entry() -> None:
    definition = machine("T", {"T": task(Retry=[{"ErrorEquals": ["A"], "MaxAttempts": 3}])})
    responses = make_cases(definition)["MockedResponses"]
    assert list(responses["TThrowsA"]) == ["0-3"] or list(responses["TThrowsA"]) == ["0"]


RESOURCES = [
    "arn:aws:states:::glue:startJobRun.sync",
    "arn:aws:states:::athena:startQueryExecution.sync",
    "arn:aws:states:::batch:submitJob.sync",
    "arn:aws:states:::ecs:runTask.sync",
    "arn:aws:states:::dynamodb:getItem",
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::sns:publish",
    "arn:aws:states:::sqs:sendMessage",
    "arn:aws:states:::events:putEvents",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::sagemaker:createTrainingJob.sync",
    "arn:aws:states:::emr-serverless:startJobRun.sync",
    "arn:aws:states:::aws-sdk:s3:getObject",
    "arn:aws:states:::aws-sdk:ec2:describeInstances",
    "arn:aws:states:::aws-sdk:dynamodb:query",
    "arn:aws:states:::aws-sdk:rekognition:detectLabels",
]


@pytest.mark.parametrize("resource", RESOURCES)
def test_results_have_the_shape_of_the_service_s_model(resource: str) -> None:
    shape = find_result_shape(parse_resource(resource))
    result = sample_result(resource)
    assert isinstance(result, dict)
    if shape is not None:
        check_result(result, shape, strict=True)


def test_what_a_later_state_reads_of_a_result_has_the_type_in_the_model() -> None:
    definition = machine(
        "Run",
        {
            "Run": without_end(
                task(Resource="arn:aws:states:::ecs:runTask.sync", Parameters={"TaskDefinition": "t"}), "Code"
            ),
            "Code": choice({"Variable": "$.Containers[0].ExitCode", "NumericEquals": 0, "Next": "Yes"}),
            **ends("Yes", "No"),
        },
    )
    made = make_cases(definition)
    codes = [entry["0"]["Return"]["Containers"][0]["ExitCode"] for entry in made["MockedResponses"].values()]
    assert sorted(codes) == [0, 1]
    assert "NotReached" not in made


def test_a_member_that_the_service_never_returns_is_not_made_up() -> None:
    definition = machine(
        "Send",
        {
            "Send": without_end(task(Resource="arn:aws:states:::sns:publish", Parameters=SNS), "Use"),
            "Use": {"Type": "Pass", "Parameters": {"x.$": "$.Receipt"}, "Next": "After"},
            "After": DONE,
        },
    )
    made = make_cases(definition)
    assert "could not be found" in made["NotReached"]["state 'After'"]


def test_nothing_is_added_to_an_input_of_the_user_s() -> None:
    definition = parse(machine("Get", FLOW))
    given = {"kept": [1, 2]}
    mocks = mocks_for_input(definition, given)
    assert given == {"kept": [1, 2]}
    execution = simulate(definition, given, mocks=mocks)
    assert execution.status == "SUCCEEDED"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_case_has_objects_of_its_own_where_it_reads_others(count: int) -> None:
    made = find_cases(parse(machine("Each", {"Each": distributed(s3_reader(InputType="JSON"))})))
    lengths = [len(json.loads(next(iter(mocks.objects.values())))) for mocks in made_mocks(made).values()]
    assert count in lengths


def test_a_bucket_is_empty_in_the_case_without_items() -> None:
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b", "Prefix": "data/"}}
    each = distributed(reader)
    each["ItemProcessor"]["States"] = {"Work": task()}
    each["ItemProcessor"]["StartAt"] = "Work"
    definition = machine("Each", {"Each": each})
    made = find_cases(parse(definition))
    ends = [simulate(definition, mocks.input, mocks=mocks) for mocks in made_mocks(made).values()]
    assert {execution.status for execution in ends} == {"SUCCEEDED"}
    assert sorted(len(execution.output) for execution in ends) == [0, 1, 2]


@pytest.mark.parametrize("resource", ["apigateway:invoke", "http:invoke"])
def test_the_answer_of_an_endpoint_has_what_step_functions_always_gives(resource: str) -> None:
    result = sample_result(f"arn:aws:states:::{resource}")
    assert isinstance(result, dict)
    assert set(result) == {"ResponseBody", "Headers", "StatusCode", "StatusText"}


def test_a_search_ends_after_counted_work(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [{"Variable": "$.a", "NumericEquals": number, "Next": f"S{number}"} for number in range(60)]
    states = {"Choose": choice(*rules), **ends("No", *(f"S{number}" for number in range(60)))}
    definition = parse(machine("Choose", states))
    assert find_cases(definition).not_reached == {}
    monkeypatch.setattr(search, "SearchBudget", partial(SearchBudget, 100_000))
    made = find_cases(definition)
    assert 0 < len(made.names) < 60
    assert set(made.not_reached.values()) == {"the search has ended after 100,000 steps"}
    assert find_cases(definition).configuration == made.configuration


def test_evaluations_of_expressions_count_for_the_work_of_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    output = {f"p{n}": f"{{% $count([1..{160_000 + n}]) %}}" for n in range(30)}
    definition = parse(machine("A", {"A": {"Type": "Pass", "Output": output, "End": True}}, QueryLanguage="JSONata"))
    evaluated: list[str] = []
    evaluate = Program.evaluate
    monkeypatch.setattr(Program, "evaluate", lambda self, *args: evaluated.append("") or evaluate(self, *args))
    monkeypatch.setattr(search, "SearchBudget", partial(SearchBudget, 400_000))
    assert find_cases(definition).not_reached == {"state 'A'": "the search has ended after 400,000 steps"}
    assert 1 < len(evaluated) < 30
