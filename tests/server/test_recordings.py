"""Executions that AWS has run, run again by boto3's client on the server: they come to what the engine comes to.

The recordings stand beside the project, not in it; without them nothing is run.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sfn_provider.engine import Mocks, simulate
from sfn_provider.engine.simulation.simulator import EPOCH
from sfn_provider.exceptions import UsageError
from tests.fixtures.local_service import MockRunner, Service, serve
from tests.fixtures.machines.aws_recordings import mocks_of, objects_of, recordings

ALL = recordings()
ACCOUNT = "111111111111"  # that of the recordings

_RUN_SPECIFIC = re.compile(r"arn:aws:states:[^\"]*#[^\"\\]*|AQ[\w-]{80,}|[0-9a-f]{8}-[0-9a-f-]{27}|\b0\.\d{6,}\b")
"""Task tokens, UUIDs and random numbers."""

KNOWN = {
    "base_scenarios_retry_interval_features": "random delays of its retries",
    "base_scenarios_parallel_state_lambda": "gives one branch's calls to the other",
}
"""Recordings that come to something else each time, with the reason."""


def chosen() -> list[dict[str, Any]]:
    """One of every sixth family; all of them under ``make test-recordings``."""
    if os.environ.get("SFN_PROVIDER_ALL_RECORDINGS"):
        return ALL
    families: dict[Any, dict[str, Any]] = {}
    for case in ALL:
        families.setdefault((case["category"], case["family"]), case)
    return list(families.values())[::6]


@pytest.fixture(scope="module")
def mocks() -> MockRunner:
    return MockRunner()


@pytest.fixture(scope="module")
def recorded_service(mocks: MockRunner) -> Iterator[Service]:
    """A server at the time at which the engine's executions start."""
    with serve(tasks=mocks, account_id=ACCOUNT, now=lambda: EPOCH) as running:
        yield running


def run_on_server(service: Service, case: dict[str, Any], name: str) -> dict[str, Any]:
    """Run a recording on the server. Gives what it came to."""
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    machine = service.create(case["definition"], name=name, roleArn=role, type=case.get("type") or "STANDARD")
    text = json.dumps(case.get("input"))
    if case.get("type") == "EXPRESS":
        found, events = service.client.start_sync_execution(stateMachineArn=machine, input=text, name="e"), None
    else:
        found = service.wait(service.start(machine, case.get("input"), name="e"))
        events = service.events(found["executionArn"])
    return {
        "status": found["status"],
        "output": json.loads(found["output"]) if "output" in found else None,
        "error": found.get("error"),
        "cause": found.get("cause"),
        "events": events,
    }


def run_on_engine(case: dict[str, Any], name: str, mocks: Mocks) -> dict[str, Any]:
    """Run a recording on the engine. Gives what it came to."""
    kind = case.get("type") or "STANDARD"
    found = simulate(
        case["definition"], case.get("input"), mocks=mocks, execution_type=kind, name="e", machine_name=name
    )
    return {
        "status": found.status,
        "output": found.output,
        "error": found.error,
        "cause": found.cause,
        "events": found.events if kind == "STANDARD" else None,
    }


def comparable(found: dict[str, Any]) -> str:
    """Return a text that is equal for equal executions."""
    return _RUN_SPECIFIC.sub("<specific>", json.dumps(found, default=lambda moment: moment.timestamp(), sort_keys=True))


def answers_of(case: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the mocks of a recording; a timeout is one that the state itself notes, without a cause."""
    mocks = mocks_of(case)
    for answer in itertools.chain.from_iterable(mocks.values()):
        if not answer.get("Throw", {}).get("Cause", "-"):
            del answer["Throw"]["Cause"]
    return mocks


@pytest.mark.skipif(not ALL, reason="there are no recordings beside the project")
def test_recorded_executions_come_to_the_same(recorded_service: Service, mocks: MockRunner) -> None:
    different = {}
    for number, case in enumerate(chosen()):
        name = f"Recorded{number}"
        answers = Mocks.from_mapping(answers_of(case), objects_of(case))
        try:
            expected = run_on_engine(case, name, answers.fresh())
        except UsageError:  # the recording lacks the answer of a task
            continue
        mocks.mocks[name] = answers
        found = run_on_server(recorded_service, case, name)
        if comparable(found) != comparable(expected) and case["id"] not in KNOWN:
            different[case["id"]] = (found, expected)
    assert not different, json.dumps({*different}, default=list)
