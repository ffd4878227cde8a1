"""The parts of an execution's ARN."""

from __future__ import annotations

from dataclasses import dataclass

from sfn_provider.exceptions import UsageError
from sfn_provider.executions.start_request import refuse_express


@dataclass(frozen=True, slots=True)
class ExecutionArn:
    """An execution that can be described.

    Args:
        partition: ``aws``, ``aws-cn`` or another one.
        region: the region.
        account: the account's number.
        machine: the state machine's name, without version or alias.
        of_map_run: a Map Run has started it. ListExecutions does not give these for the state machine, only for the
            Map Run, which the ARN does not name.
    """

    partition: str
    region: str
    account: str
    machine: str
    of_map_run: bool

    @property
    def state_machine_arn(self) -> str:
        """The ARN of the state machine, without version or alias."""
        return f"arn:{self.partition}:states:{self.region}:{self.account}:stateMachine:{self.machine}"


def parse_execution_arn(arn: str) -> ExecutionArn:
    """Take an execution's ARN apart.

    Args:
        arn: ``arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME``. Between machine and name there may be more, a
            version or an alias; behind the machine's name ``/LABEL``, for a child of a Map Run.

    Raises:
        UsageError: it is no execution's ARN, or one of an execution that AWS keeps no state of.
    """
    refuse_express(arn)
    parts = arn.split(":")
    if len(parts) < 8 or parts[0] != "arn" or parts[2] != "states" or parts[5] not in ("execution", "express"):
        hint = "; a Map Run is waited for by its own sensor" if ":mapRun:" in arn else ""
        raise UsageError(
            f"execution_arn: {arn!r} is not the ARN of an execution; "
            f"it reads arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME{hint}"
        )
    machine, slash, _ = parts[6].partition("/")
    return ExecutionArn(parts[1], parts[3], parts[4], machine, bool(slash))
