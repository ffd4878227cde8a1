"""Reads input from S3 and writes output to S3, for the Bedrock integration of InvokeModel.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html. That the reference which takes the
place of the body is the object's URI is an inference.
"""

from __future__ import annotations

from typing import Final

from sfn_provider.asl.scope import Json
from sfn_provider.integrations.integration import CallContext, ServiceCaller
from sfn_provider.integrations.json_templates import get_path
from sfn_provider.integrations.optimized.transforms import parse_json
from sfn_provider.integrations.value_shapes import Values, raw_text

INTEGRATION_FIELDS: Final = ("Input", "Output")


def request(parameters: Values, context: CallContext) -> Values:
    """Remove the fields that the operation does not have."""
    return {name: value for name, value in parameters.items() if name not in INTEGRATION_FIELDS}


def result(response: Values) -> Values:
    """Parse the body."""
    return response | {"Body": parse_json(response.get("Body"))}


def read_input(task_parameters: Values, parameters: Values, aws: ServiceCaller) -> Values:
    """Read the body from ``Input.S3Uri``, where the parameters have one."""
    uri = get_path(task_parameters, "Input.S3Uri")
    if not uri:
        return parameters
    return parameters | {"Body": aws.for_service("s3").call("GetObject", _bucket_and_key(uri))["Body"]}


def write_output(task_parameters: Values, result: Json, aws: ServiceCaller) -> Json:
    """Write the body to ``Output.S3Uri``, where the parameters have one, and give its place instead."""
    uri = get_path(task_parameters, "Output.S3Uri")
    if not uri or not isinstance(result, dict):
        return result
    body = raw_text(result["Body"]).decode()
    aws.for_service("s3").call("PutObject", _bucket_and_key(uri) | {"Body": body})
    return result | {"Body": uri}


def _bucket_and_key(uri: Json) -> Values:
    bucket, _, key = str(uri).removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
