from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.cli import run_command
from sfn_provider.translate import Finding, Translation, report, translate
from sfn_provider.translate.exact.limitations import MACHINE_RULES, STATE_RULES, TASK_RULES


def task(resource: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, **fields, "End": True}


def machine(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": "Post", "States": {"Post": state}, **fields}


INSIDE = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
BESIDE = {"StartAt": "By", "States": {"By": {"Type": "Pass", "End": True}}}
AGAIN = {"Retry": [{"ErrorEquals": ["States.ALL"]}]}
"""With it, a Parallel or Map is one task."""
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
QUEUE = {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}


@dataclass(frozen=True)
class Case:
    code: str
    state: dict[str, Any]
    map_batch: int | None = None


CASES = [
    Case("TASK_TOKEN", task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters=QUEUE)),
    Case("ACTIVITY", task("arn:aws:states:eu-west-1:123456789012:activity:a")),
    Case(
        "HTTP_INVOKE",
        task(
            "arn:aws:states:::http:invoke",
            Parameters={"ApiEndpoint": "e", "Method": "GET", "Authentication": {"ConnectionArn": "arn:c"}},
        ),
    ),
    Case("UNSUPPORTED_INTEGRATION", task("arn:aws:states:::aws-sdk:qldb:listLedgers", Parameters={})),
    Case("UNKNOWN_RESOURCE", task("urn:another:interpreter")),
    Case("RESOURCE_WITHOUT_VALUE", task("${Fn}")),
    Case("HEARTBEAT", task(FUNCTION, HeartbeatSeconds=5)),
    Case(
        "DISTRIBUTED_MAP",
        {
            "Type": "Map",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **INSIDE},
            "End": True,
        },
    ),
    Case("CONTEXT_OBJECT", task(FUNCTION, Parameters={"id.$": "$$.Execution.Id"})),
    Case("PARALLEL_IS_ONE_TASK", {"Type": "Parallel", "Branches": [INSIDE], **AGAIN, "End": True}),
    Case("MAP_IS_ONE_TASK", {"Type": "Map", "ItemProcessor": INSIDE, **AGAIN, "End": True}),
    Case("BRANCHES_END_THEIR_STATE", {"Type": "Parallel", "Branches": [INSIDE, BESIDE], "End": True}),
    Case("ITEMS_END_THEIR_STATE", {"Type": "Map", "ItemProcessor": INSIDE, "End": True}),
    Case("BATCHES_END_THEIR_STATE", {"Type": "Map", "ItemProcessor": INSIDE, "End": True}, map_batch=2),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_what_is_different_is_found(case: Case) -> None:
    made = translate(machine(case.state), dag_id="post", map_batch=case.map_batch)
    found = [finding for finding in made.findings if finding.code == case.code]
    assert [(finding.state, finding.location) for finding in found] == [("Post", "/States/Post")]
    assert found[0].why.endswith(".")
    assert found[0].advice.endswith(".")


TASK_CODES = {rule.code for rule in TASK_RULES.values()}


@pytest.mark.parametrize("case", [case for case in CASES if case.code not in TASK_CODES], ids=lambda case: case.code)
def test_what_is_different_is_found_inside_of_other_states(case: Case) -> None:
    branch = {"StartAt": "Inner", "States": {"Inner": case.state}}
    outer = machine({"Type": "Parallel", "Branches": [branch], "End": True})
    found = [finding for finding in translate(outer, dag_id="post").findings if finding.code == case.code]
    assert [(finding.state, finding.location) for finding in found] == [
        ("Inner", "/States/Post/Branches/0/States/Inner")
    ]


def test_a_loop_is_found_once() -> None:
    states = {
        "Look": {"Type": "Wait", "Seconds": 1, "Next": "Done?"},
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "End"}],
            "Default": "Look",
        },
        "End": {"Type": "Succeed"},
    }
    made = translate({"StartAt": "Look", "States": states}, dag_id="post")
    assert [(finding.code, finding.state) for finding in made.findings] == [("LOOP_IS_ONE_TASK", "Look")]
    assert [entry.task_id for entry in made.states] == ["Look_loop", "Look_loop", "End"]


def found_codes(**arguments: Any) -> list[str]:
    definition = arguments.pop("definition", machine({"Type": "Pass", "End": True}))
    return [finding.code for finding in translate(definition, dag_id="post", **arguments).findings]


def test_what_is_different_of_the_machine() -> None:
    limited = machine({"Type": "Pass", "End": True}, TimeoutSeconds=5)
    assert found_codes() == []
    assert found_codes(definition=limited) == ["MACHINE_TIMEOUT"]
    assert found_codes(schedule="rate(1 day)") == ["SCHEDULE_WITHOUT_INPUT"]
    assert found_codes(schedule="rate(1 day)", params={"a": 1}) == []
    assert found_codes(execution_type="EXPRESS") == ["EXPRESS"]
    assert (
        found_codes(definition=machine(task(FUNCTION, Parameters={"a": "${A}${B}"}))) == ["UNRESOLVED_PLACEHOLDER"] * 2
    )


