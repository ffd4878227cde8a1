"""Services that moto lacks, or answers wrongly for: a server that answers by path with what their models say."""

from __future__ import annotations

import binascii
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from tests.aws.moto import ACCOUNT, REGION
from tests.aws.scripted import ScriptedAws
from tests.aws.server import Response
from tests.fixtures.calls.task_calls import Answer
from tests.fixtures.session.versions import needs_operation

ROLE = f"arn:aws:iam::{ACCOUNT}:role/work"


@dataclass(frozen=True)
class Job:
    """A job of a service that speaks REST: paths, what is answered there, and the result."""

    id: str
    arguments: dict[str, Any]
    start: tuple[str, dict[str, Any]]
    describe: str
    running: dict[str, Any]
    done: dict[str, Any]
    result: dict[str, Any]
    failed: dict[str, Any]
    stop: str


CUSTOMIZATION = "bedrock:createModelCustomizationJob"

JOBS = (
    Job(
        "databrew:startJobRun",
        {"Name": "clean"},
        ("/jobs/clean/startJobRun", {"RunId": "r"}),
        "/jobs/clean/jobRun/r",
        {"State": "STOPPING"},
        {"JobName": "clean", "State": "SUCCEEDED", "StartedOn": 5.5},
        {"JobName": "clean", "State": "SUCCEEDED", "StartedOn": 5500},
        {"State": "TIMEOUT"},
        "/jobs/clean/jobRun/r/stopJobRun",
    ),
    Job(
        "mediaconvert:createJob",
        {"Role": ROLE, "Settings": {"Inputs": [{"FileInput": "s3://a/b"}]}},
        ("/2017-08-29/jobs", {"job": {"id": "m", "status": "SUBMITTED"}}),
        "/2017-08-29/jobs/m",
        {"job": {"status": "PROGRESSING"}},
        {"job": {"id": "m", "status": "COMPLETE", "createdAt": 5}},
        {"Job": {"Id": "m", "Status": "COMPLETE", "CreatedAt": 5000}},
        {"job": {"status": "ERROR"}},
        "/2017-08-29/jobs/m",
    ),
    Job(
        CUSTOMIZATION,
        {
            "JobName": "tune",
            "CustomModelName": "ours",
            "RoleArn": ROLE,
            "BaseModelIdentifier": "titan",
            "TrainingDataConfig": {"S3Uri": "s3://in"},
            "OutputDataConfig": {"S3Uri": "s3://out"},
        },
        ("/model-customization-jobs", {"jobArn": "arn:job"}),
        "/model-customization-jobs/tune",
        {"status": "InProgress"},
        {"jobArn": "arn:job", "status": "Completed", "outputModelArn": "arn:model"},
        {"JobArn": "arn:job", "Status": "Completed", "OutputModelArn": "arn:model"},
        {"status": "Failed"},
        "/model-customization-jobs/tune/stop",
    ),
)
job_cases = pytest.mark.parametrize("job", JOBS, ids=lambda job: job.id)


def needs_arguments(job: Job) -> None:
    """Skip a job where boto3 wants more of it."""
    if job.id == CUSTOMIZATION:
        needs_operation("bedrock", "CreateModelCustomizationJob", "hyperParameters")


def start(submit: Callable[..., Answer], scripted_aws: ScriptedAws, job: Job) -> Submitted:
    needs_arguments(job)
    scripted_aws.script(job.start[0], Response(job.start[1]))
    answer = submit(f"{job.id}.sync", job.arguments)
    assert isinstance(answer, Submitted)
    return answer


@job_cases
def test_a_job_is_followed(submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job) -> None:
    answer: Answer = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe, Response(job.running), Response(job.done))
    for _ in range(2):
        assert isinstance(answer, Submitted)
        answer = caller.poll(json.loads(json.dumps(answer.job)))
    assert answer == Completed(job.result)


@job_cases
def test_a_job_that_fails(submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job) -> None:
    submitted = start(submit, scripted_aws, job)
    scripted_aws.script(job.describe, Response(job.failed))
    with pytest.raises(StatesError, match=r"^States\.TaskFailed: \{"):
        caller.poll(submitted.job)


@job_cases
def test_a_job_is_stopped(submit: Callable[..., Answer], scripted_aws: ScriptedAws, caller: Caller, job: Job) -> None:
    submitted = start(submit, scripted_aws, job)
    scripted_aws.script(job.stop, Response({}))
    caller.cancel(submitted.job)
    assert scripted_aws.calls[-1][0] == job.stop


@job_cases
def test_a_refusal_has_the_services_name(submit: Callable[..., Answer], scripted_aws: ScriptedAws, job: Job) -> None:
    needs_arguments(job)
    refusal = {"x-amzn-ErrorType": "ConflictException"}
    scripted_aws.script(job.start[0], Response({"message": "no"}, 409, refusal))
    with pytest.raises(StatesError) as caught:
        submit(job.id, job.arguments)
    prefix = {"databrew": "DataBrew", "mediaconvert": "MediaConvert", "bedrock": "Bedrock"}[job.id.partition(":")[0]]
    assert caught.value.error == f"{prefix}.ConflictException"


MODEL = "anthropic.claude-3"
INVOKE = f"/model/{MODEL}/invoke"


