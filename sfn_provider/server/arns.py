"""Builds and checks the ARNs of the resources that the service has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sfn_provider.exceptions import UsageError
from sfn_provider.server.api_errors import ApiError, invalid_arn

# Source: API_StartExecution and API_CreateStateMachine, parameter ``name``, "A name must not contain".
_REFUSED: Final = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U0010ffff]""")

_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")
_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def check_name(name: str) -> None:
    """Refuse a name that AWS refuses (recorded).

    Raises:
        ApiError: ``InvalidName``.
    """
    if _REFUSED.search(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def check_arn(arn: str, *kinds: str) -> str:
    """Refuse what is no ARN of Step Functions, or that of another kind of resource (recorded).

    Args:
        arn: the ARN.
        kinds: the kinds that the operation takes: ``stateMachine``, ``execution``, ``activity``...

    Returns:
        The ARN.

    Raises:
        ApiError: ``InvalidArn``.
    """
    if not arn.startswith("arn:"):
        raise invalid_arn(f"Invalid ARN prefix: {arn}")
    parts = arn.split(":", 6)
    if len(parts) < 7 or parts[2] != "states" or not parts[6]:
        raise invalid_arn(f"Invalid ARN: {arn}")
    if parts[5] not in kinds:
        raise invalid_arn(f"Resource type not valid in this context: {parts[5]}")
    return arn


def check_role(arn: str) -> str:
    """Refuse what is no ARN of a role.

    Source: API_CreateStateMachine, error ``InvalidArn``; the role itself is not looked up.

    Args:
        arn: the ARN.

    Returns:
        The ARN.

    Raises:
        ApiError: ``InvalidArn``.
    """
    if not _ROLE.fullmatch(arn):
        raise ApiError("InvalidArn", f"Invalid Role Arn: '{arn}'")
    return arn


@dataclass(frozen=True, slots=True)
class ArnBuilder:
    """Builds ARNs of one account in one region.

    Args:
        region: for example ``eu-central-1``.
        account_id: the account's number, twelve digits.

    Raises:
        UsageError: one of them is none.
    """

    region: str
    account_id: str

    def __post_init__(self) -> None:
        if not _REGION.fullmatch(self.region):
            raise UsageError(f"the region is {self.region!r}: give one as eu-central-1")
        if not _ACCOUNT.fullmatch(self.account_id):
            raise UsageError(f"the account is {self.account_id!r}: give its twelve digits, as 123456789012")

    def _resource(self, kind: str, name: str) -> str:
        partition = "aws-cn" if self.region.startswith("cn-") else "aws-us-gov" if "-gov-" in self.region else "aws"
        return f"arn:{partition}:states:{self.region}:{self.account_id}:{kind}:{name}"

    def state_machine(self, name: str) -> str:
        """Return the ARN of a state machine."""
        return self._resource("stateMachine", name)

    def activity(self, name: str) -> str:
        """Return the ARN of an activity."""
        return self._resource("activity", name)

    def execution(self, machine: str, name: str) -> str:
        """Return the ARN of a standard execution."""
        return self._resource("execution", f"{machine}:{name}")

    def express_execution(self, machine: str, name: str, start: str) -> str:
        """Return the ARN of an Express execution, of which several may have a name; ``start`` tells them apart."""
        return self._resource("express", f"{machine}:{name}:{start}")
