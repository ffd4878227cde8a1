"""The native style as a whole: what is emitted for machines, and what is reported."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import jinja2
import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate import Translation, translate
from tests.golden import DAGS
from tests.translate.test_safety import BREAKOUTS, PAYLOAD

VERSION = "3.3.1"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


def function(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": function(name), **fields}


def publish(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", **fields}


def catch(target: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"ErrorEquals": ["States.ALL"], "Next": target, **fields}]


def native(states: dict[str, Any], version: str = VERSION, **fields: Any) -> Translation:
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    return translate(definition, dag_id="x", style="native", airflow_version=version)


def test_the_sales_pipeline_is_as_short_as_by_hand_and_imports_nothing_of_this_package() -> None:
    made = translate(
        (DAGS / "sales_pipeline.asl.json").read_text(),
        dag_id="sales_pipeline",
        schedule="cron(0 2 * * ? *)",
        params=json.loads((DAGS / "sales_pipeline.input.json").read_text()),
        style="native",
        airflow_version=VERSION,
    )
    assert made.style == "native"
    assert "sfn_provider" not in made.source
    assert len(made.source.splitlines()) <= 102  # 1.25 times the lines of the DAG that was written by hand
    assert {entry.state: entry.how for entry in made.tasks} == {
        "ValidateInputFile": "operator",
        "RunGlueTransform": "operator",
        "CheckDataQuality": "operator",
        "QualityPassed?": "branch",
        "RunGoldAggregation": "operator",
        "NotifySuccess": "operator",
        "NotifyFailure": "taskflow",
        "NotifyQualityFailure": "operator",
    }
    assert {"RETRY_BY_NAME", "CATCH_RUN_STATE", "RESULT_PARTS", "ALWAYS_FAILS"} <= {
        found.code for found in made.findings
    }


@dataclass(frozen=True)
class Case:
    """A machine, and lines that stand in its DAG file."""

    name: str
    states: dict[str, Any]
    lines: tuple[str, ...]
    version: str = VERSION


CHOICE = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "B"}], "Default": "C"}

CASES = [
    Case(
        "an input field, a result, and the type of each in JSON text",
        {
            "A": call("a", Parameters={"x.$": "$.x", "one": 1, "yes": True}, ResultPath="$.a", Next="B"),
            "B": call("b", Parameters={"y.$": "$.a.items[0].y"}, End=True),
        },
        (
            """payload='{"x": {{ params.x | tojson }}, "one": 1, "yes": true}'""",
            'macros.json.loads(ti.xcom_pull(task_ids="A"))["items"][0].y | tojson',
        ),
    ),
    Case(
        "a Choice on a result, its targets, and a merge",
        {"A": call("a", Next="Q"), "Q": CHOICE, "B": call("b", ResultPath=None, Next="C"), "C": call("c", End=True)},
        (
            '@task.branch(task_id="Q")',
            'return "B" if json.loads(result)["n"] > 1 else "Q_to_C"',
            'q_to_c = EmptyOperator(task_id="Q_to_C")',
            'trigger_rule="none_failed_min_one_success"',
        ),
    ),
    Case(
        "a handler of the first task, which reads the error",
        {
            "A": call("a", Catch=catch("H"), End=True),
            "H": publish(Parameters={"TopicArn": TOPIC, "Message.$": "$.Cause"}, End=True),
        },
        (
            "on_failure_callback=push_error",
            """message="{{ ti.xcom_pull(task_ids='A', key='error').Cause }}",""",
            'trigger_rule="one_failed"',
            f'ALERTS = "{TOPIC}"',
        ),
    ),
    Case(
        "a handler of a later task looks which task has failed",
        {
            "A": call("a", Next="B"),
            "B": call("b", Catch=catch("H"), End=True),
            "H": publish(Parameters={"TopicArn": TOPIC, "Message": "failed"}, End=True),
        },
        (
            '@task(task_id="H_is_due", trigger_rule="one_failed")',
            'task_ids=["B"]',
            'if "failed" not in states[ti.run_id].values():',
            'raise AirflowFailException("An earlier task has failed")',
        ),
    ),
    Case(
        "the same on Airflow 2",
        {
            "A": call("a", Next="B"),
            "B": call("b", Catch=catch("H"), End=True),
            "H": publish(Parameters={"TopicArn": TOPIC, "Message": "failed"}, End=True),
        },
        ("from airflow.decorators import task", "from airflow import DAG", "dag_run.get_task_instances()"),
        "2.10.3",
    ),
    Case(
        "ways that meet again behind a handler",
        {
            "A": call("a", Catch=catch("H"), Next="Z"),
            "H": call("h", ResultPath=None, Next="Z"),
            "Z": call("z", Parameters={}, End=True),
        },
        ('trigger_rule="one_success"',),
    ),
    Case(
        "a Wait",
        {"A": {"Type": "Wait", "Seconds": 90, "End": True}},
        (
            "from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync",
            'target_time="{{ ti.start_date + macros.timedelta(seconds=90) }}"',
        ),
    ),
    Case(
        "a Wait on Airflow 2",
        {"A": {"Type": "Wait", "Seconds": 90, "End": True}},
        ("from airflow.sensors.date_time import DateTimeSensorAsync",),
        "2.10.3",
    ),
    Case(
        "a Fail",
        {"A": {"Type": "Fail", "Error": "Bad", "CausePath": "$.why"}},
        ("""raise AirflowFailException(f"Bad: {params['why']}")""",),
    ),
    Case(
        "an item of DynamoDB",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:getItem",
                "Parameters": {"TableName": "t", "Key": {"id": {"S.$": "$.id"}}},
                "Next": "B",
            },
            "B": call("b", Parameters={"name.$": "$.Item.name.S"}, End=True),
        },
        (
            'dynamodb = AwsBaseHook(client_type="dynamodb").conn',
            """return dynamodb.get_item(TableName="t", Key={"id": {"S": params["id"]}})["Item"]["name"]["S"]""",
            """payload='{"name": {{ ti.xcom_pull(task_ids="A") | tojson }}}',""",
        ),
    ),
    Case(
        "a polling loop",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
                "Parameters": {"Name": "status"},
                "ResultPath": "$.p",
                "Next": "Q",
            },
            "Q": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.p.Parameter.Value", "StringEquals": "done", "Next": "B"}],
                "Default": "W",
            },
            "W": {"Type": "Wait", "Seconds": 20, "Next": "A"},
            "B": call("b", Parameters={"x.$": "$.x"}, End=True),
        },
        (
            '@task.sensor(task_id="A", poke_interval=20, timeout=31536000, mode="reschedule")',
            'answer = ssm.get_parameter(Name="status")["Parameter"]["Value"]',
            'return answer == "done"',
        ),
    ),
    Case(
        "an inline Map",
        {
            "A": call("a", Next="M"),
            "M": {
                "Type": "Map",
                "MaxConcurrency": 3,
                "ItemsPath": "$.list",
                "ItemProcessor": {"StartAt": "I", "States": {"I": call("i", End=True)}},
                "Next": "Z",
            },
            "Z": call("z", Parameters={"all.$": "$"}, End=True),
        },
        (
            'return json.loads(result)["list"]',
            '@task(task_id="M", max_active_tis_per_dagrun=3)',
            "m_task = m.expand(item=m_items_task)",
            "return list(results or [])",
        ),
    ),
    Case(
        "a Parallel as a group, without a task of its own",
        {
            "P": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "L", "States": {"L": call("l", End=True)}},
                    {"StartAt": "R", "States": {"R": call("r", End=True)}},
                ],
                "Next": "Z",
            },
            "Z": call("z", Parameters={"l.$": "$[0]", "r.$": "$[1].x"}, End=True),
        },
        ('with TaskGroup("P", prefix_group_id=False):', "[l_, r] >> z"),
    ),
    Case(
        "ways that build a value differently leave it in tasks",
        {
            "Q": {**CHOICE, "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}]},
            "B": {"Type": "Pass", "Result": {"k": "one"}, "Next": "Z"},
            "C": {"Type": "Pass", "Result": {"k": "two"}, "Next": "Z"},
            "Z": call("z", Parameters={"k.$": "$.k"}, End=True),
        },
        ('return {"k": "one"}', "is not none else"),
    ),
    Case(
        "ways that build a document differently are merged by a task",
        {
            "A": call("a", ResultPath="$.a", Next="Q"),
            "Q": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.n", "NumericEquals": 1, "Next": "B"},
                    {"Variable": "$.n", "NumericEquals": 2, "Next": "C"},
                ],
                "Default": "Z",
            },
            "B": call("b", ResultPath="$.b", Next="Z"),
            "C": call("c", Parameters={}, ResultSelector={"x.$": "$.x", "y.$": "$.y"}, ResultPath="$.c", Next="Z"),
            "Z": call("z", End=True),
        },
        (
            '@task(task_id="Z_payload", trigger_rule="none_failed_min_one_success")',
            'b = ti.xcom_pull(task_ids="B")',
            "if b is not None:",
            'return {**params, "a": json.loads(a), "b": json.loads(b)}',
            """payload="{{ ti.xcom_pull(task_ids='Z_payload') | tojson }}",""",
            "[b, c, q_to_z] >> z_payload() >> z",
        ),
    ),
    Case(
        "what a condition reads twice is parsed once",
        {
            "A": call("a", Next="Q"),
            "Q": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.n", "NumericEquals": 1, "Next": "B"},
                    {"Variable": "$.n", "NumericEquals": 2, "Next": "C"},
                ],
                "Default": "B",
            },
            "B": call("b", Parameters={}, End=True),
            "C": call("c", Parameters={}, End=True),
        },
        ("a = json.loads(result)", 'if a["n"] == 1:', 'if a["n"] == 2:'),
    ),
    Case(
        "an item of an array that is there, and a member that a result always has",
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "a"},
                "Next": "Q",
            },
            "Q": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [
                            {"Variable": "$.Payload", "IsPresent": True},
                            {"Variable": "$.Payload[0]", "IsPresent": True},
                        ],
                        "Next": "B",
                    },
                    {"Variable": "$.Payload[1]", "IsPresent": False, "Next": "C"},
                ],
                "Default": "B",
            },
            "B": call("b", Parameters={}, End=True),
            "C": call("c", Parameters={}, End=True),
        },
        ("if len(a) > 0:", "if len(a) <= 1:"),
    ),
    Case(
        "retries, a delay and a time limit",
        {
            "A": call(
                "a",
                TimeoutSeconds=300,
                Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 4, "MaxDelaySeconds": 60}],
                End=True,
            )
        },
        (
            "retries=4,",
            "retry_delay=timedelta(seconds=5),",
            "retry_exponential_backoff=2.0,",
            "max_retry_delay=timedelta(minutes=1),",
            "execution_timeout=timedelta(minutes=5),",
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_emitted(case: Case) -> None:
    made = native(case.states, case.version)
    assert [(entry.state, entry.why) for entry in made.tasks if entry.how == "exact"] == []
    for line in case.lines:
        assert line in made.source
    ast.parse(made.source)
    assert "sfn_provider" not in made.source
    assert all(len(line) <= 110 for line in made.source.splitlines())


@pytest.mark.parametrize(
    ("states", "state", "why"),
    [
        (
            {
                "A": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                    "Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}},
                }
            },
            "A",
            "task token",
        ),
        ({"A": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a"}}, "A", "workers"),
        ({"A": call("a", Credentials={"RoleArn": "arn:aws:iam::1:role/r"})}, "A", "Credentials"),
        ({"A": call("a", Parameters={"x.$": "$.y[?(@.z == 1)]"})}, "A", "filter"),
        ({"A": call("a", TimeoutSecondsPath="$.t")}, "A", "time limit"),
        ({"A": call("a", Parameters={"x.$": "$$.Execution.Input[0].x"})}, "A", "input is no object"),
    ],
    ids=["task token", "activity", "credentials", "filter", "time limit", "input that is an array"],
)
def test_a_state_that_cannot_be_said_stays_exact_and_says_why(states: dict[str, Any], state: str, why: str) -> None:
    parameters = (
        {"Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}}} if why == "task token" else {}
    )
    states = {"First": call("f", Next=state), state: {**states[state], **parameters, "End": True}}
    made = native(states)
    assert made.style == "native"
    assert "from sfn_provider.operators.states import StatesOperator" in made.source
    entries = {entry.state: entry for entry in made.tasks}
    assert entries[state].how == "exact" and why in entries[state].why
    assert entries["First"].how == "operator"
    assert [found.state for found in made.findings if found.code == "STAYS_EXACT"] == [state]


def test_a_loop_that_is_no_polling_goes_round() -> None:
    made = native(
        {
            "A": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Q"},
            "Q": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericEquals": 2, "Next": "Z"}],
                "Default": "A",
            },
            "Z": {"Type": "Succeed"},
        }
    )
    assert made.style == "native"
    assert "while True:" in made.source


def test_the_style_and_the_version_are_checked() -> None:
    states = {"A": {"Type": "Succeed"}}
    with pytest.raises(UsageError, match="no style 'nativ'"):
        translate({"StartAt": "A", "States": states}, dag_id="x", style="nativ")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no version of Airflow"):
        native(states, "newest")
    with pytest.raises(UsageError, match=r"2\.10 and newer"):
        native(states, "2.9.2")


def test_a_field_of_the_input_follows_the_date_of_the_run() -> None:
    states = {
        "A": call("a", Parameters={"day.$": "$.day", "all.$": "$"}, ResultPath=None, Next="B"),
        "B": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Parameters": {"TableName": "t", "Key": {"id": {"S.$": "$.day"}}},
            "End": True,
        },
    }
    definition = {"StartAt": "A", "States": states}
    made = translate(
        definition,
        dag_id="x",
        style="native",
        airflow_version=VERSION,
        schedule="rate(1 day)",
        params={"day": "2025-01-01", "x": 1},
        templates={"day": "{{ ds }}"},
    )
    text = made.source.replace("\\'", "'")
    assert """{"day": {{ ds | tojson }}, "all": {{ dict(params, day=ds) | tojson }}}""" in text
    assert "def b(ds):" in made.source and 'Key={"id": {"S": ds}}' in made.source
    assert 'params={"x": 1}' in made.source
    assert [found.why for found in made.findings if found.code == "FROZEN_INPUT"] == [
        "Each scheduled run has the same x."
    ]


def test_a_shallow_merge_of_objects_is_one_in_templates_and_functions() -> None:
    merge = "States.JsonMerge($.x, $.y, {})"
    tags = {"QueueUrl": "https://q", "Tags.$": merge.format("false")}
    resource = "arn:aws:states:::aws-sdk:sqs:tagQueue"
    states = {
        "A": call("a", Parameters={"m.$": merge.format("false")}, ResultPath=None, Next="B"),
        "B": {"Type": "Task", "Resource": resource, "Parameters": tags, "End": True},
    }
    source = native(states).source
    assert '{"m": {{ dict(params.x, **params.y) | tojson }}}' in source
    assert 'Tags={**params["x"], **params["y"]}' in source
    states["A"]["Parameters"] = {"m.$": merge.format("$.deep")}
    assert [found.state for found in native(states).findings if found.code == "STAYS_EXACT"] == ["A"]


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Map", "ItemProcessor": {"StartAt": "Item", "States": {"Item": call("item", End=True)}}, "End": True},
        call("f", Parameters={"x.$": "States.StringToJson($)"}, End=True),
        call("f", Parameters={"x.$": "States.ArrayGetItem($, 0)"}, End=True),
    ],
    ids=["items of a Map", "a text", "an array"],
)
def test_a_state_whose_input_is_no_object_stays_exact_at_the_start(state: dict[str, Any]) -> None:
    why = "the execution's input is no object, and a run's configuration is one."
    made = native({"A": publish(Parameters={"TopicArn": TOPIC, "Message": "m"}, ResultPath=None, Next="B"), "B": state})
    assert {found.state: found.why for found in made.findings if found.code == "STAYS_EXACT"} == {"B": why}


def test_an_attribute_of_dynamodb_that_is_a_text_is_one_in_the_form_of_the_api() -> None:
    item = {"id": "a", "day.$": "States.Format('day {}', $.day)", "n": {"N.$": "$.n"}}
    resource = "arn:aws:states:::dynamodb:putItem"
    put = {"Type": "Task", "Resource": resource, "Parameters": {"TableName": "t", "Item": item}, "End": True}
    source = " ".join(native({"Put": put}).source.split())
    assert """{"id": {"S": "a"}, "day": {"S": f"day {params['day']}"}, "n": {"N": params["n"]}}""" in source


@pytest.mark.parametrize("value", ["$.x", "States.JsonMerge($.x, $.y, false)"], ids=["a member", "what a call makes"])
def test_the_text_of_json_is_the_one_of_step_functions(value: str) -> None:
    expression = f"States.JsonToString({value})"
    parameters = {"TopicArn": TOPIC, "Message.$": expression}
    states = {
        "A": publish(Parameters=parameters, ResultPath=None, Next="B"),
        "B": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "t", "Item": {"id": {"S.$": expression}}},
            "End": True,
        },
    }
    source = native(states).source
    assert "separators=(',', ':'), ensure_ascii=false) }}" in "".join(source.split('"\n            "'))
    assert 'separators=(",", ":"), ensure_ascii=False' in source


@pytest.mark.parametrize("condition", ["$states.input.ready", "$states.input.ready and $states.input.n > 1"])
def test_a_condition_that_may_be_no_boolean_stays_exact(condition: str) -> None:
    states = {
        "A": call("a", Next="C"),
        "C": {"Type": "Choice", "Choices": [{"Condition": f"{{% {condition} %}}", "Next": "B"}], "Default": "D"},
        "B": call("b", End=True),
        "D": {"Type": "Succeed"},
    }
    made = native(states, QueryLanguage="JSONata")
    assert next(entry.how for entry in made.tasks if entry.state == "C") == "exact"


@pytest.mark.parametrize("template", ["ds", "{{ ds }}-{{ ds }}", "{% if x %}", "{{ }}"])
def test_a_template_is_one_expression(template: str) -> None:
    definition = {"StartAt": "A", "States": {"A": call("a", End=True)}}
    with pytest.raises(UsageError, match="give one expression"):
        translate(definition, dag_id="x", style="native", airflow_version=VERSION, templates={"x": template})


def test_templates_are_for_the_native_style() -> None:
    definition = {"StartAt": "A", "States": {"A": call("a", End=True)}}
    with pytest.raises(UsageError, match="take --style native"):
        translate(definition, dag_id="x", templates={"x": "{{ ds }}"})


def test_a_machine_without_a_task_is_one_empty_task() -> None:
    assert 'a = EmptyOperator(task_id="A")' in native({"A": {"Type": "Pass", "End": True}}).source


def hostile(text: str) -> dict[str, Any]:
    """A machine whose names, comments and data are texts that try to break out."""
    name = (text[:60] + "!") if text else "empty"
    return {
        "First": call("a", Comment=text, Parameters={"k": text, text or "k2": [text, {"deep": text}]}, Next="Item"),
        "Item": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": text, "Item": {text or "k": {"S": text}, "from": {"S.$": "$.x"}}},
            "ResultPath": None,
            "Next": name,
        },
        name: publish(
            Comment=text,
            Parameters={"TopicArn": TOPIC, "Message": text, "Subject": text},
            ResultPath=None,
            Next="Which",
        ),
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "StringEquals": text, "Next": "Bad"}],
            "Default": "End",
        },
        "Bad": {"Type": "Fail", "Error": text, "Cause": text},
        "End": {"Type": "Succeed"},
    }


@pytest.mark.parametrize("text", BREAKOUTS, ids=ascii)
def test_nothing_in_a_definition_becomes_code_or_a_template(text: str) -> None:
    made = native(hostile(text), Comment=text)
    assert made.style == "native"
    tree = ast.parse(made.source)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "__import__" not in called
    operators = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.keywords) > 2]
    arguments = {(getattr(node.func, "id", ""), word.arg): word.value for node in operators for word in node.keywords}
    payload = rendered(arguments["LambdaInvokeFunctionOperator", "payload"])
    assert json.loads(payload) == {"k": text, text or "k2": [text, {"deep": text}]}
    assert rendered(arguments["SnsPublishOperator", "message"]) == text
    assert rendered(arguments["SnsPublishOperator", "subject"]) == text
    comments = [line for line in made.source.splitlines() if line.lstrip().startswith("#")]
    assert all(line.isprintable() for line in comments)
    assert (
        text == ""
        or PAYLOAD not in made.source
        or text in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    )


def rendered(node: ast.expr) -> str:
    """What Airflow's Jinja makes of an argument."""
    template = ast.literal_eval(node)
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, newline_sequence="\n"
    )
    return environment.from_string(template).render()


