"""Mutated requests of every operation, behind the guard: each is answered, or refused as AWS does, by no fault."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sfn_provider.server.authorization import Guard
from sfn_provider.server.http_app import MAX_BODY_BYTES, create_app
from sfn_provider.server.pages.site import make_pages
from sfn_provider.server.requests.request_validation import service_model
from tests.fixtures.local_service import PREFIX, ROLE, CheckedService, FunctionRunner
from tests.fixtures.machines.definitions import END, call, machine
from tests.fixtures.mutated_json import mutate_json

Json = Any
Request = tuple[str, dict[str, Json]]

REQUESTS = 2_000
REQUESTS_OF_A_SERVICE = 100

WORK = {"Type": "Task", "Resource": f"{PREFIX}activity:a", "TimeoutSeconds": 5_000, "End": True}
EACH = {
    "Type": "Map",
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Work",
        "States": {"Work": WORK},
    },
    "End": True,
}
TAGS = [{"key": "k", "value": "v"}, {"key": "l", "value": ""}]


def _arn(resource: str) -> str:
    return f"{PREFIX}{resource}"


def _create(name: str, definition: Json, **others: Json) -> Request:
    return "CreateStateMachine", {"name": name, "definition": json.dumps(definition), "roleArn": ROLE, **others}


def _start(target: str, name: str, input: Json) -> Request:
    return "StartExecution", {"stateMachineArn": _arn(target), "name": name, "input": json.dumps(input)}


PREPARED: list[Request] = [
    ("CreateActivity", {"name": "a", "tags": TAGS}),
    _create("passes", machine({"A": END}), tags=TAGS, tracingConfiguration={"enabled": True}),
    _create("fails", machine({"A": {"Type": "Fail", "Error": "<b>", "Cause": "\ud800 {{7*7}}"}})),
    _create("express", machine({"A": END}), type="EXPRESS"),
    _create("works", machine({"Work": WORK}), publish=True, versionDescription="first"),
    _create("maps", machine({"Each": EACH})),
    (
        "CreateStateMachineAlias",
        {
            "name": "al",
            "routingConfiguration": [{"stateMachineVersionArn": _arn("stateMachine:works:1"), "weight": 100}],
        },
    ),
    _start("stateMachine:passes", "p", {}),
    _start("stateMachine:fails", "f", {}),
    _start("stateMachine:works:al", "w", {"a": [1]}),
    _start("stateMachine:maps", "m", [1, 2, 3]),
]
PAGE = {"maxResults": 1, "nextToken": "x"}
REPEATED = [{"stateMachineVersionArn": _arn("stateMachine:works:1"), "weight": 50}] * 2
TESTED = {"definition": json.dumps(machine({"Work": call()})["States"]["Work"]), "roleArn": ROLE, "input": "{}"}


def _well_formed(token: str, map_run: str) -> list[Request]:
    """A request of each operation, as it would be answered, beside those that have prepared the service."""
    of_works, of_w = {"stateMachineArn": _arn("stateMachine:works")}, {"executionArn": _arn("execution:works:w")}
    works, answer = {"resourceArn": _arn("stateMachine:works")}, {"taskToken": token}
    alias = {"stateMachineAliasArn": _arn("stateMachine:works:al")}
    return [
        *PREPARED,
        (
            "UpdateStateMachine",
            of_works | {"definition": "{}", "roleArn": ROLE, "publish": True, "versionDescription": "d"},
        ),
        ("DescribeStateMachine", of_works | {"includedData": "METADATA_ONLY"}),
        ("DescribeStateMachineForExecution", of_w | {"includedData": "ALL_DATA"}),
        ("ListStateMachines", PAGE),
        ("DeleteStateMachine", {"stateMachineArn": _arn("stateMachine:none")}),
        (
            "ValidateStateMachineDefinition",
            {"definition": "{}", "severity": "WARNING", "type": "EXPRESS", "maxResults": 3},
        ),
        ("PublishStateMachineVersion", of_works | {"description": "d", "revisionId": "INITIAL"}),
        ("ListStateMachineVersions", of_works | PAGE),
        ("DeleteStateMachineVersion", {"stateMachineVersionArn": _arn("stateMachine:works:2")}),
        ("UpdateStateMachineAlias", alias | {"description": "d", "routingConfiguration": REPEATED}),
        ("DescribeStateMachineAlias", alias),
        ("ListStateMachineAliases", of_works | PAGE),
        ("DeleteStateMachineAlias", {"stateMachineAliasArn": _arn("stateMachine:works:none")}),
        ("StartSyncExecution", {"stateMachineArn": _arn("stateMachine:express"), "input": "{}", "traceHeader": "t"}),
        ("StopExecution", of_w | {"error": "E", "cause": "C"}),
        ("RedriveExecution", {"executionArn": _arn("execution:fails:f"), "clientToken": "c"}),
        ("DescribeExecution", of_w | {"includedData": "ALL_DATA"}),
        ("ListExecutions", of_works | PAGE | {"statusFilter": "RUNNING", "redriveFilter": "REDRIVEN"}),
        ("ListExecutions", {"mapRunArn": map_run, "redriveFilter": "REDRIVEN", "statusFilter": "FAILED"}),
        ("GetExecutionHistory", of_w | PAGE | {"reverseOrder": True, "includeExecutionData": False}),
        ("ListMapRuns", {"executionArn": _arn("execution:maps:m")} | PAGE),
        ("DescribeMapRun", {"mapRunArn": map_run}),
        ("UpdateMapRun", {"mapRunArn": map_run, "maxConcurrency": 3, "toleratedFailurePercentage": 5.5}),
        ("UpdateMapRun", {"mapRunArn": map_run, "toleratedFailureCount": 5}),
        ("GetActivityTask", {"activityArn": _arn("activity:a"), "workerName": "w"}),
        ("SendTaskSuccess", answer | {"output": '{"b": [1, {"c": null}]}'}),
        ("SendTaskFailure", answer | {"error": "E", "cause": "C"}),
        ("SendTaskHeartbeat", answer),
        ("DescribeActivity", {"activityArn": _arn("activity:a")}),
        ("ListActivities", PAGE),
        ("DeleteActivity", {"activityArn": _arn("activity:none")}),
        ("TagResource", works | {"tags": TAGS}),
        ("UntagResource", works | {"tagKeys": ["k", "l"]}),
        ("ListTagsForResource", works),
        ("TestState", TESTED | {"inspectionLevel": "TRACE", "revealSecrets": True, "variables": '{"v": 1}'}),
        ("TestState", TESTED | {"mock": {"result": "{}", "fieldValidationMode": "NONE"}, "context": "{}"}),
        (
            "TestState",
            TESTED | {"mock": {"errorOutput": {"error": "E"}}, "stateConfiguration": {"retrierRetryCount": 2}},
        ),
    ]


async def _send(app: Guard, operation: str, body: bytes) -> tuple[int, dict[bytes, bytes], Json]:
    """Send a request in two parts; the client is gone where the answer takes long."""
    sent: list[Any] = []
    half = len(body) // 2
    parts = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:], "more_body": False},
    ]

    async def receive() -> Any:
        if parts:
            return parts.pop(0)
        for _ in range(50):
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"x-amz-target", f"AWSStepFunctions.{operation}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "raw_path": b"/", "query_string": b"", "headers": headers}
    await app({**scope, "http_version": "1.1", "scheme": "http", "root_path": ""}, receive, send)
    if not sent:
        return 0, {}, None
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])


async def _prepared_service() -> tuple[CheckedService, list[Request]]:
    service = CheckedService(tasks=FunctionRunner())
    for operation, parameters in PREPARED:
        await service.call(operation, parameters)
    task = await service.call("GetActivityTask", {"activityArn": _arn("activity:a")})
    return service, _well_formed(task["taskToken"], next(iter(service.state.map_runs)))


def _mutations(draw: random.Random, requests: list[Request]) -> Iterator[tuple[str, bytes]]:
    for _ in range(REQUESTS_OF_A_SERVICE):
        operation, parameters = draw.choice(requests)
        body = json.dumps(mutate_json(draw, parameters)).encode()
        yield operation, body[: draw.randrange(len(body) + 1)] if draw.random() < 0.05 else body


def test_each_mutated_request_is_answered_or_refused_as_aws_does() -> None:
    statuses: Counter[int] = Counter()
    operations: set[str] = set()

    async def send_all() -> None:
        draw = random.Random(19)
        for _ in range(REQUESTS // REQUESTS_OF_A_SERVICE):
            service, requests = await _prepared_service()
            operations.update(operation for operation, _ in requests)
            app = Guard(create_app(service, make_pages(service)), None, MAX_BODY_BYTES)
            for operation, body in _mutations(draw, requests):
                status, headers, answer = await _send(app, operation, body)
                statuses[status] += 1
                assert status in (0, 200, 400), (operation, body[:500], answer)
                if status == 400:
                    assert answer["message"] and headers[b"x-amzn-errortype"].decode() == answer["__type"]
            await service.close()

    asyncio.run(send_all())
    assert sum(statuses.values()) == REQUESTS
    assert statuses[200] > REQUESTS / 20 and statuses[400] > REQUESTS / 2 and statuses[0] < REQUESTS / 20
    assert operations == {*service_model().operation_names}


def test_a_request_without_mutations_is_answered() -> None:
    async def send_all() -> list[Json]:
        service, requests = await _prepared_service()
        app = Guard(create_app(service), None, MAX_BODY_BYTES)
        kinds = ("DescribeMapRun", "SendTaskHeartbeat", "ListTagsForResource", "DescribeStateMachineAlias")
        answers = [await _send(app, name, json.dumps(sent).encode()) for name, sent in requests if name in kinds]
        await service.close()
        return [status for status, _, _ in answers]

    assert set(asyncio.run(send_all())) == {200}
