"""Machines, and what made cases do not reach of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.comparison_operators import COMPARISONS
from tests.compare.cases.machines import DONE, LAMBDA, choice, distributed, ends, machine, s3_reader, task


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
