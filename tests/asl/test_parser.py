from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

import sfn_provider.asl
from sfn_provider.asl import Diagnostic, InvalidDefinition, StateMachine, dump, lint, parse
from sfn_provider.asl.model import STATE_TYPES, ChoiceRule, Map, Pass, Task

MINIMAL = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}

EVERYTHING = {
    "Comment": "one of each",
    "Version": "1.0",
    "TimeoutSeconds": 3600,
    "StartAt": "Prepare",
    "States": {
        "Prepare": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.prepared", "Next": "Call"},
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "resize", "Payload.$": "$"},
            "TimeoutSeconds": 60,
            "HeartbeatSeconds": 20,
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"], "BackoffRate": 1.5}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Failed"}],
            "ResultPath": "$.called",
            "Next": "Pick",
        },
        "Pick": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.n", "NumericGreaterThan": 2, "Next": "Pause"},
                {
                    "And": [
                        {"Variable": "$.m", "IsPresent": True},
                        {"Not": {"Variable": "$.m", "StringEqualsPath": "$.k"}},
                    ],
                    "Next": "Fan out",
                },
            ],
            "Default": "Each",
        },
        "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Pick"},
        "Fan out": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "L", "States": {"L": {"Type": "Pass", "End": True}}},
                {"StartAt": "R", "States": {"R": {"Type": "Succeed"}}},
            ],
            "ResultSelector": {"left.$": "$[0]"},
            "Next": "Done",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 3,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "One",
                "States": {"One": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": True}},
            },
            "Next": "Done",
        },
        "Failed": {"Type": "Fail", "Error": "Gone", "CausePath": "$.why"},
        "Done": {"Type": "Succeed", "OutputPath": None},
    },
}


def test_everything_parses_without_a_word() -> None:
    machine = parse(EVERYTHING)
    assert lint(EVERYTHING) == []
    assert [type(state) for state in machine.states.values()] == [
        STATE_TYPES[name] for name in ("Pass", "Task", "Choice", "Wait", "Parallel", "Map", "Fail", "Succeed")
    ]
    call, pick = machine.states["Call"], machine.states["Pick"]
    assert isinstance(call, Task) and call.retry[0].max_attempts == 0 and call.catch[0].result_path is None
    assert pick.choices[1].and_[1].not_ == ChoiceRule(variable="$.m", comparison="StringEqualsPath", operand="$.k")


def test_text_and_object_give_the_same_machine() -> None:
    assert parse(json.dumps(EVERYTHING, indent=2)) == parse(EVERYTHING)


def test_dump_gives_the_definition_back() -> None:
    assert dump(parse(EVERYTHING)) == EVERYTHING


def test_yaml() -> None:
    machine = parse("StartAt: Hold\nStates:\n  Hold:\n    Type: Wait\n    Seconds: 3\n    End: true\n")
    assert machine == parse({"StartAt": "Hold", "States": {"Hold": {"Type": "Wait", "Seconds": 3, "End": True}}})


def test_warnings_do_not_stop_parse() -> None:
    text = '// mine\n{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'
    assert parse(text) == parse(MINIMAL)
    assert [(found.level, found.code, found.line) for found in lint(text)] == [("warning", "JSON_COMMENT", 1)]


def test_legacy_iterator() -> None:
    body = {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
    machine = parse({"StartAt": "Each", "States": {"Each": {"Type": "Map", "Iterator": body, "End": True}}})
    each = machine.states["Each"]
    assert isinstance(each, Map) and isinstance(each.body.states["One"], Pass) and not each.distributed


def test_invalid_definition_carries_everything_in_order() -> None:
    text = """{
  "StartAt": "Go",
  "States": {
    "Go": {"Type": "Parllel", "Next": "Stop"},  // typo
    "Call": {"Type": "Task", "Nxt": "Stop"},
    "Stop": {"Type": "Wait", "Seconds": -1, "End": true}
  }
}"""
    with pytest.raises(InvalidDefinition) as caught:
        parse(text)
    found = caught.value.diagnostics
    assert [(item.level, item.location, item.line, item.column) for item in found] == [
        ("warning", "", 4, 49),
        ("error", "/States/Go/Type", 4, 12),
        ("error", "/States/Call", 5, 5),
        ("error", "/States/Call", 5, 5),
        ("error", "/States/Call/Nxt", 5, 30),
        ("error", "/States/Stop/Seconds", 6, 30),
    ]
    assert "state type 'Parllel' does not exist; did you mean 'Parallel'?" in str(caught.value)
    assert "JSON_COMMENT" not in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).diagnostics == found


