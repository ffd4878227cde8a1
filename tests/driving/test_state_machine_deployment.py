"""Bringing state machines to a wanted state, over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.driving.state_machine_deployment import MAX_POLLS, ROLE_TRIES, DesiredStateMachine, deploy, routes
from sfn_provider.exceptions import UsageError
from sfn_provider.hooks.step_function import StepFunctionHook
from tests.aws.local_step_functions import PASS_THROUGH, SharedStepFunctions
from tests.aws.moto import ROLE_ARN
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
WANTED = DesiredStateMachine("Orders", json.dumps(PASS_THROUGH, indent=2), ROLE_ARN)
OTHER = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
SHOWN = {
    "stateMachineArn": ARN,
    "name": "Orders",
    "status": "ACTIVE",
    "definition": json.dumps(PASS_THROUGH),
    "roleArn": ROLE_ARN,
    "type": "STANDARD",
    "creationDate": 1.0,
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
    "tracingConfiguration": {"enabled": False},
    "revisionId": "r1",
}
NONE = ErrorResponse("StateMachineDoesNotExist")


def quick(wanted: DesiredStateMachine = WANTED) -> Any:
    """Deploy without pauses."""
    return deploy(StepFunctionHook(), wanted, lambda seconds: None)


def test_it_is_created_then_left_alone_then_changed(stepfunctions: SharedStepFunctions) -> None:
    wanted = replace(WANTED, tags={"team": "sales"}, configurations={"tracingConfiguration": {"enabled": True}})
    assert (quick(wanted).change, quick(wanted).change) == ("created", "unchanged")
    found = stepfunctions.client.describe_state_machine(stateMachineArn=ARN)
    assert json.loads(found["definition"]) == PASS_THROUGH
    assert (found["roleArn"], found["tracingConfiguration"]) == (ROLE_ARN, {"enabled": True})
    assert quick(replace(wanted, definition=OTHER, tags={"team": "orders", "stage": "test"})).change == "updated"
    assert stepfunctions.client.describe_state_machine(stateMachineArn=ARN)["definition"] == OTHER
    tags = stepfunctions.client.list_tags_for_resource(resourceArn=ARN)["tags"]
    assert {tag["key"]: tag["value"] for tag in tags} == {"team": "orders", "stage": "test"}


def test_an_alias_moves_from_version_to_version(stepfunctions: SharedStepFunctions) -> None:
    wanted = replace(WANTED, publish=True, alias="live")
    first = quick(wanted)
    assert (first.version_arn, first.alias_arn, first.start_arn) == (f"{ARN}:1", f"{ARN}:live", f"{ARN}:live")
    second = quick(replace(wanted, definition=OTHER, alias_weight=10))
    assert (second.change, second.version_arn) == ("updated", f"{ARN}:2")
    alias = stepfunctions.client.describe_state_machine_alias(stateMachineAliasArn=f"{ARN}:live")
    shares = {route["stateMachineVersionArn"]: route["weight"] for route in alias["routingConfiguration"]}
    assert shares == {f"{ARN}:1": 90, f"{ARN}:2": 10}


@pytest.mark.parametrize(
    ("before", "weight", "after"),
    [
        ({}, 100, {"new": 100}),
        ({}, 10, {"new": 100}),
        ({"old": 100}, 100, {"new": 100}),
        ({"old": 100}, 10, {"old": 90, "new": 10}),
        ({"old": 90, "new": 10}, 10, {"old": 90, "new": 10}),
        ({"old": 90, "new": 10}, 50, {"old": 50, "new": 50}),
        ({"old": 90, "new": 10}, 100, {"new": 100}),
        ({"older": 80, "old": 20}, 10, {"older": 90, "new": 10}),
        ({"new": 100}, 10, {"new": 100}),
    ],
    ids=["first", "first by parts", "all", "a part", "again", "more", "the rest", "heaviest stays", "alone"],
)
def test_the_shares_of_an_alias(before: dict[str, int], weight: int, after: dict[str, int]) -> None:
    assert routes(before, "new", weight) == after


@pytest.fixture
def deployed(scripted_aws: ScriptedAws) -> ScriptedAws:
    """A server on which the state machine is as wanted."""
    scripted_aws.script("DescribeStateMachine", SHOWN)
    scripted_aws.script("UpdateStateMachine", {"updateDate": 1.0})
    scripted_aws.script("CreateStateMachine", {"stateMachineArn": ARN, "creationDate": 1.0})
    return scripted_aws


@pytest.mark.parametrize(
    ("fields", "shown", "sent"),
    [
        ({}, {}, None),
        ({"definition": json.dumps(dict(reversed(PASS_THROUGH.items())))}, {}, None),
        ({"configurations": {"loggingConfiguration": {"level": "OFF"}}}, {}, None),
        ({"configurations": {"tracingConfiguration": {"enabled": False}}}, {"tracingConfiguration": {}}, None),
        ({"role_arn": f"{ROLE_ARN}2"}, {"roleArn": f"{ROLE_ARN}2"}, {"roleArn": f"{ROLE_ARN}2"}),
        (
            {"configurations": {"loggingConfiguration": {"level": "ALL"}}},
            {"loggingConfiguration": {"level": "ALL", "includeExecutionData": False}},
            {"loggingConfiguration": {"level": "ALL"}},
        ),
    ],
    ids=["same", "order of keys", "default logging", "no tracing shown", "role", "logging"],
)
def test_only_what_differs_is_changed(
    deployed: ScriptedAws, fields: dict[str, Any], shown: dict[str, Any], sent: dict[str, Any] | None
) -> None:
    before = SHOWN if sent else SHOWN | shown
    deployed.script("DescribeStateMachine", before, SHOWN | shown)
    assert quick(replace(WANTED, **fields)).change == ("updated" if sent else "unchanged")
    assert deployed.bodies("UpdateStateMachine") == ([{"stateMachineArn": ARN, **sent}] if sent else [])


def test_it_waits_until_aws_shows_the_change(deployed: ScriptedAws) -> None:
    creating = SHOWN | {"status": "CREATING"}
    deployed.script("DescribeStateMachine", NONE, NONE, creating, SHOWN | {"definition": OTHER}, SHOWN)
    assert quick().change == "created"
    assert len(deployed.bodies("DescribeStateMachine")) == 5


def test_a_change_that_aws_never_shows_fails(deployed: ScriptedAws) -> None:
    deployed.script("DescribeStateMachine", SHOWN | {"definition": OTHER})
    with pytest.raises(AirflowException, match=f"does not show it after {MAX_POLLS} looks"):
        quick()


def test_a_new_role_may_take_its_time(deployed: ScriptedAws) -> None:
    deployed.script("DescribeStateMachine", NONE, SHOWN)
    unknown = ErrorResponse(
        "AccessDeniedException", "states.amazonaws.com is not authorized to assume the provided role."
    )
    log = ErrorResponse("InvalidLoggingConfiguration", "The IAM Role is not authorized to access the Log Destination")
    deployed.script("CreateStateMachine", unknown, log, {"stateMachineArn": ARN, "creationDate": 1.0})
    assert quick().change == "created"
    deployed.script("DescribeStateMachine", NONE)
    deployed.script("CreateStateMachine", unknown)
    with pytest.raises(AirflowFailException, match="assume the provided role"):
        quick()
    assert len(deployed.bodies("CreateStateMachine")) == 3 + ROLE_TRIES


def test_a_missing_permission_is_no_new_role(deployed: ScriptedAws) -> None:
    deployed.script("DescribeStateMachine", NONE)
    deployed.script("CreateStateMachine", ErrorResponse("AccessDeniedException", "no identity-based policy"))
    with pytest.raises(AirflowFailException, match="states:CreateStateMachine"):
        quick()
    assert len(deployed.bodies("CreateStateMachine")) == 1


def test_what_aws_refuses_is_raised(deployed: ScriptedAws) -> None:
    deployed.script("DescribeStateMachine", NONE)
    deployed.script("CreateStateMachine", ErrorResponse("InvalidName"))
    with pytest.raises(ClientError, match="InvalidName"):
        quick()


def test_an_unchanged_machine_is_published_by_its_revision(deployed: ScriptedAws) -> None:
    deployed.script("PublishStateMachineVersion", {"stateMachineVersionArn": f"{ARN}:3", "creationDate": 1.0})
    result = quick(replace(WANTED, publish=True, version_description="nightly"))
    assert (result.change, result.version_arn, result.start_arn) == ("unchanged", f"{ARN}:3", f"{ARN}:3")
    assert deployed.bodies("PublishStateMachineVersion") == [
        {"stateMachineArn": ARN, "revisionId": "r1", "description": "nightly"}
    ]


def test_an_alias_that_leads_there_is_left_alone(deployed: ScriptedAws) -> None:
    deployed.script("PublishStateMachineVersion", {"stateMachineVersionArn": f"{ARN}:3", "creationDate": 1.0})
    routing = [{"stateMachineVersionArn": f"{ARN}:3", "weight": 100}]
    deployed.script("DescribeStateMachineAlias", {"name": "live", "routingConfiguration": routing})
    assert quick(replace(WANTED, publish=True, alias="live")).alias_arn == f"{ARN}:live"
    assert deployed.actions()[-1] == "DescribeStateMachineAlias"


def test_tags_that_are_so_are_not_set_again(deployed: ScriptedAws) -> None:
    deployed.script("ListTagsForResource", {"tags": [{"key": "team", "value": "sales"}]})
    quick(replace(WANTED, tags={"team": "sales"}))
    assert "TagResource" not in deployed.actions()


def test_another_type_is_refused(deployed: ScriptedAws) -> None:
    with pytest.raises(UsageError, match=r"Orders is STANDARD and cannot become EXPRESS; delete it, or take another"):
        quick(replace(WANTED, type="EXPRESS"))


@pytest.mark.parametrize("role_arn", ["machine", "arn:aws:iam::123456789012:user/me", "arn:aws:s3:::bucket"])
def test_what_is_no_role_is_refused(role_arn: str) -> None:
    with pytest.raises(UsageError, match="is not the ARN of a role"):
        quick(replace(WANTED, role_arn=role_arn))
