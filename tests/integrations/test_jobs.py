"""Jobs from submission to end, against scripted services."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from sfn_provider.integrations.link import token_of
from tests.fixtures.scripted_aws import DROP, Refusal, ScriptedAws

from .conftest import EXECUTION_ARN, MACHINE_ARN, Answer, without_metadata

CHILD = MACHINE_ARN.replace("Orders", "Child")
RUN = EXECUTION_ARN.replace("Orders:first", "Child:run")
TASK = {"taskArn": "arn:task", "clusterArn": "arn:cluster", "taskDefinitionArn": "arn:td"}


def container(name: str, exit_code: int | None) -> dict[str, Any]:
    return {"name": name} | ({} if exit_code is None else {"exitCode": exit_code})


@dataclass(frozen=True)
class Job:
    """A kind of job.

    Args:
        id: the resource.
        arguments: of the task.
        start: the action that starts it, and its answer.
        describe: the action that describes it, with its parameters.
        running: a description of the job as it goes on.
        done: a description of the job when it is done.
        result: the task's result.
        failed: a description of the job when it has failed.
        stop: the action that stops it, with its parameters; None where nothing does.
    """

    id: str
    arguments: dict[str, Any]
    start: tuple[str, dict[str, Any]]
    describe: tuple[str, dict[str, Any]]
    running: dict[str, Any]
    done: dict[str, Any]
    result: dict[str, Any]
    failed: dict[str, Any]
    stop: tuple[str, dict[str, Any]] | None = None
    failure: dict[str, Any] = field(default_factory=dict)


JOBS = (
    Job(
        "states:startExecution.sync",
        {"StateMachineArn": CHILD, "Input": {"a": 1}},
        ("StartExecution", {"executionArn": RUN, "startDate": 1.5}),
        ("DescribeExecution", {"executionArn": RUN}),
        {"status": "RUNNING"},
        {"status": "SUCCEEDED", "input": '{"a":1}', "output": "[2]", "stopDate": 2.25},
        {"Status": "SUCCEEDED", "Input": '{"a":1}', "Output": "[2]", "StopDate": 2250},
        {"status": "FAILED", "error": "E"},
        ("StopExecution", {"executionArn": RUN, "cause": "The execution that waited for it was stopped"}),
        {"Status": "FAILED", "Error": "E"},
    ),
    Job(
        "states:startExecution.sync:2",
        {"StateMachineArn": CHILD},
        ("StartExecution", {"executionArn": RUN, "startDate": 1.5}),
        ("DescribeExecution", {"executionArn": RUN}),
        {"status": "RUNNING"},
        {"status": "SUCCEEDED", "input": '{"a":1}', "output": "[2]"},
        {"Status": "SUCCEEDED", "Input": {"a": 1}, "Output": [2]},
        {"status": "ABORTED", "input": "{}"},
        ("StopExecution", {"executionArn": RUN, "cause": "The execution that waited for it was stopped"}),
        {"Status": "ABORTED", "Input": {}},
    ),
    Job(
        "glue:startJobRun.sync",
        {"JobName": "load", "Arguments": {"--day": "1"}},
        ("StartJobRun", {"JobRunId": "jr_1"}),
        ("GetJobRun", {"JobName": "load", "RunId": "jr_1"}),
        {"JobRun": {"JobRunState": "WAITING"}},
        {"JobRun": {"Id": "jr_1", "JobRunState": "SUCCEEDED", "StartedOn": 10}},
        {"Id": "jr_1", "JobRunState": "SUCCEEDED", "StartedOn": 10_000},
        {"JobRun": {"JobRunState": "TIMEOUT"}},
        ("BatchStopJobRun", {"JobName": "load", "JobRunIds": ["jr_1"]}),
        {"JobRunState": "TIMEOUT"},
    ),
    Job(
        "athena:startQueryExecution.sync",
        {"QueryString": "SELECT 1"},
        ("StartQueryExecution", {"QueryExecutionId": "q"}),
        ("GetQueryExecution", {"QueryExecutionId": "q"}),
        {"QueryExecution": {"Status": {"State": "QUEUED"}}},
        {"QueryExecution": {"Query": "SELECT 1", "Status": {"State": "SUCCEEDED"}}},
        {"QueryExecution": {"Query": "SELECT 1", "Status": {"State": "SUCCEEDED"}}},
        {"QueryExecution": {"Status": {"State": "CANCELLED"}}},
        ("StopQueryExecution", {"QueryExecutionId": "q"}),
        {"QueryExecution": {"Status": {"State": "CANCELLED"}}},
    ),
    Job(
        "ecs:runTask.sync",
        {"TaskDefinition": "td"},
        ("RunTask", {"tasks": [TASK], "failures": []}),
        ("DescribeTasks", {"cluster": "arn:cluster", "tasks": ["arn:task"]}),
        {"tasks": [{"lastStatus": "RUNNING"}]},
        {"tasks": [{"lastStatus": "STOPPED", "containers": [container("a", 0)], "stoppedAt": 3}]},
        {"LastStatus": "STOPPED", "StoppedAt": 3000, "Containers": [{"Name": "a", "ExitCode": 0}]},
        {"tasks": [{"lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "containers": [container("a", None)]}]},
        (
            "StopTask",
            {"cluster": "arn:cluster", "task": "arn:task", "reason": "The execution that waited for it was stopped"},
        ),
    ),
    Job(
        "codebuild:startBuild.sync",
        {"ProjectName": "p"},
        ("StartBuild", {"build": {"id": "b"}}),
        ("BatchGetBuilds", {"ids": ["b"]}),
        {"builds": [{"buildStatus": "IN_PROGRESS"}]},
        {"builds": [{"id": "b", "buildStatus": "SUCCEEDED"}]},
        {"Build": {"Id": "b", "BuildStatus": "SUCCEEDED"}},
        {"builds": [{"buildStatus": "FAULT"}]},
        ("StopBuild", {"id": "b"}),
        {"Build": {"BuildStatus": "FAULT"}},
    ),
    Job(
        "sagemaker:createTrainingJob.sync",
        {
            "TrainingJobName": "t",
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "RoleArn": "arn:role",
            "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
            "ResourceConfig": {"VolumeSizeInGB": 1},
            "StoppingCondition": {},
        },
        ("CreateTrainingJob", {"TrainingJobArn": "arn:job"}),
        ("DescribeTrainingJob", {"TrainingJobName": "t"}),
        {"TrainingJobStatus": "InProgress"},
        {"TrainingJobStatus": "Completed", "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"}},
        {"TrainingJobStatus": "Completed", "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"}},
        {"TrainingJobStatus": "Stopped"},
        ("StopTrainingJob", {"TrainingJobName": "t"}),
        {"TrainingJobStatus": "Stopped"},
    ),
    Job(
        "elasticmapreduce:createCluster.sync",
        {"Name": "c", "Instances": {"KeepJobFlowAliveWhenNoSteps": True}},
        ("RunJobFlow", {"JobFlowId": "j-1"}),
        ("DescribeCluster", {"ClusterId": "j-1"}),
        {"Cluster": {"Status": {"State": "RUNNING"}}},
        {"Cluster": {"Id": "j-1", "Status": {"State": "WAITING"}}},
        {"ClusterId": "j-1", "Cluster": {"Id": "j-1", "Status": {"State": "WAITING"}}},
        {"Cluster": {"Status": {"State": "TERMINATED_WITH_ERRORS"}}},
        None,
    ),
    Job(
        "elasticmapreduce:addStep.sync",
        {"ClusterId": "j-1", "Step": {"Name": "s", "HadoopJarStep": {"Jar": "j"}}},
        ("AddJobFlowSteps", {"StepIds": ["s-1"]}),
        ("DescribeStep", {"ClusterId": "j-1", "StepId": "s-1"}),
        {"Step": {"Status": {"State": "PENDING"}}},
        {"Step": {"Id": "s-1", "Status": {"State": "COMPLETED"}}},
        {"StepId": "s-1", "Step": {"Id": "s-1", "Status": {"State": "COMPLETED"}}},
        {"Step": {"Status": {"State": "CANCELLED"}}},
        ("CancelSteps", {"ClusterId": "j-1", "StepIds": ["s-1"]}),
        {"Step": {"Status": {"State": "CANCELLED"}}},
    ),
    Job(
        "elasticmapreduce:terminateCluster.sync",
        {"ClusterId": "j-1"},
        ("TerminateJobFlows", {}),
        ("DescribeCluster", {"ClusterId": "j-1"}),
        {"Cluster": {"Status": {"State": "TERMINATING"}}},
        {"Cluster": {"Id": "j-1", "Status": {"State": "TERMINATED_WITH_ERRORS"}}},
        {"Cluster": {"Id": "j-1", "Status": {"State": "TERMINATED_WITH_ERRORS"}}},
        {},
        None,
    ),
)
job_cases = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.id)


def start(submit: Callable[..., Answer], scripted_aws: ScriptedAws, job: Job, **fields: Any) -> Submitted:
    scripted_aws.script(*job.start)
    answer = submit(job.id, job.arguments, **fields)
    assert isinstance(answer, Submitted)
    return answer


def elsewhere(job: dict[str, Any]) -> dict[str, Any]:
    """Carry a job to another process."""
    return dict(json.loads(json.dumps(job)))


def without_empty_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_empty_lists(entry) for key, entry in value.items() if entry != []}
    return [without_empty_lists(entry) for entry in value] if isinstance(value, list) else value


@job_cases
def test_a_job_is_followed_to_its_result(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job
) -> None:
    submitted = start(submit, scripted_aws, job)
    assert submitted.output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    action, parameters = job.describe
    scripted_aws.script(action, job.running, job.done)
    going_on = caller.poll(submitted.job)
    assert isinstance(going_on, Submitted)
    assert going_on.output is None
    assert going_on.poll_after > submitted.poll_after
    ended = caller.poll(going_on.job)
    assert isinstance(ended, Completed)
    assert without_empty_lists(without_metadata(ended.result)) == job.result
    assert scripted_aws.bodies(action) == [parameters, parameters]


def test_a_job_is_followed_in_another_process(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    job = JOBS[3]
    submitted = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe[0], job.running, job.done)
    going_on = Caller().poll(elsewhere(submitted.job))
    assert isinstance(going_on, Submitted)
    assert Caller().poll(elsewhere(going_on.job)) == Completed(job.result)


@job_cases
def test_a_failed_job_is_the_cause(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job
) -> None:
    if not job.failed:
        pytest.skip("such a job cannot fail")
    submitted = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe[0], job.failed)
    with pytest.raises(StatesError) as caught:
        caller.poll(submitted.job)
    assert caught.value.error == "States.TaskFailed"
    cause = json.loads(caught.value.cause or "")
    assert without_empty_lists(cause) == job.failure if job.failure else "Status" in str(cause)


@job_cases
def test_a_job_is_stopped(submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job) -> None:
    submitted = start(submit, scripted_aws, job)
    if job.stop is not None:
        scripted_aws.script(job.stop[0], {})
    caller.cancel(submitted.job)
    stops = [job.stop] if job.stop is not None else []
    assert scripted_aws.calls[1:] == stops


def test_a_job_that_cannot_be_stopped_is_told(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[3])
    scripted_aws.script("StopQueryExecution", Refusal("AccessDeniedException"))
    with pytest.raises(StatesError, match=r"Athena\.AmazonAthenaException"):
        caller.cancel(submitted.job)


PASSING = (
    Refusal("ThrottlingException"),
    Refusal("InternalFailure", status=500),
    Refusal("ExpiredTokenException"),
    DROP,
)


@pytest.mark.parametrize("fault", PASSING, ids=["throttled", "server error", "expired", "connection lost"])
def test_errors_that_pass_do_not_end_a_job(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, fault: Any
) -> None:
    job = JOBS[2]
    answer: Answer = start(submit, scripted_aws, job)
    scripted_aws.script("GetJobRun", fault, fault, fault, job.running, fault, job.done)
    pauses = []
    for _ in range(5):
        assert isinstance(answer, Submitted)
        answer = caller.poll(elsewhere(answer.job))
        assert isinstance(answer, Submitted)
        pauses.append(answer.poll_after)
    assert pauses == [2, 4, 8, 7.5, 2]
    assert caller.poll(answer.job) == Completed(job.result)


def test_pauses_after_errors_have_an_end(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[2])
    scripted_aws.script("GetJobRun", Refusal("ThrottlingException"))
    answer = caller.poll(submitted.job | {"errors": 5000})
    assert isinstance(answer, Submitted)
    assert answer.poll_after == 300


def test_an_error_that_does_not_pass_ends_a_job(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[2])
    scripted_aws.script("GetJobRun", Refusal("EntityNotFoundException", "no run"))
    with pytest.raises(StatesError) as caught:
        caller.poll(submitted.job)
    assert caught.value.error == "Glue.EntityNotFoundException"
    assert (caught.value.cause or "").startswith("no run (Service: AWSGlue; Status Code: 400; ")


@pytest.mark.parametrize(
    ("job", "answer"),
    [(JOBS[0], Refusal("ExecutionDoesNotExist")), (JOBS[4], {"tasks": [], "failures": []})],
    ids=["refused", "empty"],
)
def test_a_fresh_job_may_be_unknown_for_a_while(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job, answer: Any
) -> None:
    polled: Answer = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe[0], answer)
    for _ in range(5):
        assert isinstance(polled, Submitted)
        polled = caller.poll(polled.job)
    assert isinstance(polled, Submitted)
    with pytest.raises(StatesError, match=r"States\.TaskFailed: The job of .* its service does not know it: .*arn"):
        caller.poll(polled.job)


@pytest.mark.parametrize(
    ("exit_codes", "essential", "verdict"),
    [
        ({"app": 0, "log": 137}, {"app": True, "log": False}, "succeeded"),
        ({"app": 0, "log": 137}, {"app": True}, "failed"),
        ({"app": 1, "log": 0}, {"app": True, "log": False}, "failed"),
        ({"app": 0, "log": None}, {"log": False}, "succeeded"),
    ],
)
def test_essential_containers_decide(
    submit: Callable[..., Answer],
    scripted_aws: ScriptedAws,
    caller: Caller,
    exit_codes: dict[str, int | None],
    essential: dict[str, bool],
    verdict: str,
) -> None:
    submitted = start(submit, scripted_aws, JOBS[4])
    containers = [container(name, code) for name, code in exit_codes.items()]
    scripted_aws.script("DescribeTasks", {"tasks": [TASK | {"lastStatus": "STOPPED", "containers": containers}]})
    known = [{"name": name} | ({"essential": essential[name]} if name in essential else {}) for name in exit_codes]
    scripted_aws.script("DescribeTaskDefinition", {"taskDefinition": {"containerDefinitions": known}})
    if verdict == "succeeded":
        assert isinstance(caller.poll(submitted.job), Completed)
    else:
        with pytest.raises(StatesError, match=r"States\.TaskFailed"):
            caller.poll(submitted.job)
    assert scripted_aws.bodies("DescribeTaskDefinition") == [{"taskDefinition": "arn:td"}]


def test_a_task_of_ecs_shows_the_lists_that_the_service_leaves_out(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    submitted = start(submit, scripted_aws, JOBS[4])
    assert submitted.output["Tasks"][0]["Containers"] == []
    scripted_aws.script("DescribeTasks", JOBS[4].done)
    answer = caller.poll(submitted.job)
    assert isinstance(answer, Completed)
    empty = {key for key, value in answer.result["Containers"][0].items() if value == []}
    assert empty >= {"GpuIds", "ManagedAgents", "NetworkBindings", "NetworkInterfaces"}
    assert answer.result["Tags"] == []


@pytest.mark.parametrize("pattern", ["", ".sync"])
def test_a_task_of_ecs_that_is_not_placed(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, pattern: str
) -> None:
    scripted_aws.script("RunTask", {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})
    if not pattern:
        answer = submit("ecs:runTask", {"TaskDefinition": "td"})
        assert isinstance(answer, Completed)
        assert answer.result["Failures"] == [{"Reason": "RESOURCE:MEMORY"}]
        return
    with pytest.raises(StatesError) as caught:
        submit("ecs:runTask.sync", {"TaskDefinition": "td"})
    assert caught.value.error == "AmazonECS.Unknown"
    assert json.loads(caught.value.cause or "") == {"Tasks": [], "Failures": [{"Reason": "RESOURCE:MEMORY"}]}


@pytest.mark.parametrize(
    ("job", "field"),
    [(JOBS[0], "name"), (JOBS[3], "ClientRequestToken"), (JOBS[4], "clientToken"), (JOBS[5], "idempotencyToken")],
    ids=lambda value: getattr(value, "id", value),
)
def test_the_same_call_carries_the_same_token(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, job: Job, field: str
) -> None:
    for key in ("run/Work/0", "run/Work/0", "run/Work/1"):
        start(submit, scripted_aws, job, key=key)
    first, again, retried = (body[field] for body in scripted_aws.bodies(job.start[0]))
    assert first == again == token_of("run/Work/0")
    assert retried != first
    assert len(first) == 36


def test_a_token_of_the_definition_stays(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", {"executionArn": RUN, "startDate": 1})
    submit("states:startExecution", {"StateMachineArn": CHILD, "Name": "mine"})
    scripted_aws.script("RunTask", {"tasks": [TASK]})
    submit("ecs:runTask", {"TaskDefinition": "td", "ClientToken": "mine"})
    assert [scripted_aws.calls[0][1]["name"], scripted_aws.calls[1][1]["clientToken"]] == ["mine", "mine"]


def test_an_execution_that_was_started_before_is_followed(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller
) -> None:
    name = token_of("run/Work/0")
    arn = f"{CHILD.replace('stateMachine', 'execution')}:{name}"
    scripted_aws.script("StartExecution", Refusal("ExecutionAlreadyExists"))
    scripted_aws.script(
        "DescribeExecution", {"executionArn": arn, "startDate": 4, "status": "SUCCEEDED", "output": "1"}
    )
    submitted = submit("states:startExecution.sync", {"StateMachineArn": f"{CHILD}:live"})
    assert isinstance(submitted, Submitted)
    assert without_metadata(submitted.output) == {"ExecutionArn": arn, "StartDate": 4000}
    answer = caller.poll(submitted.job)
    assert isinstance(answer, Completed)
    assert answer.result["Output"] == "1"
    assert scripted_aws.bodies("DescribeExecution") == [{"executionArn": arn}] * 2


def test_an_execution_of_the_definitions_own_name_that_exists_is_an_error(
    submit: Callable[..., Answer], scripted_aws: ScriptedAws
) -> None:
    scripted_aws.script("StartExecution", Refusal("ExecutionAlreadyExists"))
    with pytest.raises(StatesError, match=r"StepFunctions\.ExecutionAlreadyExistsException"):
        submit("states:startExecution", {"StateMachineArn": CHILD, "Name": "mine"})