@dataclass(frozen=True)
class Shape:
    name: str
    state: Any
    location: str
    message: str


SHAPES = [
    Shape("no object", 5, "", "expected an object, not 5"),
    Shape("null", None, "", "expected an object, not null"),
    Shape("no type", {"End": True}, "", "the field 'Type' is required in a state"),
    Shape("type of another kind", {"Type": 5}, "/Type", "state type 5 does not exist"),
    Shape("unknown type", {"Type": "task"}, "/Type", "state type 'task' does not exist; did you mean 'Task'?"),
    Shape(
        "far from any type",
        {"Type": "Zzz"},
        "/Type",
        "state type 'Zzz' does not exist; the types are Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map",
    ),
    Shape("missing field", {"Type": "Task", "End": True}, "", "the field 'Resource' is required in a Task state"),
    Shape("number for text", {"Type": "Pass", "Comment": 1, "End": True}, "/Comment", "expected a string, not 1"),
    Shape("text for boolean", {"Type": "Pass", "End": "yes"}, "/End", "expected true or false, not 'yes'"),
    Shape(
        "number or text",
        {"Type": "Wait", "Seconds": True, "End": True},
        "/Seconds",
        "expected a whole number or a string, not true",
    ),
    Shape(
        "fraction",
        {"Type": "Wait", "Seconds": 1.5, "End": True},
        "/Seconds",
        "expected a whole number or a string, not 1.5",
    ),
    Shape(
        "object for list",
        {"Type": "Parallel", "Branches": {}, "End": True},
        "/Branches",
        "expected a list, not an object",
    ),
    Shape(
        "word that is not allowed",
        {"Type": "Pass", "QueryLanguage": "jsonata", "End": True},
        "/QueryLanguage",
        "'jsonata' is not one of JSONPath and JSONata; did you mean 'JSONata'?",
    ),
    Shape(
        "branch without its fields",
        {"Type": "Parallel", "Branches": [{}], "End": True},
        "/Branches/0",
        "the fields 'StartAt' and 'States' are required in a branch",
    ),
    Shape(
        "null where it cannot be",
        {"Type": "Pass", "Comment": None, "End": True},
        "/Comment",
        "Comment cannot be null; leave it out",
    ),
]


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: case.name)
def test_shape(case: Shape) -> None:
    found = lint({"StartAt": "A", "States": {"A": case.state, "Z": {"Type": "Succeed"}}})
    expected = "/States/A" + case.location
    assert [item.code for item in found if item.location == expected] == ["SCHEMA_VALIDATION_FAILED"]
    (message,) = [item.message for item in found if item.location == expected]
    assert message.startswith(case.message)


@pytest.mark.parametrize("kind", ["Pass", "Succeed", "Task"])
def test_the_type_in_lower_case_is_no_type(kind: str) -> None:
    state = {"type": kind, "Resource": "arn:aws:lambda:eu-west-1:1:function:f", "End": True}
    found = lint({"StartAt": "A", "States": {"A": state if kind == "Task" else {"type": kind}}})
    assert [(entry.level, entry.location) for entry in found if "did you mean 'Type'?" in entry.message] == [
        ("error", "/States/A/type")
    ]


WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}


