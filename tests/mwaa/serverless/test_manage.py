"""The commands of a bundle's ``manage.py``, as a new user follows README.md, against stubs of AWS's clients."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoRegionError, UnknownServiceError

from sfn_provider.compare.serverless import service_runs
from tests.mwaa.serverless.conftest import ARN, CREATE, LINE, ROLE, Aws


def test_a_workflow_is_created_started_updated_and_deleted(
    manage: Callable[..., Any], aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = manage()
    aws.warnings = ("schedule is dropped",)
    assert made.main(["create", "--bucket", "files"]) == 0
    assert "Warning of the service: schedule is dropped" in capsys.readouterr().out
    keys = json.loads((tmp_path / "workflow.json").read_text())["files"]
    sent = aws.sent("create_workflow")
    assert sent == {
        "Name": "orders",
        "RoleArn": ROLE,
        "DefinitionS3Location": {"Bucket": "files", "ObjectKey": keys["workflow.yaml"]},
        "Code": {"S3Location": {"Bucket": "files", "ObjectKey": keys["code.zip"]}},
        "Environment": {"Variables": {"SFN_PROVIDER_STORAGE": "s3://files/orders/runs"}},
    }
    uploaded = {call["Key"]: call["Body"] for name, call in aws.calls if name == "put_object"}
    assert uploaded == {key: (tmp_path / name).read_bytes() for name, key in keys.items()}
    policy = json.loads(aws.sent("put_role_policy")["PolicyDocument"])
    assert "arn:aws:s3:::files/orders/runs/*" in json.dumps(policy) and "BUCKET" not in json.dumps(policy)
    assert aws.sent("create_role")["RoleName"] == "orders-workflow"

    assert made.main(["start", "--input", '{"a": "y"}']) == 0
    assert aws.sent("start_workflow_run") == {"WorkflowArn": ARN, "OverrideParameters": {"a": "y"}}
    assert capsys.readouterr().out.splitlines() == [
        "Run run-1 is started",
        "The run is RUNNING",
        "The run is SUCCESS",
        "  SUCCESS          A  ",
        "  SUCCESS          C  ",
    ]

    aws.calls.clear()
    assert made.main(["update"]) == 0
    assert aws.sent("update_workflow") == {**{k: v for k, v in sent.items() if k != "Name"}, "WorkflowArn": ARN}
    assert "put_role_policy" in [name for name, _ in aws.calls]

    assert made.main(["delete"]) == 0
    assert aws.sent("delete_workflow") == {"WorkflowArn": ARN}
    assert aws.calls[-1] == ("delete_role", {"RoleName": "orders-workflow"})
    assert made.main(["start"]) == 2


def test_a_workflow_of_operators_has_neither_code_nor_variables(manage: Callable[..., Any], aws: Aws) -> None:
    assert manage(LINE).main(["create", "--bucket", "files", "--role", "arn:mine"]) == 0
    assert set(aws.sent("create_workflow")) == {"Name", "RoleArn", "DefinitionS3Location"}
    assert {name for name, _ in aws.calls} == {"put_object", "create_workflow"}


def test_a_success_with_a_failed_task_is_a_failure(
    manage: Callable[..., Any], aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    made = manage(LINE)
    made.main(["create", "--bucket", "files"])
    aws.tasks = {"A": "FAILED", "B": "SUCCESS"}
    assert made.main(["watch", "run-1"]) == 1
    assert "says SUCCESS, but not all of its tasks have succeeded (1)" in capsys.readouterr().out


RUNS: dict[str, tuple[dict[str, str], dict[str, tuple[str, int]], int]] = {
    "a task was skipped": ({"A": "SUCCESS", "N": "NONE", "R": "REMOVED"}, {}, 0),
    "a task succeeded at last": ({"1": "FAILED", "2": "SUCCESS"}, {"1": ("A", 1), "2": ("A", 2)}, 0),
    "a task failed at last": ({"2": "FAILED", "1": "SUCCESS"}, {"1": ("A", 1), "2": ("A", 2)}, 1),
    "a task was cancelled": ({"A": "SUCCESS", "B": "CANCELLED"}, {}, 1),
    "a task took too long": ({"A": "TIMEOUT"}, {}, 1),
    "there is no task": ({}, {}, 1),
    "no task has run": ({"A": "NONE"}, {}, 1),
}


@pytest.mark.parametrize("case", RUNS)
def test_tasks_are_judged_as_compare_judges_them(case: str, manage: Callable[..., Any], aws: Aws) -> None:
    made = manage(LINE)
    made.main(["create", "--bucket", "files"])
    aws.tasks, aws.attempts, code = RUNS[case]
    assert made.main(["watch", "run-1"]) == code
    assert set(made.NOT_SUCCEEDED) == set(service_runs._NOT_SUCCEEDED)
    assert set(made.ENDED) == set(service_runs._ENDED)


@pytest.mark.parametrize(("status", "code"), [("SUCCESS", 0), ("FAILED", 1), ("NONE", 1)])
def test_a_failure_that_was_caught_is_none(status: str, code: int, manage: Callable[..., Any], aws: Aws) -> None:
    publish = {
        **{"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "ResultPath": None},
        "Parameters": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "m"},
    }
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "C"}]
    last = {**publish, "End": True}
    states = {"A": {**publish, "Catch": catch, "Next": "B"}, "B": last, "C": last}
    made = manage({"StartAt": "A", "States": states}, way="operators")
    made.main(["create", "--bucket", "files", "--role", "arn:mine"])
    aws.tasks = {"A": "FAILED", "B": "UPSTREAM_FAILED", "C": status}
    assert made.main(["watch", "run-1"]) == code


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED"])
def test_a_run_that_ends_otherwise_is_a_failure(state: str, manage: Callable[..., Any], aws: Aws) -> None:
    made = manage(LINE)
    made.main(["create", "--bucket", "files"])
    aws.states = [state]
    assert made.main(["watch", "run-1"]) == 1


PROBLEMS: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "an old boto3": (
        ["create", "--bucket", "b"],
        {"members": ("Name",)},
        "does not know all of a workflow: pip install 'boto3>=1.43.124'",
    ),
    "no bucket": (["create"], {}, "Name the bucket for the workflow's files: --bucket NAME"),
    "not created": (["update"], {}, "as there is no deployed.json: create it"),
    "no JSON": (["start", "--input", "{"], {}, "--input is no JSON"),
    "no object": (["start", "--input", "[]"], {}, "the parameters of a run are a JSON object"),
    "no region": (["create", "--bucket", "b"], {"refuses": {"put_object": NoRegionError()}}, "AWS cannot be asked: "),
    "interrupted": (["create", "--bucket", "b"], {"refuses": {"put_object": KeyboardInterrupt()}}, "Interrupted"),
    "nothing to delete": (["delete"], {}, "Nothing was created from this folder"),
    "not allowed": (
        ["create", "--bucket", "b"],
        {"refuses": {"create_workflow": "AccessDeniedException"}},
        "AWS has refused: ",
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_problem_is_told_without_a_traceback(
    case: str, manage: Callable[..., Any], aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, changes, message = PROBLEMS[case]
    vars(aws).update(changes)
    assert manage(LINE).main(arguments) == (130 if case == "interrupted" else 2)
    assert message in capsys.readouterr().err


def test_a_workflow_is_not_created_twice(manage: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = manage(LINE)
    assert [made.main(["create", "--bucket", "b"]) for _ in range(2)] == [0, 2]
    assert "The workflow was created, says deployed.json: update it" in capsys.readouterr().err


@pytest.mark.parametrize(("problem", "code"), [(KeyboardInterrupt(), 130), ("ThrottlingException", 2)])
def test_a_watch_that_ends_early_says_that_the_run_goes_on(
    problem: Any, code: int, manage: Callable[..., Any], aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    made = manage(LINE)
    made.main(CREATE)
    aws.refuses = {"get_workflow_run": problem}
    assert [made.main(["start"]), made.main(["watch", "run-1"])] == [code, code]
    assert capsys.readouterr().err.count("does not stop the run. Watch it again: manage.py watch run-1") == 2
    aws.refuses = {"get_workflow_run": "ResourceNotFoundException"}
    assert made.main(["watch", "run-2"]) == 2
    assert "manage.py watch run-2" not in capsys.readouterr().err


def test_without_boto3_it_is_told_what_to_install(manage: Callable[..., Any], tmp_path: Path) -> None:
    manage()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "manage.py"), "watch", "run-1"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("manage.py needs boto3 (") and len(done.stderr.splitlines()) == 1
    assert "pip install 'boto3>=1.43.124'" in done.stderr


def test_a_boto3_that_does_not_know_the_service_is_told(
    manage: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unknown(*service: str, **options: Any) -> None:
        raise UnknownServiceError(service_name="mwaa-serverless", known_service_names=[])

    made = manage(LINE)
    monkeypatch.setattr(boto3, "client", unknown)
    assert made.main(CREATE) == 2
    assert "does not know MWAA Serverless: pip install 'boto3>=1.43.124'" in capsys.readouterr().err


def test_what_is_sent_is_what_the_service_takes(manage: Callable[..., Any], aws: Aws) -> None:
    """By the service's model, where the installed botocore is new enough to have all of it."""
    from botocore.session import get_session
    from botocore.validate import ParamValidator

    session = get_session()
    if "mwaa-serverless" not in session.get_available_services():
        pytest.skip("this botocore does not know the service")
    model = session.get_service_model("mwaa-serverless")
    if "Environment" not in model.operation_model("CreateWorkflow").input_shape.members:
        pytest.skip("this botocore does not know a workflow's Environment")
    made = manage()
    for command in (["create", "--bucket", "files"], ["start", "--input", '{"a": "y"}'], ["update"], ["delete"]):
        assert made.main(command) == 0
    names = {"".join(word.capitalize() for word in name.split("_")): name for name, _ in aws.calls}
    for operation in {*model.operation_names} & {*names}:
        for name, parameters in aws.calls:
            if name == names[operation]:
                report = ParamValidator().validate(parameters, model.operation_model(operation).input_shape)
                assert not report.has_errors(), report.generate_report()
