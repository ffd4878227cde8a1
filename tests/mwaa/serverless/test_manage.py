"""The commands of a bundle's ``manage.py``, as a new user follows README.md, against stubs of AWS's clients."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sfn_provider.mwaa.serverless import bundle as workflow_bundle
from sfn_provider.mwaa.serverless.bundle import make_workflow_bundle
from sfn_provider.translate import translate
from tests.fixtures.definitions import END, call, choose, machine

ARN = "arn:aws:airflow-serverless:eu-west-1:123456789012:workflow/orders-abcdefghij"
ROLE = "arn:aws:iam::123456789012:role/orders-workflow"
BRANCH = machine({"A": choose("$.a", {"x": "B"}, "C"), "B": call(), "C": END})
LINE = machine({"A": call()})


@dataclass
class Aws:
    """Takes the place of boto3's clients: notes each call, and answers as the service's model says."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["RUNNING", "SUCCESS"])
    tasks: dict[str, str] = field(default_factory=lambda: {"A": "SUCCESS", "C": "SUCCESS"})
    members: tuple[str, ...] = ("Name", "Code", "Environment")
    warnings: tuple[str, ...] = ()
    refuses: str = ""

    def __call__(self, service: str) -> Aws:
        assert service in ("mwaa-serverless", "s3", "iam")
        return self

    @property
    def meta(self) -> Any:
        """What the client knows of the API."""
        model = SimpleNamespace(input_shape=SimpleNamespace(members=self.members))
        return SimpleNamespace(service_model=SimpleNamespace(operation_model=lambda name: model))

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        def called(**parameters: Any) -> dict[str, Any]:
            self.calls.append((name, parameters))
            if name == self.refuses:
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not allowed"}}, name)
            return self._answer(name, parameters)

        return called

    def _answer(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        made = {"WorkflowArn": ARN, "WorkflowVersion": "v1", "Warnings": [*self.warnings]}
        pages = [*self.tasks]
        page = int(parameters.get("NextToken", 0))
        task = str(parameters.get("TaskInstanceId", ""))
        more = {"NextToken": str(page + 1)} if page + 1 < len(pages) else {}
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "create_role": lambda: {"Role": {"Arn": ROLE}},
            "create_workflow": lambda: made,
            "update_workflow": lambda: made,
            "start_workflow_run": lambda: {"RunId": "run-1"},
            "get_workflow_run": lambda: {"RunDetail": {"RunState": self.states.pop(0)}},
            "list_task_instances": lambda: {"TaskInstances": [{"TaskInstanceId": pages[page]}], **more},
            "get_task_instance": lambda: {"TaskId": task, "Status": self.tasks[task]},
        }
        return answers.get(name, dict)()

    def sent(self, name: str) -> dict[str, Any]:
        """The parameters of the only call of an operation."""
        [found] = [parameters for called, parameters in self.calls if called == name]
        return found


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The clients that boto3 makes."""
    made = Aws()
    monkeypatch.setattr(boto3, "client", made)
    monkeypatch.setattr(workflow_bundle, "make_code_archive", lambda: b"a code package")
    return made


@pytest.fixture
def manage(tmp_path: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ModuleType]]:
    """Writes the bundle of a machine into a folder, and gives its ``manage.py``."""

    def load(definition: Any = BRANCH) -> ModuleType:
        bundle = make_workflow_bundle(translate(definition, dag_id="orders", target="mwaa-serverless"))
        for name, content in bundle.files.items():
            (tmp_path / name).write_bytes(content)
        spec = importlib.util.spec_from_file_location("manage_of_a_bundle", tmp_path / "manage.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        vars(module).update(POLL_SECONDS=0.0, ROLE_SECONDS=0.0)
        return module

    yield load
    sys.modules.pop("manage_of_a_bundle", None)


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
    assert "says SUCCESS, but 1 of its tasks have not succeeded" in capsys.readouterr().out


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
    "not allowed": (["create", "--bucket", "b"], {"refuses": "create_workflow"}, "AWS has refused: "),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_problem_is_told_without_a_traceback(
    case: str, manage: Callable[..., Any], aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, changes, message = PROBLEMS[case]
    vars(aws).update(changes)
    assert manage(LINE).main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_workflow_is_not_created_twice(manage: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = manage(LINE)
    assert [made.main(["create", "--bucket", "b"]) for _ in range(2)] == [0, 2]
    assert "The workflow was created, says deployed.json: update it" in capsys.readouterr().err


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
