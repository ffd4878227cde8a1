"""The trigger that waits for jobs, over HTTP, on an event loop of its own."""

from __future__ import annotations

import asyncio
import importlib
import time
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.integrations.clients import Clients
from sfn_provider.triggers.jobs import JobsTrigger
from sfn_provider.waiting import job_poller
from sfn_provider.waiting.token_bucket import AdaptiveTokenBucket
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, PARTIAL_RESPONSE, ErrorResponse
from tests.fixtures.calls.job_triggers import events_of, job_of, jobs_trigger

pytestmark = pytest.mark.usefixtures("quick_looks")

Job = dict[str, Any]


def glue(run: str, name: str = "load", **fields: Any) -> Job:
    return job_of("glue:startJobRun.sync", {"JobName": name}, {"JobRunId": run}, **fields)


def ecs(task: str, cluster: str = "c") -> Job:
    answer = {"Tasks": [{"TaskArn": task, "ClusterArn": cluster}]}
    return job_of("ecs:runTask.sync", {"TaskDefinition": "td"}, answer)


def athena(query: str) -> Job:
    return job_of("athena:startQueryExecution.sync", {"QueryString": "SELECT 1"}, {"QueryExecutionId": query})


def glue_run(run: str, state: str) -> dict[str, Any]:
    return {"Id": run, "JobRunState": state}


def test_it_survives_serialisation() -> None:
    arguments = {"region_name": "eu-west-1", "moment": 5.0, "execution_arn": "e", "machine_arn": "m"}
    trigger = JobsTrigger(jobs={"1": glue("a") | {"__type": "x"}}, polls={"1": 1.0}, aws_conn_id=None, **arguments)
    path, kept = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**kept)
    assert (again.serialize(), again.jobs) == ((path, kept), trigger.jobs)
    assert path == "sfn_provider.triggers.jobs.JobsTrigger"


def test_it_waits_for_the_first_of_its_jobs(scripted_aws: ScriptedAws) -> None:
    running = {"tasks": [{"taskArn": "a", "lastStatus": "RUNNING"}, {"taskArn": "b", "lastStatus": "PENDING"}]}
    ended = {"tasks": [running["tasks"][0], {"taskArn": "b", "lastStatus": "STOPPED"}]}
    scripted_aws.script("DescribeTasks", running, running, ended)
    [event] = events_of(jobs_trigger({"1": ecs("a"), "2": ecs("b")}))
    assert event["over"] == ["2"]
    assert event["jobs"] == {"1": {"polls": 3, "errors": 0, "missing": 0}, "2": {"polls": 2, "errors": 0, "missing": 0}}
    assert list(event["polls"]) == ["1"] and event["polls"]["1"] > time.time() - 5
    assert scripted_aws.bodies("DescribeTasks") == [{"cluster": "c", "tasks": ["a", "b"]}] * 3


@dataclass(frozen=True)
class Batched:
    """A call that tells of many jobs."""

    id: str
    jobs: tuple[Job, ...]
    action: str
    asked: dict[str, Any]
    answer: dict[str, Any]


BATCHED = (
    Batched(
        "athena",
        (athena("a"), athena("b")),
        "BatchGetQueryExecution",
        {"QueryExecutionIds": ["a", "b"]},
        {"QueryExecutions": [{"QueryExecutionId": name, "Status": {"State": "FAILED"}} for name in "ab"]},
    ),
    Batched(
        "codebuild",
        tuple(job_of("codebuild:startBuild.sync", {}, {"Build": {"Id": name}}) for name in "ab"),
        "BatchGetBuilds",
        {"ids": ["a", "b"]},
        {"builds": [{"id": name, "buildStatus": "SUCCEEDED"} for name in "ab"]},
    ),
    Batched(
        "codebuild batches",
        tuple(job_of("codebuild:startBuildBatch.sync", {}, {"BuildBatch": {"Id": name}}) for name in "ab"),
        "BatchGetBuildBatches",
        {"ids": ["a", "b"]},
        {"buildBatches": [{"id": name, "buildBatchStatus": "STOPPED"} for name in "ab"]},
    ),
    Batched(
        "emr",
        tuple(job_of("elasticmapreduce:addStep.sync", {"ClusterId": "j"}, {"StepId": name}) for name in "ab"),
        "ListSteps",
        {"ClusterId": "j", "StepIds": ["a", "b"]},
        {"Steps": [{"Id": name, "Status": {"State": "COMPLETED"}} for name in "ab"]},
    ),
    Batched(
        "glue",
        (glue("a"), glue("b")),
        "GetJobRuns",
        {"JobName": "load", "MaxResults": 200},
        {"JobRuns": [glue_run("b", "STOPPED"), glue_run("x", "RUNNING"), glue_run("a", "SUCCEEDED")]},
    ),
)


@pytest.mark.parametrize("case", BATCHED, ids=lambda case: case.id)
def test_one_call_looks_at_the_jobs_of_several_tasks(scripted_aws: ScriptedAws, case: Batched) -> None:
    scripted_aws.script(case.action, case.answer)
    events = events_of(*(jobs_trigger({"1": job}) for job in case.jobs))
    assert [event["over"] for event in events] == [["1"], ["1"]]
    assert scripted_aws.calls == [(case.action, case.asked)]


