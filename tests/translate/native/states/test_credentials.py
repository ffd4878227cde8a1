"""Credentials in native DAGs: the task makes its client with the permissions of the role."""

from __future__ import annotations

import ast
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.translate.native.native_states import call, native

CALL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:ec2:enableEbsEncryptionByDefault",
    "Credentials": {"RoleArn.$": "$.role"},
    "Parameters": {},
}
LAMBDA = call("f", End=True)


@pytest.mark.parametrize("airflow", ["3.3.2", "3.0.6", "2.11.2", "2.10.3"])
def test_a_call_in_a_role_is_a_function_with_a_client_of_that_role(airflow: str) -> None:
    made = native({"A": CALL | {"End": True}}, airflow)
    assert 'ec2 = client_in_role("ec2", params["role"])\n' in made.source
    assert "\nimport boto3\nfrom airflow" in made.source
    assert [found.state for found in made.findings if found.code == "ASSUMED_ROLE"] == ["A"]
    assert "sfn_provider" not in made.source
    ast.parse(made.source)


def test_the_role_may_be_a_constant_or_an_expression() -> None:
    role = "arn:aws:iam::123456789012:role/r"
    made = native({"A": CALL | {"Credentials": {"RoleArn": role}, "End": True}})
    assert f'R = "{role}"\n' in made.source
    assert 'client_in_role("ec2", R)' in made.source
    call = {name: value for name, value in CALL.items() if name != "Parameters"}
    expression = "{% 'arn:aws:iam::' & $states.input.account & ':role/r' %}"
    states = {"A": call | {"Credentials": {"RoleArn": expression}, "Arguments": {}, "End": True}}
    line = 'client_in_role("ec2", f"arn:aws:iam::{params[\'account\']}:role/r")'
    assert line in native(states, QueryLanguage="JSONata").source


def test_a_role_that_an_earlier_task_names_is_read_of_its_result() -> None:
    lookup = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
        "Parameters": {"Name": "role"},
        "ResultSelector": {"role.$": "$.Parameter.Value"},
        "Next": "A",
    }
    made = native({"Lookup": lookup, "A": CALL | {"End": True}})
    assert ')["Parameter"]["Value"]\n' in made.source
    assert 'client_in_role("ec2", result)' in made.source


def test_in_an_item_the_client_is_made_where_it_is_used() -> None:
    states = {"A": CALL | {"ResultPath": None, "Next": "B"}, "B": LAMBDA}
    body = {"StartAt": "A", "States": states}
    made = native({"M": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": body, "End": True}})
    assert 'ec2_in_role = client_in_role("ec2", item["role"])\n' in made.source
    assert "ec2_in_role.enable_ebs_encryption_by_default()\n" in made.source


@pytest.mark.parametrize("resource", ["arn:aws:states:::lambda:invoke", "arn:aws:states:::glue:startJobRun.sync"])
def test_a_function_or_a_job_in_a_role_stays_exact(resource: str) -> None:
    parameters = {"FunctionName": "f"} if "lambda" in resource else {"JobName": "j"}
    made = native({"A": CALL | {"Resource": resource, "Parameters": parameters, "Next": "B"}, "B": LAMBDA})
    assert {entry.state: entry.how for entry in made.tasks} == {"A": "exact", "B": "operator"}


@mock_aws
def test_the_client_has_the_credentials_and_the_region_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    tree = ast.parse(native({"A": CALL | {"End": True}}).source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "client_in_role")

    class Hook:
        region_name = "eu-west-1"
        conn = boto3.client("sts", region_name="eu-west-1")

        def __init__(self, client_type: str) -> None:
            assert client_type == "sts"

    scope: dict[str, Any] = {"AwsBaseHook": Hook, "boto3": boto3}
    exec(compile(ast.Module([function], []), "dag.py", "exec"), scope)
    client = scope["client_in_role"]("sts", "arn:aws:iam::111122223333:role/target")
    assert client.meta.region_name == "eu-west-1"
    assert client.get_caller_identity()["Arn"] == "arn:aws:sts::111122223333:assumed-role/target/airflow"
