"""Rules: Resource, required parameters and Credentials of Tasks, and the limits of EXPRESS.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html; patterns and required fields were
measured with ValidateStateMachineDefinition by others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.json_walk import walk_texts
from sfn_provider.asl.lint_rules.definition_walk import DefinitionIndex, Fields, PlacedState, is_placeholder
from sfn_provider.asl.lint_rules.optimized_actions import OPTIMIZED_ACTIONS
from sfn_provider.asl.lint_rules.reporting import did_you_mean, error, join_words, warning
from sfn_provider.asl.resources import Resource, parse_resource

REQUIRED: dict[tuple[str, str], tuple[str, ...]] = {
    ("dynamodb", "getItem"): ("TableName", "Key"),
    ("dynamodb", "putItem"): ("TableName", "Item"),
    ("ecs", "runTask"): ("TaskDefinition",),
    ("events", "putEvents"): ("Entries",),
    ("glue", "startJobRun"): ("JobName",),
    ("lambda", "invoke"): ("FunctionName",),
    ("sns", "publish"): ("Message",),
    ("sqs", "sendMessage"): ("QueueUrl", "MessageBody"),
    ("states", "startExecution"): ("StateMachineArn",),
}
"""Fields of the call's parameters that AWS asks for at creation, where that was seen."""

_MAY_PASS_TOKEN = re.compile(r"Token|\$\$(?![.\[])|\$\$(\.|\[['\"])Task|\$states(?!\.(input|result))|\$\{")
"""Text that may have the task token: by its name, or with all of the context object."""

_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:.+", re.DOTALL)


def _tasks(definition: DefinitionIndex) -> Iterator[tuple[PlacedState, Resource]]:
    for state in definition.of_type("Task"):
        resource = state.fields.get("Resource")
        if isinstance(resource, str):
            yield state, parse_resource(resource)


def resources(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Every Resource can be called, with its pattern (``.sync``, ``.waitForTaskToken``)."""
    for state, resource in _tasks(definition):
        at = state.at + "/Resource"
        if resource.kind == "unknown" and not is_placeholder(resource.text):
            yield _not_callable(resource, at)
        elif resource.kind == "optimized" and not is_placeholder(resource.service):
            yield from _integration_problems(resource, at)
        elif resource.kind in ("aws-sdk", "http:invoke") and resource.pattern.startswith("sync"):
            # Only an optimized integration waits for a job: how to poll it differs from service to service.
            yield error(f"{resource.kind} has no .{resource.pattern}", at)


def _not_callable(resource: Resource, at: str) -> Diagnostic:
    if not _URI.fullmatch(resource.text):
        message = f"{resource.text!r} is not an ARN; a Resource looks like arn:aws:states:::sns:publish"
        return error(message, at)
    message = f"Step Functions refuses {resource.text!r}: it is no Lambda function, activity or integration"
    return warning("INVALID_RESOURCE", message, at)


def _integration_problems(resource: Resource, at: str) -> Iterator[Diagnostic]:
    service, action, pattern = str(resource.service), str(resource.action), resource.pattern
    actions = OPTIMIZED_ACTIONS.get(service)
    if actions is None:
        hint = (
            did_you_mean(service, OPTIMIZED_ACTIONS)
            or f"; arn:aws:states:::aws-sdk:{service}:{action} calls any service"
        )
        yield warning("INVALID_RESOURCE", f"there is no optimized integration {service!r}{hint}", at)
    elif action not in actions:
        if not is_placeholder(action):
            yield error(_unknown_action(service, action, actions), at)
    elif pattern not in actions[action]:
        reason = ": it cannot pass a task token on" if pattern == "waitForTaskToken" else "; leave it out"
        yield error(f"{service}:{action} has no .{pattern}{reason}", at)


def _unknown_action(service: str, action: str, actions: Iterable[str]) -> str:
    hint = did_you_mean(action, actions, cutoff=0.8) or f"; there is {join_words(sorted(actions))}"
    sdk = f"arn:aws:states:::aws-sdk:{service}:{action} calls any action"
    return f"there is no optimized integration {service}:{action}{hint}; {sdk}"


def required_parameters(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """An optimized integration has the parameters that it requires."""
    for state, resource in _tasks(definition):
        if resource.kind != "optimized":
            continue
        name = "Arguments" if state.language == "JSONata" else "Parameters"
        if name not in state.fields:
            message = f"{resource.service}:{resource.action} needs {name}, and Step Functions refuses it without"
            yield warning("MISSING_PARAMETERS", message, state.at)
            continue
        needed = REQUIRED.get((str(resource.service), str(resource.action)), ())
        parameters = state.fields[name]
        missing = [field for field in needed if isinstance(parameters, dict) and not _has_parameter(parameters, field)]
        if missing:
            message = f"{resource.service}:{resource.action} needs {join_words(map(repr, missing))}"
            yield error(message, f"{state.at}/{name}")


def _has_parameter(parameters: Fields, field: str) -> bool:
    return field in parameters or f"{field}.$" in parameters


def task_tokens(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A Task that waits for its token passes it to somebody."""
    for state, resource in _tasks(definition):
        is_refused = resource.kind == "optimized" and any(_integration_problems(resource, ""))
        if resource.pattern != "waitForTaskToken" or is_refused:
            continue
        name = "Arguments" if state.language == "JSONata" else "Parameters"
        texts = [text for _, text in walk_texts(state.fields.get(name))]
        if name in state.fields and not any(_MAY_PASS_TOKEN.search(text) for text in texts):
            token = "{% $states.context.Task.Token %}" if name == "Arguments" else "$$.Task.Token"
            message = f"nobody gets the task token, so that the state waits until it times out: pass {token}"
            yield warning("TOKEN_NOT_PASSED", message, f"{state.at}/{name}")


def credentials(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Credentials is an object with the role to assume; activities have none."""
    for state, resource in _tasks(definition):
        value, at = state.fields.get("Credentials"), state.at + "/Credentials"
        if "Credentials" not in state.fields:
            continue
        if not isinstance(value, dict):
            yield error("Credentials is an object with RoleArn: the role to call with", at)
        elif resource.kind == "activity":
            yield error("an activity takes no Credentials", at)
        elif not _has_parameter(value, "RoleArn"):
            message = (
                f"Step Functions refuses Credentials without RoleArn{did_you_mean(next(iter(value), ''), ['RoleArn'])}"
            )
            yield warning("MISSING_ROLE", message, at)


def express(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """What an EXPRESS state machine cannot do: wait for jobs and tokens, use activities, distribute a Map."""
    if definition.execution_type != "EXPRESS":
        return
    for state, resource in _tasks(definition):
        if resource.kind == "activity":
            yield error("an EXPRESS state machine cannot use activities", state.at + "/Resource")
        elif resource.pattern != "request_response":
            message = f"an EXPRESS state machine does not wait: .{resource.pattern} needs a STANDARD one"
            yield error(message, state.at + "/Resource")
    for group in definition.groups:
        if group.distributed:
            message = "a Map of an EXPRESS state machine cannot have the Mode DISTRIBUTED"
            yield error(message, group.at + "/ProcessorConfig/Mode")
