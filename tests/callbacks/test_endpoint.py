"""Workers answer by boto3, over HTTP, and find the errors that Step Functions has for them."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sfn_provider.callbacks.endpoint import MAX_BODY_BYTES
from sfn_provider.callbacks.task_tokens import TaskInstanceKey, TokenSigner
from sfn_provider.callbacks.wait_records import ActivityTask
from sfn_provider.callbacks.worker_requests import MAX_OUTPUT_BYTES, WorkerAnswer
from tests.callbacks.conftest import Waits
from tests.fixtures.session.versions import AIRFLOW

ARN = "arn:aws:states:us-east-1:123456789012:activity:pack"


def code_of(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


# Answers --------------------------------------------------------------------------------------------------------------


def test_a_success_is_kept_for_the_task(waits: Waits, worker: Any) -> None:
    token = waits.open()
    response = worker.send_task_success(taskToken=token, output='{"a": "\\u00e9"}')
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert response["ResponseMetadata"]["RequestId"]
    found = waits.read(token)
    assert found is not None and found.answer == WorkerAnswer("SendTaskSuccess", output='{"a": "\\u00e9"}')


@pytest.mark.parametrize(
    "given",
    [{}, {"error": "Boom"}, {"cause": "because"}, {"error": "Boom", "cause": "x" * 32_768}],
    ids=["nothing", "error", "cause", "both"],
)
def test_a_failure_is_kept_for_the_task(waits: Waits, worker: Any, given: dict[str, str]) -> None:
    token = waits.open()
    worker.send_task_failure(taskToken=token, **given)
    found = waits.read(token)
    assert found is not None and found.answer == WorkerAnswer(
        "SendTaskFailure", None, given.get("error"), given.get("cause")
    )


def test_heartbeats_move_the_deadline_and_leave_the_task_open(waits: Waits, worker: Any) -> None:
    then = time.time() - 50
    token = waits.open(heartbeat=60.0, beat=then)
    worker.send_task_heartbeat(taskToken=token)
    found = waits.read(token)
    assert found is not None and found.answer is None and found.beat > then + 40
    worker.send_task_success(taskToken=token, output="1")


def test_an_answer_ends_the_deferral(waits: Waits, worker: Any) -> None:
    token, other = waits.open("a"), waits.open("b")
    waits.set_task("a", "deferred", watching=[token])
    waits.set_task("b", "deferred", watching=[other])
    worker.send_task_heartbeat(taskToken=token)
    assert waits.state("a") == "deferred"
    worker.send_task_success(taskToken=token, output="1")
    assert (waits.state("a"), waits.state("b")) == ("scheduled", "deferred")


def test_a_deferral_settles_before_an_answer_ends_it(waits: Waits, worker: Any) -> None:
    token = waits.open()
    waits.set_task("a", "deferred", watching=[token], seconds=1.0)
    worker.send_task_success(taskToken=token, output="1")
    assert waits.state("a") == "deferred"


def test_a_repeated_answer_wakes_a_task_that_the_first_one_did_not(waits: Waits, worker: Any) -> None:
    token = waits.open()
    worker.send_task_success(taskToken=token, output="1")
    waits.set_task("a", "deferred", watching=[token])
    assert code_of(worker.send_task_success, taskToken=token, output="2") == "TaskTimedOut"
    assert waits.state("a") == "scheduled"


def test_of_answers_at_the_same_time_one_is_taken(waits: Waits, worker: Any) -> None:
    token = waits.open()
    start = threading.Barrier(8)

    def answer(number: int) -> str:
        start.wait()
        try:
            worker.send_task_success(taskToken=token, output=str(number))
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "taken"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(answer, range(8)))
    assert outcomes.count("taken") == 1
    assert set(outcomes) <= {"taken", "TaskTimedOut", "ServiceUnavailableException"}
    found = waits.read(token)
    assert found is not None and found.answer is not None
    assert found.answer.output == str(outcomes.index("taken"))


# Refusals -------------------------------------------------------------------------------------------------------------


def test_an_answer_counts_once(waits: Waits, worker: Any) -> None:
    token = waits.open()
    worker.send_task_success(taskToken=token, output="1")
    for call, more in (
        (worker.send_task_success, {"output": "2"}),
        (worker.send_task_failure, {}),
        (worker.send_task_heartbeat, {}),
    ):
        assert code_of(call, taskToken=token, **more) == "TaskTimedOut"
    found = waits.read(token)
    assert found is not None and found.answer == WorkerAnswer("SendTaskSuccess", output="1")


def forged(waits: Waits) -> str:
    return TokenSigner("another key").sign(TaskInstanceKey("waits", waits.run_id, "a", -1), "1")


def altered(waits: Waits) -> str:
    token = waits.open()
    return token[:10] + ("A" if token[10] != "A" else "B") + token[11:]


def of_another_task(waits: Waits) -> str:
    """A token signed by this Airflow for another task instance, under the id of an open wait."""
    signer = TokenSigner.from_configuration()
    serializer = signer._serializer()
    other = TaskInstanceKey("waits", waits.run_id, "b", -1)
    return str(serializer.dumps([signer.verify(waits.open()).id, other.digest]))


def deferred_for_another(waits: Waits) -> str:
    """A token of a state that the task has left since."""
    token = waits.open()
    waits.set_task("a", "deferred", watching=[waits.open()])
    return token


def ended(waits: Waits) -> str:
    waits.set_task("a", "failed")
    return waits.open()


@dataclass(frozen=True)
class Refused:
    token: Callable[[Waits], str]
    code: str


REFUSED = {
    "no token": Refused(lambda waits: "nonsense", "InvalidToken"),
    "no token of ours": Refused(lambda waits: "IjEi.c2lnbmVk", "InvalidToken"),
    "signed by another key": Refused(forged, "InvalidToken"),
    "altered": Refused(altered, "InvalidToken"),
    "empty": Refused(lambda waits: "", "ValidationException"),
    "too long": Refused(lambda waits: "x" * 2049, "ValidationException"),
    "of another task": Refused(of_another_task, "TaskTimedOut"),
    "of a state that was left": Refused(deferred_for_another, "TaskTimedOut"),
    "of a task that has ended": Refused(ended, "TaskTimedOut"),
    "expired": Refused(lambda waits: waits.open(expires=time.time() - 1), "TaskTimedOut"),
    "without a heartbeat": Refused(lambda waits: waits.open(heartbeat=5.0, beat=time.time() - 6), "TaskTimedOut"),
    "of a run that is gone": Refused(lambda waits: waits.open(run_id="gone"), "TaskDoesNotExist"),
    "never opened": Refused(
        lambda waits: TokenSigner.from_configuration().sign(TaskInstanceKey("waits", waits.run_id, "a", -1), "other"),
        "TaskTimedOut",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_a_token_is_refused(waits: Waits, worker: Any, case: Refused) -> None:
    token = case.token(waits)
    state = waits.state("a")
    assert code_of(worker.send_task_success, taskToken=token, output="1") == case.code
    assert code_of(worker.send_task_heartbeat, taskToken=token) == case.code.replace("TaskDoesNotExist", "TaskTimedOut")
    assert waits.state("a") == state


@dataclass(frozen=True)
class BadBody:
    action: str
    body: bytes
    code: str


TOKEN = b'{"taskToken": "x", '
BAD_BODIES = {
    "no JSON": BadBody("SendTaskSuccess", b"{", "SerializationException"),
    "too deep": BadBody("SendTaskSuccess", b"[" * 100_000, "SerializationException"),
    "no object": BadBody("SendTaskSuccess", b"[]", "SerializationException"),
    "no text": BadBody("SendTaskSuccess", TOKEN + b'"output": 1}', "SerializationException"),
    "no output": BadBody("SendTaskSuccess", b'{"taskToken": "x"}', "ValidationException"),
    "output is no JSON": BadBody("SendTaskSuccess", TOKEN + b'"output": "{"}', "InvalidOutput"),
    "output is NaN": BadBody("SendTaskSuccess", TOKEN + b'"output": "NaN"}', "InvalidOutput"),
    "half a character": BadBody("SendTaskSuccess", TOKEN + b'"output": "\\"\\ud800\\""}', "InvalidOutput"),
    "output too long": BadBody(
        "SendTaskSuccess", TOKEN + b'"output": "' + b"1" * (MAX_OUTPUT_BYTES + 1) + b'"}', "ValidationException"
    ),
    "error too long": BadBody("SendTaskFailure", TOKEN + b'"error": "' + b"e" * 257 + b'"}', "ValidationException"),
    "another action": BadBody("StartExecution", b"{}", "UnknownOperationException"),
    "no action": BadBody("", b"{}", "UnknownOperationException"),
}


@pytest.mark.parametrize("case", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_request_is_refused(endpoint: str, case: BadBody) -> None:
    status, body = post(endpoint, case.body, case.action)
    assert status in (400, 404)
    assert body["__type"] == case.code
    assert "Traceback" not in json.dumps(body)


def test_the_largest_output_is_taken_however_it_is_written(waits: Waits, endpoint: str) -> None:
    token = waits.open()
    output = '"' + "é" * ((MAX_OUTPUT_BYTES - 2) // 2) + '"'
    assert post(endpoint, json.dumps({"taskToken": token, "output": output}).encode(), "SendTaskSuccess") == (200, {})
    found = waits.read(token)
    assert found is not None and found.answer is not None and found.answer.output == output


def test_a_body_is_not_read_without_end(endpoint: str) -> None:
    status, body = post(endpoint, b" " * (MAX_BODY_BYTES + 1), "SendTaskSuccess")
    assert (status, body["__type"]) == (413, "RequestEntityTooLargeException")


def test_other_paths_and_methods_are_refused(endpoint: str) -> None:
    assert post(endpoint + "/more", b"{}", "SendTaskSuccess")[0] == 404
    # The webserver of Airflow 2 answers what it does not route.
    assert post(endpoint, None, "SendTaskSuccess")[0] == (404 if AIRFLOW >= (3,) else 405)


def post(url: str, body: bytes | None, action: str) -> tuple[int, Any]:
    headers = {"X-Amz-Target": f"AWSStepFunctions.{action}", "Content-Type": "application/x-amz-json-1.0"}
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            is_json = "json" in error.headers["Content-Type"]
            return error.code, json.loads(error.read()) if is_json else None


# Activities -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests must be signed with the keys that all tests use."""
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WORKER_AUTH", "signature")
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WORKER_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AIRFLOW__SFN_PROVIDER__WORKER_SECRET_ACCESS_KEY", "testing")