@pytest.mark.parametrize(
    "where, fields, message",
    [
        ("", {"Startat": "A"}, "the state machine has no field 'Startat'; did you mean 'StartAt'?"),
        ("", {"start_at": "A"}, "the state machine has no field 'start_at'; did you mean 'StartAt'?"),
        ("/States/A", {"End ": True}, "a Task state has no field 'End '; did you mean 'End'?"),
        ("/States/A", {"Branches": []}, "a Task state has no field 'Branches'; it takes"),
        ("/States/A/Retry/0", {"Interval": 1}, "a retrier has no field 'Interval'; did you mean"),
        ("/States/A/Catch/0", {"nxt": "A"}, "a catcher has no field 'nxt'; did you mean 'Next'?"),
        (
            "/States/C/Choices/0",
            {"StringEqual": "x"},
            "a choice rule has no field 'StringEqual'; did you mean 'StringE",
        ),
        ("/States/C/Choices/0", {"Comparison": "x"}, "a choice rule has no field 'Comparison'"),
        ("/States/C/Choices/1/Not", {"Vriable": "x"}, "a choice rule has no field 'Vriable'; did you mean 'Variable'?"),
        ("/States/P/Branches/0", {"ProcessorConfig": {}}, "a branch has no field 'ProcessorConfig'"),
        ("/States/P/Branches/0", {"QueryLanguage": "JSONPath"}, "a branch has no field 'QueryLanguage'"),
        ("/States/P/Branches/0/States/S", {"Assign": {}}, "a Succeed state has no field 'Assign'"),
        ("/States/M", {"TimeoutSeconds": 1}, "a Map state has no field 'TimeoutSeconds'"),
        ("/States/M", {"Arguments": {}}, "a Map state has no field 'Arguments'"),
        ("/States/M/ItemProcessor", {"QueryLanguage": "JSONata"}, "ItemProcessor has no field 'QueryLanguage'"),
        (
            "/States/M/ItemProcessor/ProcessorConfig",
            {"Modus": 1},
            "ProcessorConfig has no field 'Modus'; did you mean 'Mode'?",
        ),
        ("/States/M/ItemReader", {"Resorce": "x"}, "ItemReader has no field 'Resorce'; did you mean 'Resource'?"),
        (
            "/States/M/ItemReader/ReaderConfig",
            {"CsvHeaders": []},
            "ReaderConfig has no field 'CsvHeaders'; did you mean 'CSVH",
        ),
        ("/States/M/ItemBatcher", {"MaxItems": 1}, "ItemBatcher has no field 'MaxItems'"),
        ("/States/M/ResultWriter", {"Bucket": "x"}, "ResultWriter has no field 'Bucket'"),
        ("/States/M/ResultWriter/WriterConfig", {"Output": "x"}, "WriterConfig has no field 'Output'"),
    ],
)
def test_unknown_fields(where: str, fields: dict[str, Any], message: str) -> None:
    inner = {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    definition: dict[str, Any] = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f",
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "C"}],
                "Next": "C",
            },
            "C": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.a", "StringEquals": "b", "Next": "P"},
                    {"Not": {"Variable": "$.a", "StringEquals": "b"}, "Next": "P"},
                ],
                "Default": "M",
            },
            "P": {"Type": "Parallel", "Branches": [inner], "Next": "M"},
            "M": {
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    "StartAt": "T",
                    "States": {"T": {"Type": "Succeed"}},
                },
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": "b", "Key": "k"},
                },
                "ItemBatcher": {"MaxItemsPerBatch": 10},
                "ResultWriter": {**WRITER, "WriterConfig": {"OutputType": "JSON"}},
                "End": True,
            },
        },
    }
    assert lint(definition) == []
    target = definition
    for part in where.split("/")[1:]:
        target = target[int(part)] if isinstance(target, list) else target[part]
    target.update(fields)
    found = [item for item in lint(definition) if item.location == f"{where}/{next(iter(fields))}"]
    assert [(item.level, item.code) for item in found] == [("error", "SCHEMA_VALIDATION_FAILED")]
    assert found[0].message.startswith(message)


def test_a_wrong_state_does_not_hide_the_others() -> None:
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Nope", "Next": "B"}, "B": {"Type": "Wait", "Seconds": -3, "Next": "Nowhere"}},
    }
    assert [item.location for item in lint(definition)] == [
        "/States/A/Type",
        "/States/B/Seconds",
        "/States/B/Next",
    ]


def test_machine_without_anything() -> None:
    assert lint({}) == [
        Diagnostic(
            "error",
            "SCHEMA_VALIDATION_FAILED",
            "the fields 'StartAt' and 'States' are required in the state machine",
        )
    ]


def test_execution_type_counts() -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:1:activity:approve", "End": True},
        },
    }
    assert isinstance(parse(definition), StateMachine)
    with pytest.raises(InvalidDefinition, match="EXPRESS"):
        parse(definition, execution_type="EXPRESS")


def test_lint_stays_a_function_when_its_package_is_imported() -> None:
    import sfn_provider.asl.lint_rules.rules

    assert callable(sfn_provider.asl.lint)
    from sfn_provider.asl.lint_rules.rules import RULES

    assert len(RULES) == len(set(RULES)) > 30


def test_unknown_names_of_the_package() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        sfn_provider.asl.nothing  # noqa: B018


def test_a_definition_without_jsonata_does_not_load_it() -> None:
    code = (
        "import sys; from sfn_provider.asl import lint; "
        f"assert lint({EVERYTHING!r}) == []; "
        "assert not [name for name in sys.modules if name.split('.')[0] in ('jsonata', 'yaml', 'airflow', 'boto3')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
