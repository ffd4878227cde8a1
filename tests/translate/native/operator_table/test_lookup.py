"""Which row is found, and what it says for which provider."""

from __future__ import annotations

import pytest

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import MISSING
from sfn_provider.compare.calls.parameters.parameter_rules import find_rule
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.translate.native.operator_table import OPERATORS, find_operator, find_unused
from sfn_provider.translate.native.operator_table.unused import UNUSED


@pytest.mark.parametrize(
    ("resource", "row"),
    [
        ("glue:startJobRun.sync", "glue:startJobRun.sync"),
        ("arn:aws:states:::glue:startJobRun.sync", "glue:startJobRun.sync"),
        ("arn:aws-cn:states:::aws-sdk:ssm:sendCommand", "aws-sdk:ssm:sendCommand"),
        ("arn:aws:lambda:us-east-1:123456789012:function:Check:live", "lambda"),
        ("arn:aws:states:::states:startExecution.sync:2", "states:startExecution.sync:2"),
    ],
)
def test_a_resource_finds_its_row(resource: str, row: str) -> None:
    found = find_operator(resource, (3, 3, 2), (9, 39, 0))
    assert found is not None and found.resource == row


@pytest.mark.parametrize(
    ("resource", "airflow", "amazon"),
    [
        ("arn:aws:states:::lambda:invoke.waitForTaskToken", (3, 3), (9, 39)),
        ("arn:aws:states:::dynamodb:putItem", (3, 3), (9, 39)),
        ("arn:aws:states:us-east-1:123456789012:activity:Work", (3, 3), (9, 39)),
        ("${Function.Arn}", (3, 3), (9, 39)),
        ("glue:startJobRun", (2, 9, 2), (9, 39)),
        ("glue:startJobRun", (2, 10, 1), (8, 28)),
        ("aws-sdk:glue:startCrawler", (3, 2), (9, 25)),
    ],
)
def test_there_is_no_operator(resource: str, airflow: tuple[int, ...], amazon: tuple[int, ...]) -> None:
    assert find_operator(resource, airflow, amazon) is None


def test_a_row_says_what_older_providers_have() -> None:
    def glue(amazon: tuple[int, ...]) -> tuple[object, ...]:
        row = find_operator("glue:startJobRun.sync", (2, 10, 3), amazon)
        assert row is not None
        return sorted(row.constants), row.passthrough_templated, "FilterLogEvents" in row.reads, dict(row.outcomes)

    assert glue((9, 35)) == (["durable", "waiter_max_attempts"], True, False, {"EXPIRED": "waits"})
    assert glue((9, 34)) == (["waiter_max_attempts"], True, False, {"EXPIRED": "waits"})
    ends = {"EXPIRED": "waits", "ERROR": "waits", "STOPPED": "succeeds"}
    assert glue((9, 8)) == ([], True, False, ends)
    assert glue((9, 0)) == ([], False, True, ends)


def test_parameters_that_an_older_operator_lacks_are_unsupported() -> None:
    row = find_operator("sns:publish", (2, 10, 3), (9, 0))
    assert row is not None and row.unsupported == {"MessageDeduplicationId", "MessageGroupId"}
    row = find_operator("sqs:sendMessage", (2, 10, 3), (9, 12))
    assert row is not None and row.required == ("QueueUrl", "MessageBody", "DelaySeconds")


def test_outcomes_are_told_among_what_is_lost() -> None:
    row = find_operator("states:startExecution.sync", (3, 3), (9, 39))
    assert row is not None
    assert "Where the job ends with TIMED_OUT, it waits on, until its execution_timeout." in row.lost


@pytest.mark.parametrize("resource", [*OPERATORS, *UNUSED])
def test_every_row_is_of_an_integration(resource: str) -> None:
    if resource != "lambda":
        find_integration(parse_resource(f"arn:aws:states:::{resource}"), Clients(None))


def test_an_operator_is_used_or_not() -> None:
    assert set(OPERATORS) & set(UNUSED) == set()
    assert find_unused("arn:aws:states:::databrew:startJobRun.sync") == UNUSED["databrew:startJobRun.sync"]
    assert find_unused("databrew:startJobRun") is None


def test_the_comparison_of_calls_explains_what_operators_add() -> None:
    added = [(row, place, value) for row in OPERATORS.values() for place, value in row.added.items()]
    unexplained = [
        (row.resource, place)
        for row, place, value in added
        if place != "MessageStructure"  # which is part of another form of the message
        and find_rule(client_of(row.resource), row.operation, f"/{place.replace('.', '/')}", MISSING, value) is None
    ]
    assert unexplained == []


def client_of(resource: str) -> str:
    return find_integration(parse_resource(f"arn:aws:states:::{resource}"), Clients(None)).client