@pytest.mark.parametrize(
    "resource",
    ["${A}", "arn:aws:lambda:${A}:1:function:f", "arn:${A}:lambda:eu-west-1:1:function:f", "arn:aws:states:::${A}:b"],
)
def test_a_resource_with_a_placeholder_fails(resource: str) -> None:
    codes = found_codes(definition=machine(task(resource, Parameters={})))
    assert codes == ["UNRESOLVED_PLACEHOLDER", "RESOURCE_WITHOUT_VALUE"]


SUPPORTED: dict[str, dict[str, Any]] = {
    FUNCTION: {"any": 1},
    "arn:aws:states:::glue:startJobRun.sync": {"JobName": "j"},
    "arn:aws:states:::dynamodb:getItem": {"TableName": "t", "Key": {}},
    "arn:aws:states:::aws-sdk:s3:listBuckets": {},
    "arn:${AWS::Partition}:states:::sns:publish": {"Message": "m"},
}


@pytest.mark.parametrize(("resource", "parameters"), SUPPORTED.items(), ids=SUPPORTED)
def test_nothing_is_found_where_nothing_is_different(resource: str, parameters: dict[str, Any]) -> None:
    assert found_codes(definition=machine(task(resource, Parameters=parameters))) == []


def test_the_rules_have_codes_of_their_own_and_every_one_is_tested() -> None:
    codes = [rule.code for rule in (*STATE_RULES, *TASK_RULES.values())]
    assert len({*codes, *(rule.code for rule in MACHINE_RULES)}) == len(codes) + len(MACHINE_RULES)
    assert set(codes) == {case.code for case in CASES} | {"LOOP_IS_ONE_TASK"}


@pytest.fixture
def made() -> Translation:
    return translate(machine({"Type": "Map", "ItemProcessor": INSIDE, **AGAIN, "End": True}), dag_id="post")


def test_the_report_for_people(made: Translation) -> None:
    text = report.as_text(made)
    assert text.startswith("DAG post: 2 states in 1 task\n")
    assert "\nPost   Map   Post\n  In   Pass  Post\n" in text
    assert "  looks   MAP_IS_ONE_TASK Post (/States/Post)\n" in text


def test_the_report_without_findings() -> None:
    text = report.as_text(translate(machine({"Type": "Pass", "End": True}), dag_id="post"))
    assert text.endswith("there is nothing to report.\n")


def test_the_report_for_machines(made: Translation) -> None:
    told = report.as_object(made)
    assert [entry["location"] for entry in told["states"]] == [
        "/States/Post",
        "/States/Post/ItemProcessor/States/In",
    ]
    assert [(entry["code"], entry["effect"], entry["state"]) for entry in told["findings"]] == [
        ("MAP_IS_ONE_TASK", "looks", "Post")
    ]


def test_a_finding_as_text() -> None:
    finding = Finding("A", "fails", "It fails.", "Do something.", "Post", "/States/Post")
    assert str(finding) == "A: state 'Post': It fails. Do something."


@pytest.fixture
def map_file(tmp_path: Path) -> str:
    file = tmp_path / "post.asl.json"
    file.write_text(json.dumps(machine({"Type": "Map", "ItemProcessor": INSIDE, **AGAIN, "End": True})))
    return str(file)


def test_the_command_prints_the_report(map_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dag = tmp_path / "post.py"
    assert run_command(["translate", map_file, "--report", "-o", str(dag)]) == 0
    assert "MAP_IS_ONE_TASK Post" in capsys.readouterr().out
    assert "MapStateOperator(" in dag.read_text()


def test_the_command_gives_the_report_as_json(map_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["translate", map_file, "--report", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["code"] for entry in told["report"]["findings"]] == ["MAP_IS_ONE_TASK"]
    assert "MapStateOperator(" in told["source"]


@pytest.mark.parametrize("more", [[], ["--json"], ["--report"]], ids=["text", "json", "report"])
def test_the_command_refuses_where_it_is_strict(
    map_file: str, more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dag = tmp_path / "post.py"
    assert run_command(["translate", map_file, "--strict", "-o", str(dag), *more]) == 1
    captured = capsys.readouterr()
    assert "MAP_IS_ONE_TASK" in captured.out + captured.err
    assert not dag.exists()


def test_the_command_is_strict_about_names_without_a_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "post.asl.json"
    parameters = {"TopicArn": "${Topic}", "Message": "m"}
    file.write_text(json.dumps(machine(task("arn:aws:states:::sns:publish", Parameters=parameters))))
    assert run_command(["translate", str(file), "--strict"]) == 1
    assert "${Topic} has no value" in capsys.readouterr().err
    assert run_command(["translate", str(file), "--strict", "--substitutions", "Topic=arn:t"]) == 0
