"""Names the amazon provider's tests that fail here, and those that need more than is in its sdist."""

from __future__ import annotations

from typing import Final

from tests.amazon_provider.verdict import ExpectedFailure, StandIn

_TRIGGER: Final = "unit/amazon/aws/triggers/test_step_function.py::TestStepFunctionsExecutionCompleteTrigger"

FILES: Final = (
    *(
        f"unit/amazon/aws/{kind}/test_step_function.py"
        for kind in ("hooks", "links", "operators", "sensors", "triggers")
    ),
    "unit/amazon/aws/triggers/test_serialization.py",
    "system/amazon/aws/example_step_functions.py",
)
"""The files with tests of Step Functions, below the sdist's folder ``tests``."""

EXPECTED_FAILURES: Final = (
    ExpectedFailure(
        f"{_TRIGGER}::test_run_success",
        "TimeoutError",
        "patches the hook's get_waiter: this trigger has no waiter of its own, it shares a poller",
    ),
    ExpectedFailure(
        f"{_TRIGGER}::test_run_failure",
        "TimeoutError",
        "patches the hook's get_waiter and triggers.base.async_wait: as above",
    ),
)

STAND_INS: Final = (
    StandIn(
        "unit/amazon/aws/links/test_step_function.py",
        "tests_common: dag_maker, create_task_instance_of_operator, mock_supervisor_comms, MockOperator",
        "those of stand_in/tests_common, on Airflow's database",
    ),
    StandIn(
        "system/amazon/aws/example_step_functions.py",
        "tests_common (get_test_run, watcher), an AWS account, and a role",
        "those of stand_in/tests_common, and the package's own server, which executes the state machine; moto for SSM",
    ),
    StandIn(
        "unit/amazon/aws/triggers/test_serialization.py",
        "the cncf.kubernetes provider, for the triggers of EKS",
        "an empty class from stand_in/other_providers.py; only the test of this package's trigger runs",
    ),
    StandIn(
        "unit/amazon/aws/triggers/test_step_function.py",
        "pytest-asyncio",
        "asyncio.run, and 5 seconds for each test",
    ),
)
