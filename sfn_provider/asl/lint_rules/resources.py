"""Rules: Resource, Parameters and Credentials of Tasks, and the limits of EXPRESS.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html; patterns and required fields were
measured with ValidateStateMachineDefinition by others. Whatever Resource it does not know, Step Functions refuses as
``not recognized`` (recorded), with the code SCHEMA_VALIDATION_FAILED.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfn_provider.asl.aws_actions.optimized_actions import OPTIMIZED_ACTIONS, has_pattern
from sfn_provider.asl.definition_index.index import (
    DefinitionIndex,
    Fields,
    Group,
    PlacedState,
    is_placeholder,
)
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import is_jsonata, is_number, kind_of
from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.asl.lint_rules.reporting import error, join_words, warning
from sfn_provider.asl.lint_rules.service_calls import SDK_NAMES, find_sdk_action, parameters_field
from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.asl.suggestions import Suggestions, did_you_mean

_MAY_PASS_TOKEN = re.compile(r"Token|\$\$(?![.\[])|\$\$(\.|\[['\"])Task|\$states(?!\.(input|result))|\$\{")
"""Text that may have the task token: by its name, or with all of the context object."""

_CALLS = ("optimized", "http:invoke", "aws-sdk")
_PATTERNS = (".sync", ".sync:2", ".waitForTaskToken")
_MAP_ACTIONS = {"s3:getObject": "ItemReader", "s3:listObjectsV2": "ItemReader", "s3:putObject": "ResultWriter"}
"""Where integrations stand that no Task calls. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html and the pages beside it."""

EXPRESS_SECONDS = 300
"""How long an EXPRESS execution may take."""

_ROLE = "RoleArn"
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:.+", re.DOTALL)


def _tasks(definition: DefinitionIndex) -> Iterator[tuple[PlacedState, Resource]]:
    for state in definition.of_type("Task"):
        resource = state.fields.get("Resource")
        if isinstance(resource, str):
            yield state, parse_resource(resource)


def resources(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Every Resource can be called, with its pattern (``.sync``, ``.waitForTaskToken``)."""
    suggestions = Suggestions()
    for state, resource in _tasks(definition):
        at = state.at + "/Resource"
        if _is_unknown(resource):
            yield _not_callable(resource, at)
        elif resource.kind == "lambda" and resource.text.endswith(_PATTERNS):
            pattern = resource.text.rpartition(".")[2]
            hint = "; use arn:aws:states:::lambda:invoke.waitForTaskToken" if pattern == "waitForTaskToken" else ""
            yield error(f"the ARN of a Lambda function has no .{pattern}{hint}", at)
        elif resource.kind in ("optimized", "http:invoke") and not is_placeholder(resource.service):
            yield from _integration_problems(resource, at, suggestions)
        elif resource.kind == "aws-sdk" and resource.pattern.startswith("sync"):
            # Only an optimized integration waits for a job: how to poll it differs from service to service.
            yield error(f"{resource.kind} has no .{resource.pattern}", at)


def _is_unknown(resource: Resource) -> bool:
    nameless = resource.kind in ("lambda", "activity") and resource.text.endswith((":function:", ":activity:"))
    return nameless or (resource.kind == "unknown" and not is_placeholder(resource.text))


def _not_callable(resource: Resource, at: str) -> Diagnostic:
    if not _URI.fullmatch(resource.text):
        message = f"{resource.text!r} is not an ARN; a Resource looks like arn:aws:states:::sns:publish"
        return error(message, at)
    if is_foreign(resource):
        message = (
            f"{resource.text!r} is a URI, as the Amazon States Language has it, but no ARN: in AWS a Resource is the"
            " ARN of a Lambda function, an activity or an integration"
        )
        return warning("INVALID_RESOURCE", message, at)
    return error(f"{resource.text!r} is not recognized: it is no Lambda function, activity or integration", at)


def is_foreign(resource: Resource) -> bool:
    """Return whether a Resource is a URI of an interpreter other than Step Functions.

    AWS refuses it. The Amazon States Language allows any URI, and so do the cases of other linters: what else AWS
    requires of calls does not apply to it.
    """
    text = resource.text
    return not text.startswith("arn:") and not is_placeholder(text) and _URI.fullmatch(text) is not None


def _integration_problems(resource: Resource, at: str, suggestions: Suggestions) -> Iterator[Diagnostic]:
    service, action, pattern = str(resource.service), str(resource.action), resource.pattern
    actions = OPTIMIZED_ACTIONS.get(service)
    if actions is None:
        yield error(f"there is no optimized integration {service!r}{_instead(service, action, suggestions)}", at)
    elif action not in actions:
        if not is_placeholder(action):
            yield error(
                f"there is no optimized integration {service}:{action}{_instead(service, action, suggestions)}", at
            )
    elif pattern not in actions[action]:
        reason = ": it cannot pass a task token on" if pattern == "waitForTaskToken" else "; leave it out"
        yield error(f"{service}:{action} has no .{pattern}{reason}", at)


