"""Workflows of MWAA Serverless as YAML: the loader reads what was meant, and runs no text of a machine as code."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from sfn_provider.asl.json_values.json_walk import walk_json
from sfn_provider.exceptions import UsageError
from sfn_provider.translate import Translation, translate
from sfn_provider.translate.serverless.code_package_tasks import write_states
from sfn_provider.translate.serverless.limits import EVALUATED_KEYS
from sfn_provider.translate.serverless.workflow import Block, Duration, Workflow, WorkflowTask
from sfn_provider.translate.serverless.yaml_writer import emit_workflow
from tests.fixtures.machines.definitions import END, call, choose, go, machine
from tests.fixtures.session.hypothesis_examples import examples
from tests.golden import DAGS

SALES = DAGS / "sales_pipeline.asl.json"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
PUBLISH = "arn:aws:states:::sns:publish"
LINE = machine({"A": call("B", Parameters={"a.$": "$.a"}), "B": call()})


def workflow(definition: Any, **options: Any) -> Translation:
    return translate(definition, dag_id="w", target="mwaa-serverless", **options)


def loaded(text: str) -> dict[str, Any]:
    """What dag-factory reads: it expands variables of the environment in the whole text first."""
    [(name, content)] = yaml.safe_load(os.path.expandvars(text)).items()
    return {**content, "name": name}


def errors(made: Translation) -> str:
    return " | ".join(f"{found.code} {found.location}" for found in made.diagnostics if found.level == "error")


texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        "$HOME",
        "${HOME}",
        "$$HOME",
        "1:30",
        "no",
        "2024-01-01",
        "1e3",
        "~",
        "null",
        "\x7f",
        "\U0001f600",
        " x ",
        "a\r\nb",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(150), deadline=None)
@given(st.dictionaries(texts, values, max_size=3), st.dictionaries(texts, values, min_size=1, max_size=3))
def test_the_loader_reads_what_was_written(params: dict[str, Any], states: dict[str, Any]) -> None:
    arguments = {"states": Block(write_states(states)), "given": params, "limit": Duration(1.5)}
    made = Workflow("w", "code", (WorkflowTask("a", "x.Y", arguments, ("b",), "one_failed"),), {"params": params})
    read = loaded(emit_workflow(made))
    task = read["tasks"]["a"]
    assert read["params"] == task["given"] == params
    assert json.loads(task["states"]) == states
    assert task["limit"] == {"__type__": "datetime.timedelta", "seconds": 1.5}
    assert (task["operator"], task["trigger_rule"], task["dependencies"]) == ("x.Y", "one_failed", ["b"])


@pytest.mark.parametrize("key", sorted(EVALUATED_KEYS))
def test_what_the_loader_would_evaluate_is_json_text_or_refused(key: str) -> None:
    payload = {"deep": [{key: "os.getcwd"}]}
    for way in ("operators", "code"):
        task = loaded(workflow(machine({"A": call(Parameters=payload)}), way=way).source)["tasks"]["A"]
        assert key not in {name for _, name, _ in walk_json(task)}
        assert key in str(task)
    assert errors(workflow(LINE, params=payload)) == "EVALUATED_KEY "
    with pytest.raises(ValueError, match="would be evaluated"):
        emit_workflow(Workflow("w", "code", (), {"params": payload}))


def test_an_argument_that_the_loader_would_evaluate_needs_own_code() -> None:
    attribute = {"DataType": "String", "StringValue": "os.getcwd"}
    parameters = {"TopicArn": TOPIC, "Message": "m", "MessageAttributes": {"__type__": attribute}}
    definition = machine({"A": {"Type": "Task", "Resource": PUBLISH, "Parameters": parameters, "End": True}})
    made = workflow(definition)
    assert made.workflow is not None and made.workflow.way == "code"
    assert "'__type__'" in next(found.why for found in made.findings if found.code == "OWN_CODE")


def test_a_line_of_tasks_needs_no_code() -> None:
    made = workflow(LINE, params={"a": 1})
    assert made.workflow is not None and made.workflow.way == "operators"
    read = loaded(made.source)
    assert read["tasks"]["B"]["dependencies"] == ["A"]
    assert read["tasks"]["A"]["payload"] == '{"a": {{ params.a | tojson }}}'
    assert (read["dag_id"], read["params"], read["schedule"]) == ("w", {"a": 1}, None)
    assert {entry.how for entry in made.tasks} == {"operator"}


def test_a_machine_with_a_choice_has_code_unless_its_user_wants_branches() -> None:
    definition = machine({"A": choose("$.a", {"x": "B"}), "B": call()})
    auto, operators = workflow(definition), workflow(definition, way="operators")
    assert auto.workflow is not None and auto.workflow.way == "code"
    assert operators.workflow is not None and operators.workflow.way == "operators"
    assert "OWN_CODE" in {found.code for found in auto.findings}
    assert "SKIPPED_TASKS" in {found.code for found in operators.findings}
    branch = loaded(operators.source)["tasks"]["A"]
    assert branch["python_callable"] == "ast.literal_eval"
    [template] = branch["op_args"]
    assert template == "{% if params.a == 'x' %}'B'{% else %}no rule of 'A' matches{% endif %}"


def test_what_needs_code_is_named_where_operators_are_asked_for() -> None:
    items = {"Type": "Map", "ItemProcessor": machine({"I": call()}), "End": True}
    assert errors(workflow(machine({"A": call("M"), "M": items}), way="operators")) == "NEEDS_CODE /States/M"


def test_a_branch_of_operators_does_not_say_what_it_has_chosen() -> None:
    states = {
        "A": choose("$.a", {"x": "L"}, "B"),
        "B": call("C", Parameters={}, ResultPath="$.b"),
        "C": choose("$.b.c", {"x": "S"}, "L"),
        "S": {"Type": "Fail"},
        "L": call(Parameters={"all.$": "$.b"}),
    }
    assert "NEEDS_CODE /States/C" in errors(workflow(machine(states), way="operators"))


def test_no_trigger_rule_is_relied_on_with_own_code() -> None:
    read = loaded(workflow(SALES.read_text(), way="code").source)
    assert not any("trigger_rule" in task for task in read["tasks"].values())
    assert read["tasks"]["NotifyFailure"]["previous_tasks"] == ["ValidateInputFile"]
    assert {task["operator"] for task in read["tasks"].values()} == {
        "sfn_provider.operators.serverless.WorkflowStatesOperator"
    }


def test_the_sales_pipeline_as_operators() -> None:
    read = loaded(workflow(SALES.read_text(), way="operators").source)["tasks"]
    assert read["RunGlueTransform"]["retry_delay"] == {"__type__": "datetime.timedelta", "seconds": 60}
    assert "deferrable" not in read["RunGlueTransform"]
    assert read["RunGoldAggregation"]["database"] == "default"
    assert read["NotifyFailure"]["trigger_rule"] == "one_failed"
    assert read["NotifyFailure"]["bash_command"].endswith(">&2; exit 1")


JOB = {
    "Type": "Task",
    "Resource": "arn:aws:states:::glue:startJobRun.sync",
    "Parameters": {"JobName": "j"},
    "Next": "B",
}


def test_a_job_is_started_and_waited_for_by_a_sensor() -> None:
    read = loaded(workflow(machine({"A": JOB, "B": call(Parameters={"id.$": "$.Id"})})).source)["tasks"]
    assert read["A"]["wait_for_completion"] is False and "waiter_max_attempts" not in read["A"]
    sensor = read["A_wait"]
    assert sensor["operator"].endswith("GlueJobSensor") and sensor["mode"] == "reschedule" and sensor["timeout"]
    assert sensor["run_id"] == "{{ ti.xcom_pull(task_ids='A') }}"
    assert (sensor["dependencies"], read["B"]["dependencies"]) == (["A"], ["A_wait"])
    assert 'ti.xcom_pull(task_ids="A")' in read["B"]["payload"]


def test_a_job_with_a_retry_is_waited_for_in_its_task() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
    made = workflow(machine({"A": {**JOB, "Retry": retry}, "B": call()}))
    assert list(loaded(made.source)["tasks"]) == ["A", "B"]
    assert "WAITS_IN_TASK" in {found.code for found in made.findings}


REFUSED = {
    "more attempts than the service has": {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 4}]},
    "a longer delay than the service has": {"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 301}]},
    "the context object": {"Parameters": {"x.$": "$$.State.EnteredTime"}},
    "a context that templates do not have": {"Parameters": {"x.$": "$$.Execution.StartTime"}},
    "credentials": {"Credentials": {"RoleArn": "arn:aws:iam::123456789012:role/r"}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_operators_cannot_do_code_does(case: str) -> None:
    made = workflow(machine({"A": call(**REFUSED[case])}))
    assert made.workflow is not None and made.workflow.way == "code"
    assert not errors(made)
    assert errors(workflow(machine({"A": call(**REFUSED[case])}), way="operators")) == "NEEDS_CODE /States/A"


SCHEDULES: dict[str, tuple[str, str | None, str]] = {
    "cron": ("cron(0 2 * * ? *)", None, "0 2 * * *"),
    "a preset": ("@daily", None, "0 0 * * *"),
    "minutes": ("rate(5 minutes)", None, "*/5 * * * *"),
    "an hour": ("rate(1 hour)", None, "0 * * * *"),
    "a day": ("rate(1 day)", None, "0 0 * * *"),
    "minutes that do not fit in an hour": ("rate(7 minutes)", None, "SCHEDULE "),
    "days": ("rate(2 days)", None, "SCHEDULE "),
    "a preset without cron": ("@once", None, "SCHEDULE "),
    "a time zone": ("cron(0 2 * * ? *)", "Asia/Tokyo", "SCHEDULE "),
}


@pytest.mark.parametrize("case", SCHEDULES)
def test_schedules_are_cron_in_utc_or_refused(case: str) -> None:
    schedule, timezone, expected = SCHEDULES[case]
    made = workflow(LINE, schedule=schedule, timezone=timezone)
    assert (errors(made) or loaded(made.source)["schedule"]) == expected


def test_a_start_date_is_that_of_the_user() -> None:
    scheduled = workflow(LINE, schedule="@daily", start_date="2030-01-31")
    assert loaded(scheduled.source)["start_date"] == "2030-01-31"
    assert scheduled.diagnostics == ()
    [told] = workflow(LINE, start_date="2030-01-31").diagnostics
    assert (told.level, "no schedule: the start date 2030-01-31 starts no run" in told.message) == ("warning", True)


def test_workers_outside_are_refused_also_within_a_map() -> None:
    token = {**call(), "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}
    token |= {"Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}}}
    inside = {"Type": "Map", "ItemProcessor": machine({"T": token}), "End": True}
    activity = {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": True}
    assert errors(workflow(machine({"M": inside}))) == "TASK_TOKEN /States/M/ItemProcessor/States/T"
    assert errors(workflow(machine({"A": activity}))) == "TASK_TOKEN /States/A"


def test_a_workflow_that_is_too_large_names_its_largest_tasks() -> None:
    large = {f"S{n}": go(f"S{n + 1}", Result="x" * 12_000 if n == 2 else "y" * 6_000) for n in range(8)}
    made = workflow(machine(large | {"S8": END}), way="code")
    [found] = [found for found in made.diagnostics if found.level == "error"]
    assert found.code == "DEFINITION_SIZE" and "50,000 at most" in found.message and "S2 (12," in found.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"way": "yaml"}, "there is no way 'yaml' on MWAA Serverless: choose one of auto, operators, code"),
        ({"map_batch": 3}, "no mapped tasks"),
        ({"way": "operators", "tasks": "machine"}, "an operator does one state"),
        ({"target": "mwaa_serverless"}, "there is no target 'mwaa_serverless'"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        translate(LINE, **{"dag_id": "w", "target": "mwaa-serverless", **options})


def test_a_message_of_a_fail_is_no_command() -> None:
    fail = {"Type": "Fail", "Error": "E", "Cause": "'; touch x; echo {{ ti }} $HOME '"}
    read = loaded(workflow(machine({"A": call("F"), "F": fail}), way="operators").source)["tasks"]["F"]
    assert read["bash_command"] == ("echo 'E: '\"'\"'; touch x; echo {{ '{' }}{ ti }} $HOME '\"'\"'' >&2; exit 1")
    known_later = {"Type": "Fail", "ErrorPath": "$.e", "Cause": "c"}
    read = loaded(workflow(machine({"F": known_later}), way="operators").source)["tasks"]["F"]
    assert read["bash_command"] == 'echo "$MESSAGE" >&2; exit 1' and read["env"] == {"MESSAGE": "{{ params.e }}: c"}


def test_templates_have_the_names_of_the_service() -> None:
    parameters = {"run.$": "$$.Execution.Name", "machine.$": "$$.StateMachine.Name"}
    read = loaded(workflow(machine({"A": call(Parameters=parameters)})).source)["tasks"]["A"]
    assert read["payload"] == '{"run": {{ ti.run_id | tojson }}, "machine": {{ ti.dag_id | tojson }}}'


HOSTILE = (
    *("{{ 7*7 }}", "{% raw %}", "{# x", "}}{{", "$HOME", "${HOME}", "x.sh", "s.json", "__type__", "=1+1", "~", "\x7f"),
    *("a: b\n  evil: {__type__: builtins.eval}", "- x\n...\n---\nq: 1", "!!python/object/apply:os.system ['id']"),
    *("&a *a", "'\"\\", "\u2028\u0085x", "{{ macros.os }}{% endraw %}{{ 1 }}"),
)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("way", ["operators", "code"])
def test_no_text_of_a_definition_is_yaml_or_a_template(hostile: str, way: str) -> None:
    payload = {"a": hostile, hostile: 1, "n": [{"x": hostile}]}
    published = {"TopicArn": TOPIC, "Message": hostile}
    states = {
        hostile: call("Tell", Parameters={"FunctionName": "f", "Payload": payload}, Comment=hostile)
        | {"Resource": "arn:aws:states:::lambda:invoke"},
        "Tell": call(Parameters=published) | {"Resource": PUBLISH},
    }
    made = workflow(machine(states, Comment=hostile), way=way)
    if way == "operators" and hostile.endswith((".sh", ".json")):  # Airflow would read a file of that name
        assert errors(made) == "NEEDS_CODE /States/Tell"
        return
    assert errors(made) == ""
    read = loaded(made.source)
    first, second = read["tasks"].values()
    if way == "code":
        assert {**json.loads(first["states"]), **json.loads(second["states"])}[hostile]["Comment"] == hostile
        return
    assert json.loads(_rendered(first["payload"])) == payload
    assert _rendered(second["message"]) == hostile


def _rendered(text: str) -> str:
    return Environment(keep_trailing_newline=True).from_string(text).render()
