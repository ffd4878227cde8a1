"""The commands of a bundle's ``manage.py`` given again: after failures, and of other files than before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.machines.definitions import call, machine
from tests.mwaa.serverless.conftest import ARN, CREATE, LINE, ROLE, Aws


@pytest.mark.parametrize("failing", ["put_object", "create_role", "put_role_policy", "create_workflow"])
def test_a_creation_that_failed_can_be_repeated_or_deleted(
    failing: str, manage: Callable[..., Any], aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = manage()
    aws.refuses = {failing: "ThrottlingException"}
    assert [made.main(CREATE) for _ in range(2)] == [2, 2]
    assert made.main(["start"]) == 2
    assert "create" in capsys.readouterr().err
    aws.refuses = {}
    if failing in ("put_role_policy", "create_workflow"):
        assert made.main(["delete"]) == 0 and not aws.roles
        assert not (tmp_path / "deployed.json").exists()
    assert made.main(CREATE) == 0
    assert (aws.workflow, [*aws.roles], [*aws.policies]) == ("orders", ["orders-workflow"], ["orders-workflow"])
    assert made.main(["delete"]) == 0 and not aws.roles and not aws.workflow


def test_what_was_made_before_a_failure_is_used(manage: Callable[..., Any], aws: Aws) -> None:
    made = manage()
    aws.refuses = {"create_workflow": "ThrottlingException"}
    made.main(CREATE)
    aws.refuses = {}
    aws.calls.clear()
    assert made.main(["create"]) == 0
    assert aws.sent("create_workflow")["RoleArn"] == ROLE
    assert {call["Bucket"] for name, call in aws.calls if name == "put_object"} == {"prod-data"}


def test_a_role_of_others_is_not_taken(
    manage: Callable[..., Any], aws: Aws, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    aws.roles["orders-workflow"] = "Role of the workflow orders of MWAA Serverless in us-east-1, made by manage.py"
    made = manage()
    assert made.main(CREATE) == 2
    assert f"Use one: --role {ROLE}" in capsys.readouterr().err
    assert not aws.policies and not (tmp_path / "deployed.json").exists()


def test_a_workflow_is_taken_over_where_what_was_noted_is_lost(
    manage: Callable[..., Any], aws: Aws, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = manage()
    made.main(CREATE)
    noted = (tmp_path / "deployed.json").read_text()
    (tmp_path / "deployed.json").unlink()
    assert made.main(CREATE) == 2
    assert "give create again with --workflow ARN" in capsys.readouterr().err
    assert made.main(["create", "--workflow", "orders"]) == 2
    assert "orders is no ARN" in capsys.readouterr().err
    aws.workflow = "other"
    assert made.main(["create", "--workflow", ARN]) == 2
    assert "is the workflow other; the files here are those of orders" in capsys.readouterr().err
    aws.workflow = "orders"
    assert made.main(["create", "--workflow", ARN]) == 0
    assert (tmp_path / "deployed.json").read_text() == noted
    assert aws.sent("update_workflow")["WorkflowArn"] == ARN


@pytest.mark.parametrize("failing", ["delete_workflow", "delete_role_policy", "delete_role"])
def test_a_deletion_that_failed_can_be_repeated(
    failing: str, manage: Callable[..., Any], aws: Aws, tmp_path: Path
) -> None:
    made = manage()
    made.main(CREATE)
    aws.refuses = {failing: "DeleteConflict"}
    assert [made.main(["delete"]) for _ in range(2)] == [2, 2]
    aws.refuses = {}
    assert made.main(["delete"]) == 0
    assert (aws.workflow, aws.roles) == ("", {})
    assert not (tmp_path / "deployed.json").exists()


def test_only_the_bucket_is_replaced_in_the_policy(manage: Callable[..., Any], aws: Aws) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:MY_BUCKET_FN"
    table = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": True}
    read = {**table, "Parameters": {"TableName": "BUCKET", "Key": {"id": {"S": "1"}}}}
    first = {**call("B"), "Resource": function}
    assert manage(machine({"A": first, "B": read})).main(CREATE) == 0
    resources = [
        resource
        for statement in json.loads(aws.sent("put_role_policy")["PolicyDocument"])["Statement"]
        for resource in statement["Resource"]
    ]
    assert function in resources and "arn:aws:dynamodb:*:*:table/BUCKET" in resources
    assert "arn:aws:s3:::prod-data/orders/*" in resources
    assert not [one for one in resources if one.startswith("arn:aws:s3:::BUCKET")]


def test_the_files_of_another_workflow_update_nothing(
    manage: Callable[..., Any], aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    manage().main(CREATE)
    aws.calls.clear()
    made = manage(LINE, "other")
    assert made.main(["update"]) == 2 and aws.calls == []
    assert "is that of the workflow orders, the files here are those of other" in capsys.readouterr().err
    assert made.main(["delete"]) == 0
    assert ("delete_role", {"RoleName": "orders-workflow"}) in aws.calls


def test_a_role_that_was_given_gets_no_policy(manage: Callable[..., Any], aws: Aws) -> None:
    made = manage()
    made.main(CREATE)
    aws.calls.clear()
    assert [made.main(["update", "--role", "arn:aws:iam::123456789012:role/mine"]), made.main(["update"])] == [0, 0]
    assert "put_role_policy" not in [name for name, _ in aws.calls]
    assert {call["RoleArn"].rpartition("/")[2] for name, call in aws.calls if name == "update_workflow"} == {"mine"}


def test_the_workflow_is_asked_for_in_its_region(manage: Callable[..., Any], aws: Aws) -> None:
    made = manage()
    made.main(CREATE)
    aws.regions.clear()
    for command in (["update"], ["start"], ["delete"]):
        assert made.main(command) == 0
    assert {*aws.regions} == {None, "eu-west-1"}  # None: what only looks at the model
    assert aws.regions.count(None) == 1


def test_what_was_noted_and_is_unreadable_is_told(
    manage: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = manage(LINE)
    (tmp_path / "deployed.json").write_text("{")
    assert [made.main(CREATE), made.main(["delete"]), made.main(["start"])] == [2, 2, 2]
    assert capsys.readouterr().err.count("deployed.json cannot be read: ") == 3
