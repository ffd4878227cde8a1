"""Changes that optimized integrations make to parameters and results of several services.

Sources: the page of each service under https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
and recorded executions.
"""

from __future__ import annotations

import json
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.integration import CallContext
from sfn_provider.integrations.json_templates import get_path
from sfn_provider.integrations.sync_job import CallOperation, JobState
from sfn_provider.integrations.value_shapes import Values, json_text


def parse_json(text: Json) -> Json:
    """Parse JSON text; any other value is unchanged."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def lambda_result(response: Values) -> Values:
    """Parse the payload.

    Raises:
        StatesError: the function failed: its ``errorType``, with the payload as the cause.
    """
    if response.get("FunctionError"):
        raise _function_error(response.get("Payload") or "")
    return response | {"Payload": parse_json(response.get("Payload"))}


def _function_error(payload: str) -> StatesError:
    details = parse_json(payload)
    name = details.get("errorType") if isinstance(details, dict) else None
    if isinstance(name, str) and name:
        return StatesError(name, payload)
    opening = "The cause could not be determined because Lambda did not return an error type."
    return StatesError("Lambda.Unknown", f"{opening} Returned payload: {payload}")


def put_events_request(parameters: Values, context: CallContext) -> Values:
    """Add the state machine and the execution to each event's resources."""
    arns = [arn for arn in (context.execution_arn, context.machine_arn) if arn]
    entries = parameters.get("Entries")
    if not arns or not isinstance(entries, list):
        return parameters
    return parameters | {"Entries": [_with_resources(entry, arns) for entry in entries]}


def _with_resources(entry: Json, arns: list[str]) -> Json:
    if not isinstance(entry, dict):
        return entry
    resources = entry.get("Resources")
    return entry | {"Resources": [*(resources if isinstance(resources, list) else []), *arns]}


def put_events_result(response: Values) -> Json:
    """Reject a response with failed entries.

    Raises:
        StatesError: ``EventBridge.FailedEntry``, with the response as the cause.
    """
    if response.get("FailedEntryCount"):
        raise StatesError("EventBridge.FailedEntry", json_text(response))
    return response


def run_task_request(parameters: Values, context: CallContext) -> Values:
    """Set ``StartedBy`` (recorded)."""
    return parameters | {"StartedBy": "AWS Step Functions"}


def run_task_accepted(response: Values) -> None:
    """Reject a response where a task was not placed.

    Raises:
        StatesError: ``AmazonECS.Unknown``, with the response as the cause.
    """
    if response.get("Failures") or not response.get("Tasks"):
        raise StatesError("AmazonECS.Unknown", json_text(response))


def run_task_state(description: Values, call: CallOperation) -> JobState:
    """Return the state of a stopped task: it fails where an essential container did not exit with 0.

    The task definition is read only where some containers failed and others did not.
    """
    task = description["Tasks"][0]
    containers: list[dict[str, Any]] = task.get("Containers") or []
    failed = {container.get("Name") for container in containers if container.get("ExitCode") != 0}
    if not failed and containers:
        return "succeeded"
    if len(failed) == len(containers):
        return "failed"
    definition = call("DescribeTaskDefinition", {"TaskDefinition": task["TaskDefinitionArn"]})
    known = get_path(definition, "TaskDefinition.ContainerDefinitions") or []
    optional = {container.get("Name") for container in known if container.get("Essential") is False}
    return "failed" if failed - optional else "succeeded"


def submit_job_request(parameters: Values, context: CallContext) -> Values:
    """Mark a job that is waited for, as Step Functions does (recorded): a variable in its container."""
    others = ("NodeOverrides", "EksPropertiesOverride", "EcsPropertiesOverride")
    overrides = parameters.get("ContainerOverrides") or {}
    if context.pattern == "request_response" or any(parameters.get(name) for name in others):
        return parameters
    if not isinstance(overrides, dict) or not isinstance(overrides.get("Environment") or [], list):
        return parameters  # a wrong type: the model's check says so
    mark = {"Name": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
    environment = [*(overrides.get("Environment") or []), mark]
    return parameters | {"ContainerOverrides": overrides | {"Environment": environment}}


def execution_started_before(parameters: Values, call: CallOperation) -> Values:
    """Return the response to the start of an execution, of parameters with its name."""
    machine = parameters["StateMachineArn"].split(":")
    arn = ":".join([*machine[:5], "execution", machine[6], parameters["Name"]])
    description = call("DescribeExecution", {"ExecutionArn": arn})
    return {name: description[name] for name in ("ExecutionArn", "StartDate")}


def execution_with_values(description: Values) -> Json:
    """Parse a child execution's input and output (``.sync:2``)."""
    texts = {name: parse_json(description[name]) for name in ("Input", "Output") if name in description}
    return description | texts


def object_items(response: Values) -> Json:
    """Return the objects of a bucket as a distributed Map's items show them (recorded)."""
    return [_object_item(entry) for entry in response.get("Contents") or []]


def _object_item(entry: Values) -> Values:
    values = {"Etag": entry.get("ETag"), "Key": entry.get("Key"), "LastModified": entry["LastModified"] // 1000}
    return values | {name: entry[name] for name in ("Size", "StorageClass") if name in entry}


def object_text(response: Values) -> Json:
    """Return an object's contents."""
    return response["Body"]