def test_a_models_answer_is_parsed(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(INVOKE, Response({"generations": [{"text": "a story"}]}))
    answer = submit("bedrock:invokeModel", {"ModelId": MODEL, "Body": {"prompt": "p"}, "Accept": "*/*"})
    body = {"generations": [{"text": "a story"}]}
    assert answer == Completed({"Body": body, "ContentType": "application/json"})
    assert scripted_aws.calls == [(INVOKE, {"prompt": "p"})]


def test_a_model_is_given_text_as_it_is(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(INVOKE, Response(b"text"))
    answer = submit("bedrock:invokeModel", {"ModelId": MODEL, "Body": '{"prompt": "p"}'})
    assert scripted_aws.calls == [(INVOKE, {"prompt": "p"})]
    assert isinstance(answer, Completed)
    assert answer.result["Body"] == "text"


def test_a_models_input_and_output_in_s3(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(
        "/shop/in.json", Response(b'{"prompt": "long"}', headers={"Content-Type": "binary/octet-stream"})
    )
    scripted_aws.script(INVOKE, Response({"text": "answer"}))
    scripted_aws.script("/shop/out/a.json", Response(b""))
    places = {"Input": {"S3Uri": "s3://shop/in.json"}, "Output": {"S3Uri": "s3://shop/out/a.json"}}
    answer = submit("bedrock:invokeModel", {"ModelId": MODEL, **places})
    assert answer == Completed({"Body": "s3://shop/out/a.json", "ContentType": "application/json"})
    assert scripted_aws.calls[1] == (INVOKE, {"prompt": "long"})
    path, stored = scripted_aws.calls[2]
    assert path == "/shop/out/a.json"
    assert '{"text":"answer"}' in (stored if isinstance(stored, str) else json.dumps(stored, separators=(",", ":")))


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 429), ("ModelTimeoutException", 408)])
def test_a_models_error(submit: Callable[..., Answer], scripted_aws: ScriptedAws, code: str, status: int) -> None:
    scripted_aws.script(INVOKE, Response({"message": "slow"}, status, {"x-amzn-ErrorType": code}))
    with pytest.raises(StatesError, match=rf"^Bedrock\.{code}: slow \(Service: AmazonBedrockRuntime; "):
        submit("bedrock:invokeModel", {"ModelId": MODEL, "Body": {}})


HARNESS = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:harness/shop-a123456789"


def frame(kind: str, payload: dict[str, Any], message: str = "event") -> bytes:
    """One message of an event stream, as AWS frames it."""
    values = {f":{message}-type": kind, ":content-type": "application/json", ":message-type": message}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in values.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    start = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + body
    return start + struct.pack(">I", binascii.crc32(start))


def invoke_harness(submit: Callable[..., Answer], scripted_aws: ScriptedAws, *frames: bytes) -> Any:
    needs_operation("bedrock-agentcore", "InvokeHarness")
    stream = {"Content-Type": "application/vnd.amazon.eventstream"}
    scripted_aws.script("/harnesses/invoke", Response(b"".join(frames), headers=stream))
    messages = [{"Role": "user", "Content": [{"Text": "Which bolt?"}]}]
    arguments = {"HarnessArn": HARNESS, "RuntimeSessionId": "s", "Messages": messages}
    answer = submit("bedrockagentcore:invokeHarness", arguments)
    assert scripted_aws.calls[0][1] == {"messages": [{"role": "user", "content": [{"text": "Which bolt?"}]}]}
    assert isinstance(answer, Completed)
    return answer.result


def test_the_last_message_of_a_harness(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    usage = {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}
    result = invoke_harness(
        submit,
        scripted_aws,
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Let me look"}}),
        frame("messageStop", {"stopReason": "tool_use"}),
        frame("metadata", {"usage": usage, "metrics": {"latencyMs": 10}}),
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "An M6 "}}),
        frame("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": "{}"}}}),
        frame("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "bolt."}}),
        frame("messageStop", {"stopReason": "end_turn"}),
        frame("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}),
    )
    assert result == {
        "Output": {"Message": {"Role": "assistant", "Content": [{"Text": "An M6 bolt."}]}},
        "StopReason": "end_turn",
        "Usage": {"InputTokens": 10, "OutputTokens": 4, "TotalTokens": 14},
        "Metrics": {"LatencyMs": 15},
    }


def test_an_error_in_the_stream_of_a_harness(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    with pytest.raises(StatesError, match=r"^BedrockAgentCore\.ValidationException: no such tool"):
        invoke_harness(submit, scripted_aws, frame("validationException", {"message": "no such tool"}, "exception"))


FLEET = {"ClusterId": "j-1", "InstanceFleetName": "Core", "InstanceFleet": {"TargetOnDemandCapacity": 8}}


def test_a_fleet_is_found_by_its_name_on_any_page(submit: Callable[..., Answer], scripted_aws: ScriptedAws) -> None:
    pages = [{"InstanceFleets": [{"Id": "f-1", "Name": "Main"}], "Marker": "m"}]
    pages += [{"InstanceFleets": [{"Id": "f-2", "Name": "Core"}]}]
    scripted_aws.script("ListInstanceFleets", *pages)
    scripted_aws.script("ModifyInstanceFleet", {})
    submit("elasticmapreduce:modifyInstanceFleetByName", FLEET)
    assert scripted_aws.bodies("ListInstanceFleets") == [{"ClusterId": "j-1"}, {"ClusterId": "j-1", "Marker": "m"}]
    fleet = {"TargetOnDemandCapacity": 8, "InstanceFleetId": "f-2"}
    assert scripted_aws.bodies("ModifyInstanceFleet") == [{"ClusterId": "j-1", "InstanceFleet": fleet}]


def test_a_boto3_that_is_too_old(
    submit: Callable[..., Answer], caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import UnknownServiceError

    def unknown(service: str) -> None:
        raise UnknownServiceError(service_name=service, known_service_names="")

    monkeypatch.setattr(caller._clients, "model", unknown)
    with pytest.raises(StatesError, match=r"^States\.Runtime: .*boto3 here does not know InvokeHarness of bedrock-ag"):
        submit("bedrockagentcore:invokeHarness", {"HarnessArn": quote(HARNESS)})
