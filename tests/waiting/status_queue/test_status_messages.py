"""What is taken from a message of a status queue, and which messages are refused."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.waiting.status_queue.status_messages import MAX_DESCRIPTION_BYTES, StatusMessage, parse_message
from tests.aws.status_events import status_change_event
from tests.fixtures.mutated_json import mutate_json

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
DATES = {"startDate": "2019-02-26T23:52:26.847000+00:00", "stopDate": "2019-02-26T23:52:31.881000+00:00"}

Event = dict[str, Any]


def parse(body: str, **attributes: str) -> StatusMessage:
    return parse_message({"MessageId": "1", "ReceiptHandle": "r", "Body": body, "Attributes": attributes})


def parse_event(event: Event) -> StatusMessage:
    return parse(json.dumps(event))


@dataclass(frozen=True)
class ResultCase:
    """The description that an event's detail makes; None for none."""

    id: str
    status: str
    detail: Event
    result: dict[str, str] | None


RESULTS = [
    ResultCase("output", "SUCCEEDED", {"output": '{"a": 1}'}, {"output": '{"a": 1}'}),
    ResultCase("output without details", "SUCCEEDED", {"output": "1", "outputDetails": None}, {"output": "1"}),
    ResultCase("output left out", "SUCCEEDED", {"output": None, "outputDetails": {"included": False}}, None),
    ResultCase("output cut", "SUCCEEDED", {"output": "{", "outputDetails": {"included": False}}, None),
    ResultCase("input left out", "SUCCEEDED", {"inputDetails": {"included": False}, "output": "2"}, {"output": "2"}),
    ResultCase("output is no text", "SUCCEEDED", {"output": {"a": 1}}, None),
    ResultCase("output details are no object", "SUCCEEDED", {"output": "1", "outputDetails": [False]}, None),
    ResultCase("error and cause", "FAILED", {"error": "E", "cause": "c"}, {"error": "E", "cause": "c"}),
    ResultCase("error without cause", "TIMED_OUT", {"error": "States.Timeout"}, {"error": "States.Timeout"}),
    ResultCase("neither", "ABORTED", {}, {}),
    ResultCase("error is no text", "FAILED", {"error": 7}, None),
    ResultCase("no stop", "SUCCEEDED", {"stopDate": None}, None),
    ResultCase("start is text", "SUCCEEDED", {"startDate": "2019-02-26T23:52:26Z"}, None),
    ResultCase("start is true", "SUCCEEDED", {"startDate": True}, None),
    ResultCase("stop after the year 9999", "SUCCEEDED", {"stopDate": 1e300}, None),
    ResultCase("stop before 1970", "SUCCEEDED", {"stopDate": -1}, None),
    ResultCase("stop is no number", "SUCCEEDED", {"stopDate": float("nan")}, None),
    ResultCase("it goes on", "RUNNING", {}, None),
    ResultCase("it goes on, with an output", "RUNNING", {"output": "1", "stopDate": 1551225151881}, None),
    ResultCase("the longest", "SUCCEEDED", {"output": "a" * MAX_DESCRIPTION_BYTES}, {"output": "a" * (32 * 1024)}),
    ResultCase("too long", "SUCCEEDED", {"output": "é" * (MAX_DESCRIPTION_BYTES // 2 + 1)}, None),
    ResultCase("too long together", "FAILED", {"error": "a" * 32_000, "cause": "a" * 1_000}, None),
    ResultCase("a character no database takes", "FAILED", {"error": "E", "cause": "a\0b"}, None),
    ResultCase("half a character", "FAILED", {"error": "E", "cause": "a\ud800b"}, None),
]


@pytest.mark.parametrize("case", RESULTS, ids=lambda case: case.id)
def test_a_description_has_what_the_message_has(case: ResultCase) -> None:
    change = parse_event(
        status_change_event(ARN, **({"status": case.status, "error": None, "cause": None} | case.detail))
    ).change
    assert change is not None
    expected = None if case.result is None else {"executionArn": ARN, "status": case.status, **DATES, **case.result}
    assert change.description() == expected


def test_an_event_of_before_error_and_cause_existed_has_no_description() -> None:
    event = status_change_event(ARN, "FAILED")
    del event["detail"]["error"], event["detail"]["cause"]
    change = parse_event(event).change
    assert change is not None
    assert (change.status, change.description()) == ("FAILED", None)


def test_a_description_shows_no_data_in_a_log() -> None:
    change = parse_event(status_change_event(ARN, output='"secret"')).change
    assert change is not None
    description = change.description()
    assert json.loads(json.dumps(description))["output"] == '"secret"'
    assert f"{description} { ({'description': description}) }".count("secret") == 0
    assert repr(description) == "<executionArn, status, startDate, stopDate, output>"


@pytest.mark.parametrize(
    ("value", "count"), [(0, 0), (3, 3), (None, None), (-1, None), ("1", None), (True, None), (1.5, None)]
)
def test_the_number_of_redrives(value: Any, count: int | None) -> None:
    change = parse_event(status_change_event(ARN, redriveCount=value)).change
    assert change is not None
    assert change.redrive_count == count


def test_an_event_of_before_redrives_existed() -> None:
    event = status_change_event(ARN)
    del event["detail"]["redriveCount"]
    change = parse_event(event).change
    assert change is not None
    assert change.redrive_count == 0


@pytest.mark.parametrize(
    ("arn", "machine", "state_machine_arn"),
    [
        (ARN, MACHINE, MACHINE),
        (ARN, MACHINE + ":7", MACHINE),
        (ARN.replace(":one", ":live:one"), MACHINE + ":live", MACHINE),
        (ARN.replace("Orders", "Orders/Each"), MACHINE + "/Each", MACHINE + "/Each"),
        (ARN.replace("Orders", "Orders/Each"), MACHINE, MACHINE),
        (ARN.replace("arn:aws:", "arn:aws-cn:"), MACHINE.replace("arn:aws:", "arn:aws-cn:"), None),
    ],
    ids=["plain", "version", "alias", "child of a Map Run", "its parent's machine", "another partition"],
)
def test_the_machine_of_an_execution(arn: str, machine: str, state_machine_arn: str | None) -> None:
    change = parse_event(status_change_event(arn, stateMachineArn=machine)).change
    assert change is not None
    assert change.execution_arn == arn
    assert change.state_machine_arn == (state_machine_arn or machine)


Alter = Callable[[Event], Any]

INCONSISTENT: dict[str, tuple[Alter, str]] = {
    "another machine": (lambda e: e["detail"].update(stateMachineArn=MACHINE + "2"), "detail.stateMachineArn"),
    "no machine": (lambda e: e["detail"].pop("stateMachineArn"), "detail.stateMachineArn"),
    "the machine is a number": (lambda e: e["detail"].update(stateMachineArn=7), "detail.stateMachineArn"),
    "another account's machine": (
        lambda e: e["detail"].update(stateMachineArn=MACHINE.replace("1234", "4321")),
        "detail.stateMachineArn",
    ),
    "another account": (lambda e: e.update(account="210987654321"), "account"),
    "the account is a number": (lambda e: e.update(account=123456789012), "account"),
    "no account": (lambda e: e.pop("account"), "account"),
    "another region": (lambda e: e.update(region="us-east-2"), "region"),
    "no region": (lambda e: e.pop("region"), "region"),
    "another source": (lambda e: e.update(source="my.app"), "source"),
    "no source": (lambda e: e.pop("source"), "source"),
    "another resource": (lambda e: e.update(resources=[ARN + "2"]), "resources"),
    "resources are a text": (lambda e: e.update(resources=ARN + "2"), "resources"),
    "another name": (lambda e: e["detail"].update(name="two"), "detail.name"),
    "all of it": (lambda e: e.update(account="", region="", source=""), "source, account, region"),
    "no execution": (lambda e: e["detail"].pop("executionArn"), "detail.executionArn is missing"),
    "the execution is a list": (lambda e: e["detail"].update(executionArn=[ARN]), "detail.executionArn is missing"),
    "the execution is a machine": (
        lambda e: e["detail"].update(executionArn=MACHINE),
        "is not the ARN of a Standard execution",
    ),
    "an Express execution": (
        lambda e: e["detail"].update(executionArn=ARN.replace(":execution:", ":express:")),
        "is not the ARN of a Standard execution",
    ),
    "no detail": (lambda e: e.pop("detail"), "detail.executionArn is missing"),
    "the detail is text": (lambda e: e.update(detail=ARN), "detail.executionArn is missing"),
}


@pytest.mark.parametrize("name", INCONSISTENT)
def test_an_inconsistent_event_is_no_status_change(name: str) -> None:
    alter, problem = INCONSISTENT[name]
    event = status_change_event(ARN)
    alter(event)
    message = parse_event(event)
    assert message.change is None
    assert message.is_status_change
    assert problem in message.problem


@pytest.mark.parametrize(
    "body",
    ["", "no JSON", "[]", "7", "null", '"text"', "{}", '{"detail-type": 1}', "[" * 100_000, "9" * 5_000, '{"a": NaN}'],
    ids=lambda body: body[:20] or "empty",
)
def test_what_is_no_event_of_step_functions(body: str) -> None:
    message = parse(body)
    assert (message.change, message.is_status_change) == (None, False)
    assert "is no 'Step Functions Execution Status Change'" in message.problem


def test_how_often_a_message_was_received() -> None:
    assert [parse("{}").receives, parse("{}", ApproximateReceiveCount="4").receives] == [1, 4]


@pytest.mark.parametrize("status", [[], {}, ["FAILED"], {"FAILED": 1}, None, 1])
def test_a_status_that_is_no_text_is_none(status: Any) -> None:
    event = status_change_event(ARN, "FAILED")
    event["detail"] |= {"status": status, "error": "E", "cause": "c"}
    change = parse_event(event).change
    assert change is not None and (change.status, change.result) == ("", None)


def test_mutated_messages_are_read_or_set_aside() -> None:
    draw = random.Random(19)
    taken = 0
    for number in range(5_000):
        event = status_change_event(ARN, ("SUCCEEDED", "FAILED")[number % 2])
        event["detail"] |= {"output": "{}"} if number % 2 == 0 else {"error": "E", "cause": "c"}
        text = json.dumps(mutate_json(draw, event))
        message = parse(text[: draw.randrange(len(text) + 1)] if number % 20 == 0 else text)
        assert (message.change is None) == bool(message.problem)
        taken += message.change is not None
    assert 500 < taken < 4_500
