from __future__ import annotations

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.lint_rules.optimized_actions import OPTIMIZED_ACTIONS
from sfn_provider.integrations import supported_resources

REQUIRED = {
    "ecs": {"TaskDefinition": "t"},
    "states": {"StateMachineArn": "m"},
    "http": {
        **{"ApiEndpoint": "https://example.com", "Method": "GET"},
        "Authentication": {"ConnectionArn": "arn:aws:events:eu-west-1:1:connection/c/1"},
    },
    "sns": {"Message": "m"},
}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("glue:startJobRunn.sync", "there is no optimized integration glue:startJobRunn; did you mean 'startJobRun'?"),
        ("glue:startCrawler", "; there is startJobRun; arn:aws:states:::aws-sdk:glue:startCrawler calls any action"),
        ("lambda:invokeAsync", "there is no optimized integration lambda:invokeAsync"),
        ("dynamodb:query", "there is deleteItem, getItem, putItem and updateItem"),
        ("athena:getQueryResults.sync", "athena:getQueryResults has no .sync; leave it out"),
        (
            "eks:deleteCluster.waitForTaskToken",
            "eks:deleteCluster has no .waitForTaskToken: it cannot pass a task token on",
        ),
        ("ecs:runTask.sync", None),
        ("states:startExecution.sync:2", None),
        ("http:invoke", None),
        ("${Service}:invoke", None),
        ("sns:${Action}", None),
    ],
)
def test_actions_of_optimized_integrations(resource: str, message: str | None) -> None:
    fields = REQUIRED.get(resource.partition(":")[0], {})
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": fields, "End": True}
    found = lint({"StartAt": "A", "States": {"A": state}})
    if message is None:
        assert found == []
    else:
        [problem] = found
        assert (problem.level, problem.code) == ("error", "SCHEMA_VALIDATION_FAILED")
        assert problem.location == "/States/A/Resource"
        assert message in problem.message


def test_the_partition_may_be_a_placeholder() -> None:
    state = {"Type": "Task", "Resource": "arn:${P}:states:::sns:publsh", "Parameters": {"Message": "m"}, "End": True}
    [problem] = lint({"StartAt": "A", "States": {"A": state}})
    assert "did you mean 'publish'?" in problem.message


def test_a_problem_of_a_service_is_reported_once() -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish.sync",
        "Parameters": {"Message": "m"},
        "End": True,
    }
    assert len(lint({"StartAt": "A", "States": {"A": state}})) == 1


def test_the_table_of_actions_is_that_of_the_integrations() -> None:
    table = {
        f"{service}:{action}": patterns
        for service, actions in OPTIMIZED_ACTIONS.items()
        for action, patterns in actions.items()
    }
    supported = {entry.resource.removeprefix("arn:aws:states:::"): entry for entry in supported_resources()}
    # Those of S3 are for the readers and writers of a distributed Map.
    names = {name for name in supported if not name.startswith(("arn:", "aws-sdk:", "s3:"))}
    assert table == {name: frozenset(supported[name].patterns) for name in names}
