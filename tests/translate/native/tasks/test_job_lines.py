"""Jobs that no operator waits for: a function starts them and asks until they have ended."""

from __future__ import annotations

import ast
import json
import textwrap
from types import SimpleNamespace
from typing import Any

import pytest

from tests.translate.native.native_states import native, optimized

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:tell"


def tell(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION, "End": True, **fields}


class Client:
    """A client that answers what a test says, and keeps what it is asked."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append((method, arguments))
            return self.answers[method].pop(0)

        return call


def run(source: str, name: str, client: Client, *arguments: Any) -> tuple[Any, list[int]]:
    """Run a function of a DAG file; return what it returns, and the seconds that it has slept."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    node = next(node for node in found if node.name == name)
    lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
    slept: list[int] = []
    scope: dict[str, Any] = {
        "AwsBaseHook": lambda client_type: SimpleNamespace(conn=client),
        "time": SimpleNamespace(sleep=slept.append),
        "json": json,
        "CHILD": CHILD,
    }
    exec(textwrap.dedent("\n".join(lines)), scope)
    return scope[name](*arguments), slept


CHILD = "arn:aws:states:us-east-1:123456789012:stateMachine:child"
BUILD = optimized("codebuild:startBuild.sync", {"ProjectName": "p", "SourceVersion.$": "$.version"}, Next="Tell")


def build(status: str, **fields: Any) -> dict[str, Any]:
    return {"builds": [{"id": "p:1", "buildStatus": status, **fields}]}


def test_a_build_is_started_and_described_until_it_has_succeeded() -> None:
    made = native({"Build": BUILD, "Tell": tell(Parameters={"number.$": "$.Build.BuildNumber"})})
    assert "sfn_provider" not in made.source
    builds = [build("IN_PROGRESS"), build("SUCCEEDED", buildNumber=7)]
    client = Client(start_build=[{"build": {"id": "p:1"}}], batch_get_builds=builds)
    assert run(made.source, "build", client, {"version": "v2"}) == (7, [30])
    assert client.calls == [
        ("start_build", {"projectName": "p", "sourceVersion": "v2"}),
        ("batch_get_builds", {"ids": ["p:1"]}),
        ("batch_get_builds", {"ids": ["p:1"]}),
    ]
    assert "JOB_IN_ONE_TASK" in {found.code for found in made.findings if found.state == "Build"}


@pytest.mark.parametrize("status", ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"])
def test_a_build_that_fails_fails_the_task(status: str) -> None:
    source = native({"Build": BUILD, "Tell": tell(Parameters={})}).source
    client = Client(start_build=[{"build": {"id": "p:1"}}], batch_get_builds=[build(status)])
    with pytest.raises(RuntimeError, match=f"The job has ended as {status}"):
        run(source, "build", client, {"version": "v2"})


@pytest.mark.parametrize(("pattern", "output"), [("sync", "text"), ("sync:2", "value")])
def test_the_output_of_a_child_execution_is_read_from_its_description(pattern: str, output: str) -> None:
    start = optimized(f"states:startExecution.{pattern}", {"StateMachineArn": CHILD, "Input.$": "$"}, Next="Tell")
    read = "$.Output" if output == "text" else "$.Output.count"
    source = native({"Start": start, "Tell": tell(Parameters={"output.$": read})}).source
    assert "sfn_provider" not in source
    description = {"executionArn": "arn", "status": "SUCCEEDED", "output": '{"count": 3}'}
    client = Client(start_execution=[{"executionArn": "arn"}], describe_execution=[description])
    result, slept = run(source, "start", client, {"a": 1})
    assert (result, slept) == ('{"count": 3}' if output == "text" else 3, [])
    assert client.calls[0] == ("start_execution", {"stateMachineArn": CHILD, "input": '{"a":1}'})


def test_a_child_execution_whose_errors_are_caught_is_described_as_the_operator_waits_on() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]
    start = optimized("states:startExecution.sync", {"StateMachineArn": CHILD}, Catch=catch, End=True)
    source = native({"Start": start, "Tell": tell()}).source
    assert "describe_execution" in source and "StepFunctionStartExecutionOperator" not in source


def test_an_operator_is_kept_where_it_says_what_the_state_does() -> None:
    start = optimized("states:startExecution.sync", {"StateMachineArn": CHILD}, End=True)
    assert "StepFunctionStartExecutionOperator(" in native({"Start": start}).source


def test_a_job_whose_operator_cannot_be_given_its_parameters_is_called() -> None:
    parameters = {"JobName": "j", "NumberOfWorkers.$": "$.n", "WorkerType.$": "$.type", "Arguments.$": "$.all"}
    made = native({"Job": optimized("glue:startJobRun.sync", parameters, End=True)})
    client = Client(start_job_run=[{"JobRunId": "r"}], get_job_run=[{"JobRun": {"JobRunState": "SUCCEEDED"}}])
    run(made.source, "job", client, {"n": 2, "type": "G.1X", "all": {"--a": "b"}})
    arguments = {"JobName": "j", "NumberOfWorkers": 2, "WorkerType": "G.1X", "Arguments": {"--a": "b"}}
    assert client.calls == [("start_job_run", arguments), ("get_job_run", {"JobName": "j", "RunId": "r"})]


def each(**states: dict[str, Any]) -> dict[str, Any]:
    processor = {"StartAt": next(iter(states)), "States": states}
    return {"Each": {"Type": "Map", "ItemsPath": "$.jobs", "ItemProcessor": processor, "End": True}}


def test_the_task_of_an_item_waits_for_jobs_among_its_states() -> None:
    made = native(
        each(
            Run=optimized("glue:startJobRun.sync", {"JobName.$": "$.name"}, ResultPath="$.run", Next="Tell"),
            Tell=tell(Parameters={"seconds.$": "$.run.ExecutionTime"}),
        )
    )
    assert "sfn_provider" not in made.source
    assert 'run = job["ExecutionTime"]' in made.source
    assert "JOB_IN_ONE_TASK" in {found.code for found in made.findings if found.state == "Run"}


def test_an_item_that_is_one_job_is_a_mapped_function() -> None:
    made = native(each(Run=optimized("glue:startJobRun.sync", {"JobName.$": "$.name"}, End=True)))
    client = Client(start_job_run=[{"JobRunId": "r"}], get_job_run=[{"JobRun": {"JobRunState": "SUCCEEDED"}}])
    assert run(made.source, "each", client, {"name": "j"}) == (None, [])


@pytest.mark.parametrize(
    "state",
    [
        optimized("ecs:runTask.sync", {"TaskDefinition": "t", "Cluster": "c", "Overrides.$": "$.overrides"}),
        optimized(
            "eks:runJob.sync", {"ClusterName": "c", "CertificateAuthority": "a", "Endpoint": "https://e", "Job": {}}
        ),
    ],
    ids=["more than a status", "no client of boto3"],
)
def test_other_jobs_stay_exact(state: dict[str, Any]) -> None:
    made = native({"Job": {**state, "End": True}})
    assert [found.state for found in made.findings if found.code == "STAYS_EXACT"] == ["Job"]
