from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.aws_actions.optimized_actions import OPTIMIZED_ACTIONS
from sfn_provider.asl.aws_actions.service_actions import service_actions, service_names
from sfn_provider.asl.suggestions import MAX_SUGGESTIONS
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
        ("glue:startCrawler", "; there is startJobRun; arn:aws:states:::aws-sdk:glue:startCrawler makes this call"),
        ("lambda:invokeAsync", "there is no optimized integration lambda:invokeAsync"),
        ("dynamodb:query", "there is deleteItem, getItem, putItem and updateItem"),
        ("athena:getQueryResults.sync", "athena:getQueryResults has no .sync; leave it out"),
        (
            "eks:deleteCluster.waitForTaskToken",
            "eks:deleteCluster has no .waitForTaskToken: it cannot pass a task token on",
        ),
        ("emr:addStep", "there is no optimized integration 'emr'; did you mean 'elasticmapreduce'?"),
        ("s3:getObject", "stands in ItemReader of a distributed Map alone; in a Task use arn:aws:states:::aws-sdk:s3:"),
        ("http:invoke.waitForTaskToken", "http:invoke has no .waitForTaskToken: it cannot pass a task token on"),
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


def misspelt_resources() -> Iterator[str]:
    """Every optimized action in capitals and with a letter more, and its service under other names."""
    for service, actions in OPTIMIZED_ACTIONS.items():
        yield from (f"{service}:{word}" for action in actions for word in (action.capitalize(), action + "s"))
        others = {service[:-1], service.capitalize(), service.replace("-", ""), f"aws-sdk:{service}"}
        yield from (f"{other}:{next(iter(actions))}" for other in sorted(others - OPTIMIZED_ACTIONS.keys()))
    yield from ("aws-sdk:lambda:Invoke", "aws-sdk:emr:addStep", "aws-sdk:states:startExecution", "emr:addStep")


def test_everything_that_a_hint_names_exists() -> None:
    resources = list(misspelt_resources())
    task = {"Type": "Task", "Parameters": {}, "Next": "0"}
    tasks = [{**task, "Resource": f"arn:aws:states:::{resource}"} for resource in resources]
    services = {*OPTIMIZED_ACTIONS, *service_names("aws-sdk")}
    hints = 0
    parts = [range(first, min(first + MAX_SUGGESTIONS, len(tasks))) for first in range(0, len(tasks), MAX_SUGGESTIONS)]
    machines = [{"StartAt": str(part[0]), "States": {str(number): tasks[number] for number in part}} for part in parts]
    found = [problem for machine in machines for problem in lint(machine)]
    for problem in (problem for problem in found if problem.location.endswith("/Resource")):
        resource = resources[int(problem.location.split("/")[2])]
        service = resource.split(":")[-2]
        actions = {*OPTIMIZED_ACTIONS.get(service, ()), *getattr(service_actions("aws-sdk", service), "lines", ())}
        words = re.findall(r"did you mean '([^']*)'", problem.message)
        assert set(words) <= services | actions, (resource, problem.message)
        hints += len(words)
        for sdk, action in re.findall(r"arn:aws:states:::aws-sdk:([^: ]+):([A-Za-z0-9]+)", problem.message):
            known = service_actions("aws-sdk", sdk)
            assert known is not None and action in known.names, (resource, problem.message)
    assert hints > len(resources) / 2