def test_a_call_looks_at_no_more_jobs_than_the_service_takes(scripted_aws: ScriptedAws) -> None:
    names = [f"t{number}" for number in range(230)]
    scripted_aws.script("DescribeTasks", {"tasks": [{"taskArn": name, "lastStatus": "STOPPED"} for name in names]})
    events_of(*(jobs_trigger({"1": ecs(name)}) for name in names), jobs_trigger({"1": ecs("t0", "other")}))
    asked = [(body["cluster"], len(body["tasks"])) for body in scripted_aws.bodies("DescribeTasks")]
    assert sorted(asked) == [("c", 30), ("c", 100), ("c", 100), ("other", 1)]


def test_a_job_that_the_list_does_not_show_is_looked_at_alone(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetJobRuns", {"JobRuns": [glue_run("a", "RUNNING")]})
    scripted_aws.script("GetJobRun", {"JobRun": glue_run("b", "SUCCEEDED")})
    [event] = events_of(jobs_trigger({"1": glue("a"), "2": glue("b")}))
    assert event["over"] == ["2"]
    assert scripted_aws.actions() == ["GetJobRuns", "GetJobRun"]


def test_where_the_batch_is_not_allowed_jobs_are_looked_at_one_by_one(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("BatchGetQueryExecution", ErrorResponse("AccessDeniedException"))
    states = ({"QueryExecution": {"Status": {"State": state}}} for state in (*["RUNNING"] * 4, "SUCCEEDED"))
    scripted_aws.script("GetQueryExecution", *states)
    events_of(jobs_trigger({"1": athena("a"), "2": athena("b")}))
    assert scripted_aws.actions().count("BatchGetQueryExecution") == 1
    assert scripted_aws.actions().count("GetQueryExecution") >= 5


FAULTS = {
    "throttled": ErrorResponse("ThrottlingException"),
    "server error": ErrorResponse("InternalFailure", status=500),
    "expired": ErrorResponse("ExpiredTokenException"),
    "connection lost": NO_RESPONSE,
    "cut off": PARTIAL_RESPONSE,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("count", [1, 2], ids=["one job", "batch"])
def test_errors_that_pass_do_not_end_a_wait(scripted_aws: ScriptedAws, fault: Any, count: int) -> None:
    action = "GetJobRun" if count == 1 else "GetJobRuns"
    ended = {"JobRun": glue_run("0", "SUCCEEDED")} if count == 1 else {"JobRuns": [glue_run("0", "SUCCEEDED")]}
    scripted_aws.script(action, fault, fault, fault, ended)
    # What the list does not show is looked at alone.
    if count == 2:
        scripted_aws.script("GetJobRun", ErrorResponse("ThrottlingException"))
    [event] = events_of(jobs_trigger({str(place): glue(str(place)) for place in range(count)}))
    assert event["over"] == ["0"]
    assert len(scripted_aws.bodies(action)) == 4


@pytest.mark.parametrize("code", ["AccessDeniedException", "EntityNotFoundException"])
def test_an_error_that_does_not_pass_is_for_the_worker_to_tell(scripted_aws: ScriptedAws, code: str) -> None:
    scripted_aws.script("GetJobRun", ErrorResponse(code))
    [event] = events_of(jobs_trigger({"1": glue("a")}))
    assert (event["over"], event["polls"]) == (["1"], {})


def test_so_is_a_connection_that_cannot_be_used(scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", '{"conn_type": "aws", "extra": {"role_arn": 3}}')
    [event] = events_of(jobs_trigger({"1": glue("a")}, aws_conn_id="broken"))
    assert (event["over"], scripted_aws.calls) == (["1"], [])


def test_a_job_may_be_unknown_for_a_while_and_then_the_worker_tells(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeTasks", {"tasks": [], "failures": []})
    [event] = events_of(jobs_trigger({"1": ecs("a")}))
    assert event["over"] == ["1"] and event["jobs"]["1"]["missing"] == 5
    assert len(scripted_aws.calls) == 6


RUN = "arn:aws:states:us-east-1:123456789012:execution:Child:run"


def nested(**fields: Any) -> Job:
    return job_of("states:startExecution.sync:2", {"StateMachineArn": "m"}, {"ExecutionArn": RUN}, **fields)


def described(status: str) -> dict[str, Any]:
    return {"executionArn": RUN, "startDate": 1.0, "status": status}


def test_a_nested_execution_is_waited_for_as_any_other(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("ListExecutions", ErrorResponse("AccessDeniedException"))
    scripted_aws.script("DescribeExecution", described("RUNNING"), described("ABORTED"))
    [event] = events_of(jobs_trigger({"1": nested(), "2": nested() | {"describe": {"ExecutionArn": f"{RUN}2"}}}))
    assert event["over"] in (["1"], ["2"], ["1", "2"])
    assert all(body["includedData"] == "METADATA_ONLY" for body in scripted_aws.bodies("DescribeExecution"))


def test_a_nested_execution_by_a_role_is_looked_at_with_that_role(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Clients._make
    monkeypatch.setattr(Clients, "_make", lambda clients, service, region, role: make(clients, service, region, None))
    scripted_aws.script("DescribeExecution", described("RUNNING"), described("ABORTED"))
    events_of(jobs_trigger({"1": nested(role_arn="arn:aws:iam::1:role/r")}))
    look = {"executionArn": RUN, "includedData": "METADATA_ONLY"}
    assert scripted_aws.calls == [("DescribeExecution", look)] * 2


def test_a_nested_execution_that_goes_on_is_not_looked_at_by_the_worker(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("ListExecutions", ErrorResponse("AccessDeniedException"))
    scripted_aws.script("DescribeExecution", described("RUNNING"))
    [event] = events_of(jobs_trigger({"1": nested()}, moment=time.time() + 0.5))
    assert event["over"] == [] and event["polls"]["1"] > time.time() - 5


def test_a_time_ends_the_wait(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetJobRun", {"JobRun": glue_run("a", "RUNNING")})
    [event] = events_of(jobs_trigger({"1": glue("a")}, moment=time.time() + 0.2))
    assert event["over"] == [] and list(event["polls"]) == ["1"]


def test_tasks_share_clients_by_connection_region_and_role(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[Any, ...]] = []
    make = Clients._make

    def count(clients: Clients, *which: Any) -> Any:
        made.append((clients._region_name, clients._external_id, *which))
        return make(clients, which[0], which[1], None)

    monkeypatch.setattr(Clients, "_make", count)
    scripted_aws.script("GetJobRun", {"JobRun": glue_run("a", "SUCCEEDED")})
    triggers = [
        jobs_trigger(
            {"1": glue("a", name=f"{region}{machine}{role}", role_arn=role)}, region_name=region, machine_arn=machine
        )
        for region in (None, "eu-west-1")
        for machine in ("m1", "m2")
        for role in (None, "arn:aws:iam::1:role/r")
        for _ in range(2)
    ]
    events_of(*triggers)
    assert sorted(made, key=str) == sorted(
        [
            *((region, "", "glue", None, None) for region in (None, "eu-west-1")),
            *(
                (region, machine, "glue", None, "arn:aws:iam::1:role/r")
                for region in (None, "eu-west-1")
                for machine in ("m1", "m2")
            ),
        ],
        key=str,
    )


def test_nothing_is_looked_at_when_nobody_waits(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetJobRun", {"JobRun": glue_run("a", "RUNNING")})

    async def give_up() -> int:
        waiting = asyncio.create_task(anext(jobs_trigger({"1": glue("a")}).run()))
        async with asyncio.timeout(20):
            while not scripted_aws.calls:
                await asyncio.sleep(0.01)
        waiting.cancel("user-action")
        await asyncio.wait([waiting])
        before = len(scripted_aws.calls)
        await asyncio.sleep(0.2)
        return len(scripted_aws.calls) - before

    assert asyncio.run(give_up()) <= 1, "a call that was under way"


def test_killing_the_deferred_task_cancels_its_jobs(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StopTask", ErrorResponse("InvalidParameterException"))
    scripted_aws.script("StopQueryExecution", {})
    asyncio.run(jobs_trigger({"1": ecs("a"), "2": athena("q")}).on_kill())
    assert scripted_aws.actions() == ["StopTask", "StopQueryExecution"]


def test_the_jobs_are_cancelled_although_airflow_cancels_the_trigger_again_meanwhile(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StopQueryExecution", {})

    async def kill() -> None:
        killing = asyncio.create_task(jobs_trigger({"1": athena("q")}).on_kill())
        await asyncio.sleep(0)
        killing.cancel("user-action")
        await asyncio.wait([killing])
        assert killing.cancelled()
        async with asyncio.timeout(20):
            while not scripted_aws.calls:
                await asyncio.sleep(0.01)

    asyncio.run(kill())
    assert scripted_aws.actions() == ["StopQueryExecution"]


@pytest.mark.parametrize(("answers", "rate"), [((True, False), "slower"), ((False, False), "same")])
def test_calls_become_rare_while_the_service_throttles(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch, answers: tuple[bool, bool], rate: str
) -> None:
    paces: list[AdaptiveTokenBucket] = []

    def pace(burst: float, rate: float) -> AdaptiveTokenBucket:
        paces.append(AdaptiveTokenBucket(burst, rate))
        return paces[-1]

    monkeypatch.setattr(job_poller, "AdaptiveTokenBucket", pace)
    running = {"JobRun": glue_run("a", "RUNNING")}
    script = [ErrorResponse("ThrottlingException") if throttled else running for throttled in answers]
    scripted_aws.script("GetJobRun", *script, {"JobRun": glue_run("a", "SUCCEEDED")})
    events_of(jobs_trigger({"1": glue("a")}))
    assert (paces[0]._rate < paces[0]._full_rate) is (rate == "slower")