def _is_refused(resource: Resource) -> bool:
    is_integration = resource.kind in ("optimized", "http:invoke")
    return is_integration and any(_integration_problems(resource, "", Suggestions()))


def _instead(service: str, action: str, suggestions: Suggestions) -> str:
    """Return what could be called in place of an integration that does not exist."""
    if field := _MAP_ACTIONS.get(f"{service}:{action}"):
        of_map = f": {service}:{action} stands in {field} of a distributed Map alone"
        return f"{of_map}; in a Task use arn:aws:states:::aws-sdk:{service}:{action}"
    actions = OPTIMIZED_ACTIONS.get(service)
    if actions is None:
        other = next((name for name, sdk in SDK_NAMES.items() if sdk == service and name in OPTIMIZED_ACTIONS), service)
        hint = suggestions.did_you_mean(other, OPTIMIZED_ACTIONS)
    else:
        hint = suggestions.did_you_mean(action, actions, cutoff=0.8) or f"; there is {join_words(sorted(actions))}"
    is_searched = "did you mean" not in hint and not suggestions.are_used_up
    sdk = find_sdk_action(service, action) if is_searched else None
    return f"{hint}; arn:aws:states:::aws-sdk:{sdk} makes this call" if sdk else hint


def missing_parameters(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A call of an integration has parameters, if only empty ones."""
    for state, resource in _tasks(definition):
        name = parameters_field(state)
        if resource.kind not in _CALLS or not has_pattern(resource):
            continue
        if name in state.fields:
            value = state.fields[name]
            if not isinstance(value, dict) and not is_jsonata(value) and not is_placeholder(value):
                message = f"{name} of an integration are an object, not {kind_of(value)}"
                yield error(message, f"{state.at}/{name}")
            continue
        message = f"{resource.resource_type}:{resource.action} needs {name}"
        if (resource.service, resource.action, resource.pattern) == ("lambda", "invoke", "request_response"):
            # Other linters' own cases leave them out, and docs/definitions.md lists that.
            yield warning("MISSING_PARAMETERS", f"{message} with the FunctionName", state.at)
        else:
            yield error(f"{message}, if only an empty object", state.at)


def task_tokens(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A Task that waits for its token passes it to somebody."""
    for state, resource in _tasks(definition):
        if resource.pattern != "waitForTaskToken" or _is_refused(resource):
            continue
        name = parameters_field(state)
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
        else:
            yield from _role_problems(value, at, is_foreign(resource))


def _role_problems(value: Fields, at: str, foreign: bool) -> Iterator[Diagnostic]:
    others = [name for name in value if name.removesuffix(".$") != _ROLE]
    if _ROLE not in value and f"{_ROLE}.$" not in value:
        message = f"Credentials needs RoleArn, the role to call with{did_you_mean(next(iter(value), ''), [_ROLE])}"
        yield warning("MISSING_ROLE", message, at) if foreign else error(message, at)
    elif others:
        yield error(f"Credentials has no field {others[0]!r}; it takes RoleArn", at + pointer(others[0]))
    if _ROLE in value and not isinstance(value[_ROLE], str):
        yield error(f"RoleArn is a string, not {kind_of(value[_ROLE])}", f"{at}/{_ROLE}")


def express(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """What an EXPRESS state machine cannot do: wait for jobs and tokens, use activities, distribute a Map.

    The same is true of the EXPRESS child executions of a distributed Map. Source:
    https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    """
    for state, resource in _tasks(definition):
        owner = _express_owner(state.group, definition)
        if owner and resource.kind == "activity":
            yield error(f"{owner} cannot use activities", state.at + "/Resource")
        elif owner and resource.pattern != "request_response":
            message = f"{owner} does not wait: .{resource.pattern} needs the type STANDARD"
            yield error(message, state.at + "/Resource")
    for group in definition.groups:
        owner = _express_owner(group.parent.group, definition) if group.distributed and group.parent else ""
        if owner:
            message = f"a Map of {owner} cannot have the Mode DISTRIBUTED"
            yield error(message, group.at + "/ProcessorConfig/Mode")


def express_waits(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A Wait of an EXPRESS execution ends before the five minutes that such an execution may take.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    for state in definition.of_type("Wait"):
        seconds = state.fields.get("Seconds")
        if is_number(seconds) and seconds >= EXPRESS_SECONDS:
            owner = _express_owner(state.group, definition)
            if owner:
                message = f"{owner} ends after {EXPRESS_SECONDS} seconds, so that it times out here"
                yield warning("WAIT_EXCEEDS_EXPRESS", message, state.at + "/Seconds")


def _express_owner(group: Group, definition: DefinitionIndex) -> str:
    """Return in words what of the type EXPRESS runs the states of a group; ``""`` for the type STANDARD."""
    while group.parent is not None:
        if group.distributed:
            config = group.fields["ProcessorConfig"]
            is_express = isinstance(config, dict) and config.get("ExecutionType") == "EXPRESS"
            return "an EXPRESS child execution" if is_express else ""
        group = group.parent.group
    return "an EXPRESS state machine" if definition.execution_type == "EXPRESS" else ""
