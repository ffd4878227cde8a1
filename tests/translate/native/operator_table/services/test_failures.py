"""Jobs that fail: the operator of a row fails with every status with which the state fails, or the row says so."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sfn_provider.asl.resources import parse_resource
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.sync_job import SyncJob
from sfn_provider.translate.native.operator_table import assign_arguments
from tests.translate.native.operator_table.services.operator_runs import run_operator, written
from tests.translate.native.operator_table.services.sample import Sample
from tests.translate.native.operator_table.services.samples import SAMPLES
from tests.translate.native.operator_table.services.test_rows import AMAZON, row_of


class StillWaitingError(Exception):
    """The operator polls again after the job has ended."""


def job_of(sample: Sample) -> SyncJob | None:
    parsed = parse_resource(f"arn:aws:states:::{sample.resource}")
    integration = OPTIMIZED_INTEGRATIONS.get(f"{parsed.service}:{parsed.action}")
    return integration.syncs.get(parsed.pattern) if integration is not None else None


def failed_jobs() -> Iterator[Any]:
    """A sample of each job, with each status with which it fails."""
    seen = set()
    for sample in SAMPLES:
        job = job_of(sample)
        if job is None or sample.resource in seen or sample.since > AMAZON:
            continue
        seen.add(sample.resource)
        for status in sorted(job.failed):
            yield pytest.param(sample, status, id=f"{sample.resource} {status}")


def with_status(response: Any, path: list[str], status: str) -> Any:
    """A response, a job's status in it changed; the services' own names begin with small letters, or do not."""
    if not path:
        return status
    if isinstance(response, list):
        return [with_status(entry, path[1:] if path[0] == "0" else path, status) for entry in response]
    if not isinstance(response, dict):
        return response
    name = next((key for key in response if key.casefold() == path[0].casefold()), None)
    return response | {name: with_status(response[name], path[1:], status)} if name is not None else response


def failing(sample: Sample, job: SyncJob, status: str) -> dict[str, Any]:
    """What AWS answers for a job that fails."""
    operation = job.describe.operation
    answers = copy.deepcopy(sample.answers)
    answers[operation] = with_status(answers[operation], job.status.split("."), status)
    if "ListSteps" in answers:
        answers["ListSteps"] = with_status(answers["ListSteps"], ["Steps", "0", "Status", "State"], status)
    return answers


def outcome(sample: Sample, answers: dict[str, Any]) -> str:
    """What becomes of the operator."""
    row = row_of(sample.resource)
    try:
        run_operator(row, written(assign_arguments(row, sample.parameters)), answers)
    except StillWaitingError:
        return "waits"
    except AssertionError:
        raise
    except Exception:
        return "fails"
    return "succeeds"


@pytest.fixture(autouse=True)
def polls_once(monkeypatch: pytest.MonkeyPatch) -> None:
    thread, real_sleep = threading.get_ident(), asyncio.sleep

    async def sleep(seconds: float, result: Any = None) -> Any:
        if threading.get_ident() != thread:  # of a server of other tests
            return await real_sleep(seconds, result)
        raise StillWaitingError

    monkeypatch.setattr(asyncio, "sleep", sleep)


@pytest.mark.parametrize(("sample", "status"), list(failed_jobs()))
def test_an_operator_fails_as_the_state_does(sample: Sample, status: str) -> None:
    row, job = row_of(sample.resource), job_of(sample)
    assert job is not None
    assert outcome(sample, failing(sample, job, status)) == row.outcomes.get(status, "fails")
