"""Stubs of AWS's clients, and the ``manage.py`` of a bundle that calls them."""

from __future__ import annotations

import importlib.util
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
from tests.fixtures.machines.definitions import END, call, choose, machine

ARN = "arn:aws:airflow-serverless:eu-west-1:123456789012:workflow/orders-abcdefghij"
ROLE = "arn:aws:iam::123456789012:role/orders-workflow"
BRANCH = machine({"A": choose("$.a", {"x": "B"}, "C"), "B": call(), "C": END})
LINE = machine({"A": call()})
CREATE = ["create", "--bucket", "prod-data"]


@dataclass
class Aws:
    """Takes the place of boto3's clients: notes each call, and answers as the service's model says.

    It knows what was made: the description of the role, whether that has a policy, and whether there is a workflow.
    """

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["RUNNING", "SUCCESS"])
    tasks: dict[str, str] = field(default_factory=lambda: {"A": "SUCCESS", "C": "SUCCESS"})
    members: tuple[str, ...] = ("Name", "Code", "Environment")
    warnings: tuple[str, ...] = ()
    refuses: dict[str, BaseException | str] = field(default_factory=dict)
    attempts: dict[str, tuple[str, int]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    policies: set[str] = field(default_factory=set)
    workflow: str = ""
    regions: list[str | None] = field(default_factory=list)

    def __call__(self, service: str, region_name: str | None = None, config: Any = None) -> Aws:
        assert service in ("mwaa-serverless", "s3", "iam")
        if service == "mwaa-serverless":
            self.regions.append(region_name)
            assert config.retries == {"mode": "standard", "max_attempts": 10}
        return self

    @property
    def meta(self) -> Any:
        """What the client knows of the API."""
        model = SimpleNamespace(input_shape=SimpleNamespace(members=self.members))
        service = SimpleNamespace(operation_model=lambda name: model)
        return SimpleNamespace(service_model=service, region_name="eu-west-1")

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        def called(**parameters: Any) -> dict[str, Any]:
            self.calls.append((name, parameters))
            problem = self.refuses.get(name) or self._change(name, parameters)
            if isinstance(problem, str):
                raise ClientError({"Error": {"Code": problem, "Message": "not allowed"}}, name)
            if problem is not None:
                raise problem
            return self._answer(name, parameters)

        return called

    def _change(self, name: str, parameters: dict[str, Any]) -> str | None:
        """Make or remove what an operation does; or return the code of AWS's error."""
        role = parameters.get("RoleName", "")
        match name:
            case "create_role" if role in self.roles:
                return "EntityAlreadyExists"
            case "put_role_policy" | "delete_role" | "get_role" if role not in self.roles:
                return "NoSuchEntity"
            case "delete_role_policy" if role not in self.policies:
                return "NoSuchEntity"
            case "delete_role" if role in self.policies:
                return "DeleteConflict"
            case "create_workflow" if self.workflow:
                return "ConflictException"
            case "update_workflow" | "delete_workflow" | "get_workflow" if not self.workflow:
                return "ResourceNotFoundException"
            case "create_role":
                self.roles[role] = parameters["Description"]
            case "delete_role":
                del self.roles[role]
            case "put_role_policy":
                self.policies.add(role)
            case "delete_role_policy":
                self.policies.remove(role)
            case "create_workflow":
                self.workflow = parameters["Name"]
            case "delete_workflow":
                self.workflow = ""
        return None

    def _answer(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        made = {"WorkflowArn": ARN, "WorkflowVersion": "v1", "Warnings": [*self.warnings]}
        pages = [*self.tasks]
        page = int(parameters.get("NextToken", 0))
        task = str(parameters.get("TaskInstanceId", ""))
        more = {"NextToken": str(page + 1)} if page + 1 < len(pages) else {}
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "create_role": lambda: {"Role": {"Arn": ROLE}},
            "get_role": lambda: {"Role": {"Arn": ROLE, "Description": self.roles[parameters["RoleName"]]}},
            "get_workflow": lambda: {"WorkflowArn": ARN, "Name": self.workflow},
            "create_workflow": lambda: made,
            "update_workflow": lambda: made,
            "start_workflow_run": lambda: {"RunId": "run-1"},
            "get_workflow_run": lambda: {"RunDetail": {"RunState": self.states.pop(0)}},
            "list_task_instances": lambda: {
                "TaskInstances": [{"TaskInstanceId": name} for name in pages[page : page + 1]],
                **more,
            },
            "get_task_instance": lambda: dict(
                zip(("TaskId", "AttemptNumber"), self.attempts.get(task, (task, 1)), strict=True),
                Status=self.tasks[task],
            ),
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

    def load(definition: Any = BRANCH, name: str = "orders", way: Any = "auto") -> ModuleType:
        bundle = make_workflow_bundle(translate(definition, dag_id=name, target="mwaa-serverless", way=way))
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
