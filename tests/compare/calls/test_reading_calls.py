"""Calls that read: how often a state and a task make them, and who does it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.compare import compare_dag
from sfn_provider.compare.calls.api_calls import ApiCall
from sfn_provider.compare.calls.call_findings import DagSide, find_differences_of_calls
from sfn_provider.compare.calls.interception.call_origins import CallOrigins
from sfn_provider.compare.calls.interception.call_script import CallScript
from sfn_provider.compare.calls.interception.client_calls import CaughtCall
from sfn_provider.compare.calls.machine_calls import MachineRun, run_machine
from sfn_provider.compare.calls.matching import match_calls
from sfn_provider.engine import Mocks

RUN_ID = {"JobName": "nightly", "RunId": "jr_1"}
STATES: dict[str, Any] = {
    "Start": {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun",
        "Parameters": {"JobName": "nightly"},
        "ResultPath": "$.run",
        "Next": "Ask",
    },
    "Ask": {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:glue:getJobRun",
        "Parameters": {"JobName": "nightly", "RunId.$": "$.run.JobRunId"},
        "ResultPath": "$.job",
        "Retry": [{"ErrorEquals": ["Glue.OperationTimeoutException"], "MaxAttempts": 1}],
        "Next": "Done?",
    },
    "Done?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.job.JobRun.JobRunState", "StringEquals": "RUNNING", "Next": "Wait"}],
        "Default": "End",
    },
    "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Ask"},
    "End": {"Type": "Succeed"},
}
POLLING = {"StartAt": "Start", "States": STATES}
TIMEOUT = {"Throw": {"Error": "Glue.OperationTimeoutException", "Cause": "slow"}}
ASKS_UNTIL_IT_ENDS = """
from datetime import datetime
from time import sleep

import boto3
from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2025, 1, 1), catchup=False)
def nightly():
    @task
    def start():
        return boto3.client("glue").start_job_run(JobName="nightly")["JobRunId"]

    @task
    def ask(run):
        while True:
            answer = boto3.client("glue").get_job_run(JobName="nightly", RunId=run)
            if answer["JobRun"]["JobRunState"] != "RUNNING":
                return
            sleep(30)

    ask(start())


