"""One environment of Amazon MWAA at a time; its tests share it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.aws.lambda_functions import LambdaFunctions
from tests.aws.step_functions import SimulatedStepFunctions
from tests.mwaa_environment.environment import COMPONENTS, MwaaEnvironment, mwaa_environment
from tests.mwaa_environment.environments import FOLDER
from tests.mwaa_environment.redis import REDIS

VERSIONS = os.environ.get("SFN_PROVIDER_MWAA", "").split()


@pytest.fixture(
    scope="session", params=VERSIONS or [pytest.param("", marks=pytest.mark.skip("make test-mwaa runs it"))]
)
def running_environment(
    request: pytest.FixtureRequest,
    moto_server: str,
    lambda_functions: LambdaFunctions,
    step_functions: SimulatedStepFunctions,
) -> Iterator[MwaaEnvironment]:
    """The environment of a version."""
    version: str = request.param
    if REDIS is None:
        pytest.skip("redis-server is not on this machine: apt-get install redis-server")
    if not (FOLDER / version / "package.txt").exists():
        pytest.skip(f"there is no Python environment for Airflow {version}: make test-mwaa makes it")
    aws = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": moto_server,
        "AWS_ENDPOINT_URL_LAMBDA": lambda_functions.url,
        "AWS_ENDPOINT_URL_SFN": step_functions.url,
        "AIRFLOW__SFN_PROVIDER__WORKER_AUTH": "signature",
        "AIRFLOW__SFN_PROVIDER__WORKER_ACCESS_KEY_ID": "testing",
        "AIRFLOW__SFN_PROVIDER__WORKER_SECRET_ACCESS_KEY": "testing",
    }
    with mwaa_environment(version, aws) as environment:
        yield environment


@pytest.fixture
def mwaa(running_environment: MwaaEnvironment) -> MwaaEnvironment:
    """An environment with all its components running."""
    for component in COMPONENTS:
        running_environment.processes.ensure(component)
    return running_environment
