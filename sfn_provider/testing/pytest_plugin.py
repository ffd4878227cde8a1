"""The pytest plugin: fixtures that test one state, and that run Step Functions for tests of DAGs.

pytest loads this module in every environment that has this package, so it imports nothing else until a test uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sfn_provider.testing.local_executions import LocalExecution
    from sfn_provider.testing.local_step_functions import LocalStepFunctions
    from sfn_provider.testing.state_tests import StateTest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the fixture `stepfunctions`."""
    config.addinivalue_line(
        "markers",
        "stepfunctions(region, account_id, time): where the fixture stepfunctions is, and how time passes there",
    )


@pytest.fixture
def state_test(request: pytest.FixtureRequest) -> StateTest:
    """Test one state without calling anything; see docs/testing-states.md.

    A file that is named by a relative path is searched beside the test, then from where pytest runs::

        def test_a_busy_service_is_asked_again(state_test):
            outcome = state_test("pipeline.asl.json#Charge", {"order": 1}, error="Busy", retry_count=2)
            outcome.assert_retried(after=4)
    """
    from sfn_provider.testing.state_tests import StateTest

    return StateTest(request.path.parent)


@pytest.fixture
def stepfunctions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalStepFunctions]:
    """Run Step Functions on this machine, and lead the AWS clients of this process there; see docs/serve.md.

    Time is virtual. ``stepfunctions.client`` is a boto3 client. The marker
    ``@pytest.mark.stepfunctions(region="eu-central-1", account_id="210987654321", time="real")`` changes what it names.
    """
    from sfn_provider.exceptions import UsageError
    from sfn_provider.testing.local_step_functions import LocalStepFunctions

    marker = request.node.get_closest_marker("stepfunctions")
    try:
        local = LocalStepFunctions(request.path.parent, **(marker.kwargs if marker is not None else {}))
    except (UsageError, TypeError) as error:
        pytest.fail(f"the fixture stepfunctions: {error}", pytrace=False)
    with local:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name, value in local.environment.items():
            monkeypatch.setenv(name, value)
        yield local


@pytest.fixture
def state_machine(stepfunctions: LocalStepFunctions) -> Callable[..., str]:
    """Create state machines on `stepfunctions`.

    It returns the ARN::

        def test_the_dag(state_machine, assert_execution):
            arn = state_machine("pipeline.asl.json", mocks={"Charge": [{"Return": {"paid": True}}]})
            ...
            assert_execution(arn, output={"paid": True})

    The arguments are those of `sfn_provider.testing.local_step_functions.LocalStepFunctions.create_state_machine`.
    """
    return stepfunctions.create_state_machine


@pytest.fixture
def assert_execution(stepfunctions: LocalStepFunctions) -> Callable[..., LocalExecution]:
    """Wait for the end of an execution on `stepfunctions` and assert how it went; returns the execution.

    The arguments are those of `sfn_provider.testing.local_step_functions.LocalStepFunctions.assert_execution`.
    """
    return stepfunctions.assert_execution
