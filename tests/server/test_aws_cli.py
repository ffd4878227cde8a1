"""The AWS CLI against the server, where ``aws`` is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.fixtures.local_service import ROLE, Service
from tests.fixtures.machines.definitions import END, machine

AWS = shutil.which("aws")
pytestmark = pytest.mark.skipif(AWS is None, reason="the AWS CLI is not installed here")


def _aws(service: Service, operation: str, *arguments: str) -> Any:
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL_SFN": service.server.endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    done = subprocess.run(
        [str(AWS), "stepfunctions", operation, *arguments, "--output", "json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(done.stdout or "null") if done.returncode == 0 else done.stderr


def test_the_aws_cli_creates_starts_and_reads(service: Service) -> None:
    definition = json.dumps(machine({"Done": END}))
    created = _aws(service, "create-state-machine", "--name", "Cli", "--definition", definition, "--role-arn", ROLE)
    arn = created["stateMachineArn"]
    execution = _aws(service, "start-execution", "--state-machine-arn", arn, "--input", '{"a": 1}')["executionArn"]
    service.wait(execution)
    described = _aws(service, "describe-execution", "--execution-arn", execution)
    assert (described["status"], described["output"]) == ("SUCCEEDED", '{"a":1}')
    history = _aws(service, "get-execution-history", "--execution-arn", execution, "--page-size", "2")
    assert [event["id"] for event in history["events"]] == [1, 2, 3, 4]
    refusal = _aws(service, "start-execution", "--state-machine-arn", f"{arn}-none")
    assert "(StateMachineDoesNotExist)" in refusal
