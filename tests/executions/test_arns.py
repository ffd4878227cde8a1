"""ARNs of executions and state machines."""

from __future__ import annotations

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import build_execution_arn, require_describable


@pytest.mark.parametrize("qualifier", ["", ":7", ":live"])
def test_an_execution_arn_has_no_version_and_no_alias(qualifier: str) -> None:
    machine = f"arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Sales{qualifier}"
    assert build_execution_arn(machine, "one") == "arn:aws-cn:states:cn-north-1:123456789012:execution:Sales:one"


@pytest.mark.parametrize("arn", ["Sales", "arn:aws:states:us-east-1:123456789012:stateMachine:", ""])
def test_what_is_no_state_machine_arn_is_refused(arn: str) -> None:
    with pytest.raises(UsageError, match="not the ARN of a state machine"):
        build_execution_arn(arn, "one")


def test_only_an_express_execution_outside_of_a_map_run_is_refused() -> None:
    require_describable("arn:aws:states:us-east-1:123456789012:execution:Sales:express")
    require_describable("arn:aws:states:us-east-1:123456789012:express:Sales/Each:child:id")
    with pytest.raises(UsageError, match="Express"):
        require_describable("arn:aws:states:us-east-1:123456789012:express:Sales:one:id")