def test_work_goes_to_its_workers_in_order_and_each_once(waits: Waits, worker: Any, signed: None) -> None:
    other = waits.open("b", arn=ARN + "-other", input="0")
    tokens = [waits.open("a", arn=ARN, input=json.dumps({"n": n})) for n in range(3)]
    taken = [worker.get_activity_task(activityArn=ARN, workerName="one") for _ in tokens]
    assert [(task["taskToken"], task["input"]) for task in taken] == [
        (token, json.dumps({"n": n})) for n, token in enumerate(tokens)
    ]
    worker.send_task_heartbeat(taskToken=tokens[1])
    worker.send_task_success(taskToken=tokens[0], output='"packed"')
    found = waits.read(tokens[0])
    assert found is not None and found.answer == WorkerAnswer("SendTaskSuccess", output='"packed"')
    assert found.work == ActivityTask(ARN, tokens[0], '{"n": 0}')
    assert worker.get_activity_task(activityArn=ARN + "-other")["taskToken"] == other


def test_of_workers_at_the_same_time_one_gets_the_work(waits: Waits, worker: Any, signed: None) -> None:
    from sfn_provider.callbacks.airflow_database import claim_activity_task

    token = waits.open(arn=ARN)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: claim_activity_task(ARN, time.time(), lambda dag_id: True), range(4)))
    assert [work.token for work in found if work is not None] == [token]


def test_a_worker_waits_for_work(waits: Waits, worker: Any, signed: None) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(worker.get_activity_task, activityArn=ARN)
        time.sleep(0.5)
        token = waits.open(arn=ARN)
        assert asked.result(20)["taskToken"] == token


def test_without_work_the_answer_is_empty(
    waits: Waits, worker: Any, signed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfn_provider.callbacks.endpoint.LONG_POLL_SECONDS", 0.2)
    assert worker.get_activity_task(activityArn=ARN).get("taskToken") is None


def test_work_of_tasks_that_have_ended_is_not_given_away(
    waits: Waits, worker: Any, signed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfn_provider.callbacks.endpoint.LONG_POLL_SECONDS", 0.2)
    waits.set_task("b", "failed")
    waits.open("b", arn=ARN)
    waits.open("a", arn=ARN, expires=time.time() - 1)
    assert worker.get_activity_task(activityArn=ARN).get("taskToken") is None


def test_work_is_not_answered_before_it_is_taken(waits: Waits, worker: Any, signed: None) -> None:
    assert code_of(worker.send_task_success, taskToken=waits.open(arn=ARN), output="1") == "TaskTimedOut"
