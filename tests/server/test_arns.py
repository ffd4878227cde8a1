"""ARNs that the service makes: of a region and an account."""

from __future__ import annotations

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.server.arns import ArnBuilder


@pytest.mark.parametrize(
    "region", ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "ap-southeast-2", "us-iso-east-1"]
)
def test_a_machine_is_in_a_region(region: str) -> None:
    assert f":states:{region}:123456789012:stateMachine:Order" in ArnBuilder(region, "123456789012").state_machine(
        "Order"
    )


@pytest.mark.parametrize("region", ["us", "x y", "", "us-east-1\n", "US-EAST-1"])
def test_what_is_no_region_is_refused(region: str) -> None:
    with pytest.raises(UsageError, match="the region is"):
        ArnBuilder(region, "123456789012")


@pytest.mark.parametrize("account", ["12", "12345678901x", "1234567890123", ""])
def test_what_is_no_account_is_refused(account: str) -> None:
    with pytest.raises(UsageError, match="the account is"):
        ArnBuilder("us-east-1", account)
