"""Makes a CloudFormation template of a workflow and its role."""

from __future__ import annotations

from typing import Any

import yaml

from sfn_provider.mwaa.serverless.iam import TRUST
from sfn_provider.translate.serverless.workflow import Workflow

_BUCKET = "${Bucket}"


def make_template(workflow: Workflow, policy: dict[str, Any], keys: dict[str, str], variables: dict[str, str]) -> str:
    """Return the text of a template in YAML, whose only parameter without a default is the bucket.

    Args:
        workflow: the workflow.
        policy: the policy of its role, with ``${Bucket}`` for the bucket.
        keys: the keys of the workflow's files in the bucket, by name of the file.
        variables: the workflow's Environment; texts in which ``${Bucket}`` may stand.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-mwaaserverless-workflow.html
    """
    properties: dict[str, Any] = {
        "Name": workflow.name,
        "DefinitionS3Location": _location(keys["workflow.yaml"]),
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
    }
    if "code.zip" in keys:
        properties["Code"] = {"S3Location": _location(keys["code.zip"])}
    if variables:
        properties["Environment"] = {"Variables": {name: {"Fn::Sub": text} for name, text in variables.items()}}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The workflow {workflow.name} of Amazon MWAA Serverless, made from a Step Functions definition",
        "Parameters": {
            "Bucket": {"Type": "String", "Description": "The bucket that the workflow's files were uploaded to"}
        },
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": TRUST,
                    "Policies": [{"PolicyName": "workflow", "PolicyDocument": _with_bucket(policy)}],
                },
            },
            "Workflow": {"Type": "AWS::MWAAServerless::Workflow", "Properties": properties},
        },
        "Outputs": {"WorkflowArn": {"Value": {"Ref": "Workflow"}}},
    }
    return yaml.safe_dump(template, sort_keys=False, width=120)


def _location(key: str) -> dict[str, Any]:
    return {"Bucket": {"Ref": "Bucket"}, "ObjectKey": key}


def _with_bucket(value: Any) -> Any:
    """Return JSON in which texts with the bucket are substituted by CloudFormation."""
    if isinstance(value, dict):
        return {name: _with_bucket(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_bucket(entry) for entry in value]
    return {"Fn::Sub": value} if isinstance(value, str) and _BUCKET in value else value