def test_ruff_has_nothing_to_say(tmp_path: Any) -> None:
    for number, case in enumerate(CASES):
        (tmp_path / f"dag_{number}.py").write_text(native(case.states, case.version).source, encoding="utf-8")
    for command in (["check", "--extend-select", "I,W,UP,F,B"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "--line-length", "110"]
        done = subprocess.run([*ruff, str(tmp_path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_writes_a_native_file_or_says_why_not(tmp_path: Any) -> None:
    from click.testing import CliRunner

    from sfn_provider.cli.commands.translate import translate as command

    file, out = tmp_path / "m.json", tmp_path / "m.py"
    for states, wanted in (
        ({"A": call("a", End=True)}, "with 1 task, native"),
        (
            {"A": call("a", Credentials={"RoleArn": "arn:aws:iam::1:role/r"}, End=True)},
            "The file is exact, not native: state A: Cred",
        ),
        (
            {"A": call("a", Next="B"), "B": call("b", Credentials={"RoleArn": "arn:aws:iam::1:role/r"}, End=True)},
            "Not all is native: state B: Credentials name a role",
        ),
    ):
        file.write_text(json.dumps({"StartAt": "A", "States": states}), encoding="utf-8")
        options = ["--style", "native", "--airflow-version", VERSION, "-o", str(out)]
        done = CliRunner().invoke(command, [str(file), *options], standalone_mode=False)
        assert wanted in done.output
        assert ("sfn_provider" in out.read_text()) is (" native: " in wanted)


@pytest.mark.parametrize(
    ("fields", "how"),
    [({}, "operator"), ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, "exact"), ({"TimeoutSeconds": 60}, "operator")],
    ids=["nobody handles it", "it is tried again", "a time limit ends it"],
)
def test_an_execution_that_times_out_is_not_waited_for_where_its_end_is_handled(
    fields: dict[str, Any], how: str
) -> None:
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child"},
    }
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]} if "TimeoutSeconds" in fields else {}
    made = native({"A": {**start, **fields, **catch, "Next": "B"}, "B": call("b", End=True)})
    assert next(entry.how for entry in made.tasks if entry.state == "A") == how


def test_a_result_that_some_ways_lack_is_parsed_only_on_those_that_have_it() -> None:
    rules = [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}, {"Variable": "$.n", "NumericEquals": 2, "Next": "C"}]
    made = native(
        {
            "Q": {"Type": "Choice", "Choices": rules, "Default": "Z"},
            "B": call("b", ResultPath="$.r", Next="D"),
            "C": {"Type": "Pass", "Result": {"x": 1, "y": 2}, "ResultPath": "$.r", "Next": "D"},
            "D": call("d", Parameters={"x.$": "$.n"}, ResultPath=None, Next="E"),
            "E": call("e", Parameters={"x.$": "$.r.x", "y.$": "$.r.y"}, ResultPath=None, Next="Z"),
            "Z": call("z", Parameters={}, End=True),
        }
    )
    lines = made.source.splitlines()
    parses = [number for number, line in enumerate(lines) if "json.loads(" in line]
    assert parses and all("is not None:" in lines[number - 1] for number in parses)