nightly()
"""


def described(*statuses: str) -> list[dict[str, Any]]:
    return [{"Return": {"JobRun": {"JobRunState": status}}} for status in statuses]


def machine_run(*answers: dict[str, Any]) -> MachineRun:
    mocks = Mocks.from_mapping({"Start": [{"Return": {"JobRunId": "jr_1"}}], "Ask": list(answers)})
    return run_machine(parse(POLLING), {}, mocks, "M")


def caught(operation: str, *, task: str = "ask", is_own: bool = False, **parameters: Any) -> CaughtCall:
    return CaughtCall(task, -1, 1, ApiCall("glue", operation, parameters), "Ask", is_own=is_own)


START = caught("StartJobRun", task="start", JobName="nightly")
ASK, POLL = caught("GetJobRun", **RUN_ID), caught("GetJobRun", is_own=True, **RUN_ID)


def differences(run: MachineRun, *calls: CaughtCall) -> dict[str, str]:
    made = [CaughtCall(**vars(call)) for call in calls]  # the same call is made several times
    dag = DagSide("success", (), tuple(made), {"ask": ["start"]})
    pairs = match_calls(run.calls, dag.calls, list(STATES))
    return {found.kind: found.text for found in find_differences_of_calls(run, dag, pairs)}


def test_a_loop_that_asks_as_often_agrees() -> None:
    assert differences(machine_run(*described("RUNNING", "DONE")), START, ASK, ASK) == {}


@pytest.mark.parametrize(("asked", "times"), [(1, "once"), (3, "3 times")])
def test_a_loop_that_asks_another_number_of_times_is_found(asked: int, times: str) -> None:
    found = differences(machine_run(*described("RUNNING", "DONE")), START, *[ASK] * asked)
    text = f"Task ask calls glue GetJobRun {times}, state Ask twice: other rounds or retries."
    assert found == {"number of calls": text}


def test_a_failed_read_that_is_not_retried_is_named() -> None:
    found = differences(machine_run(TIMEOUT, *described("DONE")), START, ASK)
    assert found == {"number of calls": "Task ask calls glue GetJobRun once, state Ask twice: other retries."}


def test_a_read_that_no_task_makes_is_named() -> None:
    text = 'State Ask calls glue GetJobRun (JobName: "nightly", RunId: "jr_1"), no task of the DAG does.'
    assert differences(machine_run(*described("DONE")), START) == {"missing call": text}


def test_another_thing_that_is_read_is_named() -> None:
    other = caught("GetJobRun", JobName="nightly", RunId="jr_2")
    text = 'Task ask calls glue GetJobRun with other parameters than state Ask: RunId is "jr_1" in the machine, '
    found = differences(machine_run(*described("DONE")), START, other)
    assert found == {"different parameter": f'{text}"jr_2" in the DAG.'}


@pytest.mark.parametrize("polls", [1, 5])
def test_an_operator_may_ask_as_often_as_it_likes(polls: int) -> None:
    assert differences(machine_run(*described("RUNNING", "DONE")), START, *[POLL] * polls) == {}


def test_an_operator_may_ask_in_another_way() -> None:
    batch = caught("BatchGetJobs", JobNames=["nightly"])
    poll = CaughtCall("wait", -1, 1, ApiCall("glue", "GetJobRun", {"RunId": "jr_9"}), is_own=True)
    assert differences(machine_run(*described("DONE")), START, batch, poll) == {}


def test_what_the_dag_reads_besides_is_no_difference() -> None:
    assert differences(machine_run(*described("DONE")), START, caught("GetJob", JobName="nightly"), ASK) == {}


@pytest.mark.parametrize(
    ("told", "later"), [(("RUNNING", "FAILED"), "FAILED FAILED"), (("RUNNING", "WAITING"), "RUNNING SUCCEEDED")]
)
def test_the_states_that_describe_a_job_say_how_it_is(told: tuple[str, ...], later: str) -> None:
    run = machine_run(*described(*told))
    script = CallScript(run.calls, run.states)
    job = script.answer(START.call, {"JobName": "nightly"})[0]["JobRunId"]
    arguments = {"JobName": "nightly", "RunId": job}
    answers = [script.answer(ApiCall("glue", "GetJobRun", arguments), arguments) for _ in range(4)]
    assert [answer["JobRun"]["JobRunState"] for answer, _ in answers] == [*told, *later.split()]


LIBRARY = """
def call(origins):
    return origins.trace()

def wait(origins):
    return [call(origins) for _ in range(2)]

def work(origins, found):
    found.extend(wait(origins))
"""


def test_who_asks_for_a_call_is_seen() -> None:
    origins = CallOrigins()
    library: dict[str, Any] = {}
    exec(compile(LIBRARY, "<library>", "exec"), library)
    assert [library["call"](origins) for _ in range(2)] == [(True, False), (True, False)]
    assert library["wait"](origins) == [(True, False), (True, True)]
    found: list[tuple[bool, bool]] = []
    operator = threading.Thread(target=library["work"], args=(origins, found))
    operator.start()
    operator.join()
    assert found == [(False, False), (False, False)]


def compare(source: str, folder: Path) -> list[str]:
    file = folder / "nightly.py"
    file.write_text(source)
    responses = {"Started": {"0": {"Return": {"JobRunId": "jr_1"}}}}
    responses["Polled"] = {str(index): answer for index, answer in enumerate(described("RUNNING", "RUNNING", "DONE"))}
    cases = {"M": {"TestCases": {"Runs": {"Start": "Started", "Ask": "Polled"}}}}
    found = compare_dag(json.dumps(POLLING), file, cases={"StateMachines": cases, "MockedResponses": responses})
    return [finding.text for finding in found.findings]


@pytest.mark.airflow
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("while True:", "while True:"), []),
        (
            ("while True:", "for _ in range(2):"),
            ["Task ask calls glue GetJobRun twice, state Ask 3 times: other rounds or retries."],
        ),
    ],
    ids=["asks until the job has ended", "asks twice"],
)
def test_a_loop_in_the_code_of_a_dag_is_compared(change: tuple[str, str], expected: list[str], tmp_path: Path) -> None:
    assert compare(ASKS_UNTIL_IT_ENDS.replace(*change), tmp_path) == expected
