"""State machines, their versions, aliases and tags, and the check of definitions."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fixtures.local_service import PREFIX, ROLE, Service, serve
from tests.fixtures.machines.engine import one

PASS = one({"Type": "Pass"})
OTHER = one({"Type": "Pass", "Result": 1})
HELD = one({"Type": "Task", "Resource": f"{PREFIX}activity:held"})


def test_a_state_machine_is_described_as_it_was_created(service: Service) -> None:
    logs = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:x"}}]}
    arn = service.create(PASS, name="Described", loggingConfiguration=logs, tracingConfiguration={"enabled": True})
    found = service.client.describe_state_machine(stateMachineArn=arn)
    assert json.loads(found["definition"]) == PASS
    assert (found["name"], found["status"], found["type"], found["roleArn"]) == (
        "Described",
        "ACTIVE",
        "STANDARD",
        ROLE,
    )
    assert found["loggingConfiguration"] == logs | {"includeExecutionData": False}
    assert found["tracingConfiguration"] == {"enabled": True}
    assert "revisionId" not in found
    metadata = service.client.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY")
    assert metadata["definition"] == "{}"


def test_creation_is_idempotent(service: Service) -> None:
    first = service.create(PASS, name="Twice")
    again = service.create(PASS, name="Twice", roleArn=f"{ROLE}-other", tags=[{"key": "a", "value": "b"}])
    assert again == first
    assert service.client.describe_state_machine(stateMachineArn=first)["roleArn"] == ROLE
    assert service.client.list_tags_for_resource(resourceArn=first)["tags"] == []
    refusal = service.refusal("create_state_machine", name="Twice", definition=json.dumps(OTHER), roleArn=ROLE)
    assert refusal == ("StateMachineAlreadyExists", f"State Machine Already Exists: '{first}'")


@dataclass(frozen=True)
class Refusal:
    """A request to create a state machine that AWS refuses; what it changes, the code, and what is in the message."""

    parameters: dict[str, Any]
    code: str
    message: str


REFUSALS = {
    "no json": Refusal({"definition": "StartAt: A"}, "InvalidDefinition", "INVALID_JSON_DESCRIPTION"),
    "no states": Refusal(
        {"definition": '{"StartAt": "A"}'}, "InvalidDefinition", "Invalid State Machine Definition: '"
    ),
    "a callback in express": Refusal(
        {
            "definition": json.dumps(
                one({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"})
            ),
            "type": "EXPRESS",
        },
        "InvalidDefinition",
        "/States/State/Resource",
    ),
    "a name with a blank": Refusal({"name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
    "a role that is none": Refusal({"roleArn": "foo"}, "InvalidArn", "Invalid Role Arn: 'foo'"),
    "two destinations": Refusal(
        {"loggingConfiguration": {"level": "ALL"}},
        "InvalidLoggingConfiguration",
        "Invalid Logging Configuration: Must specify exactly one Log Destination.",
    ),
    "a description without publish": Refusal(
        {"versionDescription": "v"}, "ValidationException", "Version description can only be set when publish is true"
    ),
    "too many tags": Refusal(
        {"tags": [{"key": f"k{number}", "value": ""} for number in range(51)]}, "TooManyTags", "at most 50 tags, not 51"
    ),
    "a tag of AWS's own": Refusal(
        {"tags": [{"key": "AWS:owner", "value": ""}]}, "ValidationException", "begins with 'aws:', which is reserved"
    ),
    "a type that does not exist": Refusal({"type": "FAST"}, "ValidationException", "[STANDARD, EXPRESS]"),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_definitions_and_names_are_checked(service: Service, case: Refusal) -> None:
    parameters = {"name": "Refused", "definition": json.dumps(PASS), "roleArn": ROLE} | case.parameters
    code, message = service.refusal("create_state_machine", **parameters)
    assert code == case.code
    assert case.message in message
    listed = service.client.list_state_machines()["stateMachines"]
    assert "Refused" not in {machine["name"] for machine in listed}


def test_an_update_counts_for_later_executions(service: Service) -> None:
    service.client.create_activity(name="held")
    arn = service.create(HELD, name="Updated")
    running = service.start(arn)
    updated = service.client.update_state_machine(stateMachineArn=arn, definition=json.dumps(OTHER))
    assert service.client.describe_state_machine(stateMachineArn=arn)["revisionId"] == updated["revisionId"]
    assert service.wait(service.start(arn))["output"] == "1"
    of_running = service.client.describe_state_machine_for_execution(executionArn=running)
    assert json.loads(of_running["definition"]) == HELD
    assert of_running["stateMachineArn"] == arn
    same = service.client.update_state_machine(stateMachineArn=arn, definition=json.dumps(OTHER))
    assert same["revisionId"] == updated["revisionId"]
    code, message = service.refusal("update_state_machine", stateMachineArn=arn, roleArn="foo")
    assert (code, message) == ("InvalidArn", "Invalid Role Arn: 'foo'")
    code, message = service.refusal("update_state_machine", stateMachineArn=arn)
    assert code == "MissingRequiredParameter"
    assert message.startswith("Either the definition, the role ARN")


def test_a_state_machine_is_gone_when_its_executions_have_ended(service: Service) -> None:
    service.client.create_activity(name="held")
    arn = service.create(HELD, name="Deleted")
    running = service.start(arn)
    service.client.delete_state_machine(stateMachineArn=arn)
    assert service.client.describe_state_machine(stateMachineArn=arn)["status"] == "DELETING"
    assert service.refusal("start_execution", stateMachineArn=arn)[0] == "StateMachineDeleting"
    service.client.stop_execution(executionArn=running)
    assert service.refusal("describe_state_machine", stateMachineArn=arn) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{arn}'",
    )
    assert service.refusal("describe_execution", executionArn=running)[0] == "ExecutionDoesNotExist"
    service.client.delete_state_machine(stateMachineArn=arn)


def test_state_machines_are_listed_by_name() -> None:
    with serve() as service:
        for name in ("b", "a", "c"):
            service.create(PASS, name=name)
        first = service.client.list_state_machines(maxResults=2)
        second = service.client.list_state_machines(nextToken=first["nextToken"])
    assert [each["name"] for page in (first, second) for each in page["stateMachines"]] == ["a", "b", "c"]


def test_versions_are_published_and_deleted(service: Service) -> None:
    client, arn = service.client, service.create(PASS, name="Versions")
    assert client.publish_state_machine_version(stateMachineArn=arn, description="one")["stateMachineVersionArn"] == (
        f"{arn}:1"
    )
    assert client.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"] == f"{arn}:1"
    updated = client.update_state_machine(stateMachineArn=arn, definition=json.dumps(OTHER), publish=True)
    assert updated["stateMachineVersionArn"] == f"{arn}:2"
    assert json.loads(client.describe_state_machine(stateMachineArn=f"{arn}:1")["definition"]) == PASS
    assert client.describe_state_machine(stateMachineArn=f"{arn}:1")["description"] == "one"
    execution = service.wait(service.start(f"{arn}:1", {"a": 1}))
    assert (execution["stateMachineArn"], execution["stateMachineVersionArn"]) == (arn, f"{arn}:1")
    assert json.loads(execution["output"]) == {"a": 1}
    listed = client.list_executions(stateMachineArn=f"{arn}:1")["executions"]
    assert [each["executionArn"] for each in listed] == [execution["executionArn"]]
    versions = client.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [version["stateMachineVersionArn"] for version in versions] == [f"{arn}:2", f"{arn}:1"]
    client.delete_state_machine_version(stateMachineVersionArn=f"{arn}:2")
    assert client.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"] == f"{arn}:3"
    code, message = service.refusal("publish_state_machine_version", stateMachineArn=arn, revisionId="other")
    assert (code, message.partition(".")[0]) == (
        "ConflictException",
        "Failed to publish the State Machine version for revision other",
    )


@pytest.fixture(scope="module")
def two_versions(service: Service) -> str:
    """A machine with versions 1 and 2."""
    arn = service.create(PASS, name="Aliased", publish=True)
    service.client.update_state_machine(stateMachineArn=arn, definition=json.dumps(OTHER), publish=True)
    return arn


def _routes(*pairs: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in pairs]


def test_an_alias_leads_to_versions_by_weight(service: Service, two_versions: str) -> None:
    client, routes = service.client, _routes((f"{two_versions}:1", 25), (f"{two_versions}:2", 75))
    alias = client.create_state_machine_alias(name="prod", routingConfiguration=routes, description="d")
    assert alias["stateMachineAliasArn"] == f"{two_versions}:prod"
    again = client.create_state_machine_alias(name="prod", routingConfiguration=routes, description="d")
    assert again["creationDate"] == alias["creationDate"]
    executions = [service.wait(service.start(f"{two_versions}:prod")) for _ in range(60)]
    used = Counter(each["stateMachineVersionArn"] for each in executions)
    assert 5 <= used[f"{two_versions}:1"] <= 27
    assert used.total() == 60
    assert all(each["stateMachineAliasArn"] == f"{two_versions}:prod" for each in executions)
    listed = client.list_executions(stateMachineArn=f"{two_versions}:prod", maxResults=1_000)["executions"]
    assert len(listed) == 60
    message = (
        "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: "
        "[prod]"
    )
    refusal = service.refusal("delete_state_machine_version", stateMachineVersionArn=f"{two_versions}:1")
    assert refusal == ("ConflictException", message)
    client.update_state_machine_alias(
        stateMachineAliasArn=f"{two_versions}:prod", routingConfiguration=_routes((f"{two_versions}:2", 100))
    )
    described = client.describe_state_machine_alias(stateMachineAliasArn=f"{two_versions}:prod")
    assert (described["name"], described["description"]) == ("prod", "d")
    assert described["routingConfiguration"] == _routes((f"{two_versions}:2", 100))
    of_version = client.list_state_machine_aliases(stateMachineArn=f"{two_versions}:1")
    assert of_version["stateMachineAliases"] == []
    client.delete_state_machine_alias(stateMachineAliasArn=f"{two_versions}:prod")
    assert client.list_state_machine_aliases(stateMachineArn=two_versions)["stateMachineAliases"] == []
    refusal = service.refusal("describe_state_machine_alias", stateMachineAliasArn=f"{two_versions}:prod")
    assert refusal == ("ResourceNotFound", "Request references a resource that does not exist.")


ALIAS_REFUSALS: dict[str, tuple[str, list[tuple[str, int]], str]] = {
    "weights": (
        "a",
        [(":1", 70), (":2", 29)],
        "Sum of routing configuration weights must equal 100. Received: [70, 29]",
    ),
    "twice the same": ("a", [(":1", 50), (":1", 50)], "Routing configuration must contain distinct state machine"),
    "no version": ("a", [("", 100)], "Routing configuration must contain state machine version ARNs. Received: ["),
    "a number as name": ("123", [(":1", 100)], "satisfy regular expression pattern"),
    "three": ("a", [(":1", 50), (":2", 30), (":3", 20)], "Member must have length less than or equal to 2"),
    "a large weight": (
        "a",
        [(":1", 101)],
        "Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value "
        "less than or equal to 100",
    ),
}


@pytest.mark.parametrize("case", ALIAS_REFUSALS.values(), ids=ALIAS_REFUSALS)
def test_aliases_are_checked(service: Service, two_versions: str, case: tuple[str, Any, str]) -> None:
    name, pairs, expected = case
    routes = _routes(*((two_versions + suffix, weight) for suffix, weight in pairs))
    code, message = service.refusal("create_state_machine_alias", name=name, routingConfiguration=routes)
    assert code == "ValidationException"
    assert expected in message


def test_tags_are_added_and_removed(service: Service) -> None:
    arn = service.create(PASS, name="Tagged", tags=[{"key": "a", "value": "1"}], publish=True)
    service.client.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}, {"key": "a", "value": "3"}])
    service.client.untag_resource(resourceArn=arn, tagKeys=["b", "none"])
    assert service.client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "3"}]
    refusal = service.refusal("tag_resource", resourceArn=f"{arn}:1", tags=[])
    assert refusal == ("ResourceNotFound", f"Resource not found: '{arn}:1'")


def test_a_definition_is_validated(service: Service) -> None:
    bad = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}
    found = service.client.validate_state_machine_definition(definition=json.dumps(bad))
    assert found["result"] == "FAIL"
    codes = {(each["severity"], each["code"], each.get("location")) for each in found["diagnostics"]}
    assert ("ERROR", "MISSING_TRANSITION_TARGET", "/States/A/Next") in codes
    limited = service.client.validate_state_machine_definition(definition=json.dumps(bad), maxResults=1)
    assert (len(limited["diagnostics"]), limited["truncated"]) == (1, len(found["diagnostics"]) > 1)
    fine = service.client.validate_state_machine_definition(definition=json.dumps(PASS))
    assert (fine["result"], fine["diagnostics"], fine["truncated"]) == ("OK", [], False)


def test_the_calls_of_terraform_are_answered(service: Service) -> None:
    """Those that the resource aws_sfn_state_machine makes to create, read, update and delete."""
    client, switched_off = service.client, {"includeExecutionData": False, "level": "OFF"}
    arn = service.create(
        PASS,
        name="Terraform",
        type="STANDARD",
        publish=True,
        loggingConfiguration=switched_off,
        tracingConfiguration={"enabled": False},
        encryptionConfiguration={"type": "AWS_OWNED_KEY"},
        tags=[{"key": "Environment", "value": "test"}],
    )
    found = client.describe_state_machine(stateMachineArn=arn)
    assert (found["status"], found["encryptionConfiguration"]) == ("ACTIVE", {"type": "AWS_OWNED_KEY"})
    versions = client.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert versions[0]["stateMachineVersionArn"] == f"{arn}:1"
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "Environment", "value": "test"}]
    updated = client.update_state_machine(
        stateMachineArn=arn,
        definition=json.dumps(OTHER),
        roleArn=ROLE,
        publish=True,
        loggingConfiguration=switched_off,
        tracingConfiguration={"enabled": True},
        encryptionConfiguration={"type": "AWS_OWNED_KEY"},
    )
    found = client.describe_state_machine(stateMachineArn=arn)
    assert (json.loads(found["definition"]), found["tracingConfiguration"]) == (OTHER, {"enabled": True})
    assert updated["stateMachineVersionArn"] == f"{arn}:2"
    client.untag_resource(resourceArn=arn, tagKeys=["Environment"])
    client.delete_state_machine(stateMachineArn=arn)
    assert service.refusal("describe_state_machine", stateMachineArn=arn)[0] == "StateMachineDoesNotExist"
