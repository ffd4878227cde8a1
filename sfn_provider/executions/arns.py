"""Parses and builds the ARNs of executions and state machines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.exceptions import UsageError
from sfn_provider.secret_masking import quote

# A child of a Map Run has a slash after the state machine's name.
_EXPRESS: Final = re.compile(r":express:[^:/]+:")
_REGION: Final = re.compile(r"arn:[\w-]+:states:([\w-]+):")


@dataclass(frozen=True, slots=True)
class ExecutionArn:
    """The parts of the ARN of an execution that DescribeExecution knows.

    Args:
        partition: for example ``aws`` or ``aws-cn``.
        region: for example ``eu-central-1``.
        account: the account's number.
        machine: the state machine's name, without version or alias.
        of_map_run: a Map Run has started the execution. ListExecutions lists such executions only for the Map Run,
            whose ARN is not part of the execution's.
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
    """Parse the ARN of an execution that AWS can describe.

    Args:
        arn: ``arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME``. A version or an alias may stand between machine
            and name; the machine's name of a child of a Map Run ends in ``/LABEL``.

    Raises:
        UsageError: ``arn`` is not the ARN of an execution, or that of an Express execution.
    """
    require_describable(require_execution_arn(arn))
    parts = arn.split(":")
    machine, slash, _ = parts[6].partition("/")
    return ExecutionArn(parts[1], parts[3], parts[4], machine, bool(slash))


def state_machine_of(execution_arn: str) -> str:
    """Return the ARN of the state machine, without version or alias, of any execution: Standard, Express, of a Map Run.

    Args:
        execution_arn: an ARN that AWS has answered.
    """
    _, partition, _, region, account, _, machine, *_ = execution_arn.split(":")
    return f"arn:{partition}:states:{region}:{account}:stateMachine:{machine.partition('/')[0]}"


def require_execution_arn(value: Any, field: str = "execution_arn") -> str:
    """Return a value if it is the ARN of an execution, Standard or Express.

    Args:
        value: the value of an argument.
        field: the argument's name, for the error.

    Raises:
        UsageError: it is something else: an execution's output, the ARN of a Map Run, of an S3 object.
    """
    if len(_parts(value, "execution", "express")) >= 8:
        return str(value)
    if ":mapRun:" in str(value):
        hint = "a Map Run is waited for by StepFunctionMapRunSensor"
    elif value is None:
        hint = (
            "a task that has failed returns nothing; StepFunctionStartExecutionOperator pushes the ARN as XCom "
            "'execution_arn', too, whatever comes of the execution: start.output['execution_arn']"
        )
    else:
        hint = (
            "StepFunctionStartExecutionOperator returns it, unless it has return_output=True; then it is its XCom "
            "'execution_arn': start.output['execution_arn']"
        )
    raise UsageError(
        f"{field}: {quote(value)} is not the ARN of an execution, which reads "
        f"arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME; {hint}"
    )


def parse_execution_name(arn: str) -> str:
    """Return the name in an execution's ARN, Standard or Express; the last part of any other text."""
    parts = arn.split(":")
    return parts[7] if len(parts) > 7 else parts[-1]


def require_state_machine_arn(value: Any) -> str:
    """Return the argument ``state_machine_arn`` if it is the ARN of a state machine, of a version or of an alias.

    Raises:
        UsageError: it is something else, or has blanks around it.
    """
    text = str(value)
    _, separator, tail = text.partition(":stateMachine:")
    if not separator or not tail.split(":")[0] or text != text.strip():
        raise UsageError(
            f"state_machine_arn: {quote(value)} is not the ARN of a state machine; "
            "it reads arn:aws:states:REGION:ACCOUNT:stateMachine:NAME"
        )
    return text


def require_map_run_arn(value: Any) -> str:
    """Return the argument ``map_run_arn`` if it is the ARN of a Map Run.

    Raises:
        UsageError: it is something else.
    """
    return _require_arn(value, "map_run_arn", "mapRun", "a Map Run", "MACHINE/LABEL:ID")


def require_activity_arn(value: Any) -> str:
    """Return the argument ``activity_arn`` if it is the ARN of an activity.

    Raises:
        UsageError: it is something else.
    """
    return _require_arn(value, "activity_arn", "activity", "an activity", "NAME")


def _require_arn(value: Any, field: str, kind: str, thing: str, name: str) -> str:
    if len(_parts(value, kind)) == 6 + len(name.split(":")):
        return str(value)
    raise UsageError(
        f"{field}: {quote(value)} is not the ARN of {thing}, which reads arn:aws:states:REGION:ACCOUNT:{kind}:{name}"
    )


def _parts(value: Any, *kinds: str) -> list[str]:
    """Return the parts of an ARN of Step Functions of one of some kinds; none for any other value, or with blanks."""
    parts = value.split(":") if isinstance(value, str) and not any(map(str.isspace, value)) else []
    return parts if len(parts) > 5 and (parts[0], parts[2]) == ("arn", "states") and parts[5] in kinds else []


def build_execution_arn(state_machine_arn: str, name: str) -> str:
    """Build the ARN of a Standard execution.

    Args:
        state_machine_arn: ARN of a state machine; a version or an alias in it is not part of an execution's ARN.
        name: the execution's name.

    Raises:
        UsageError: ``state_machine_arn`` is not the ARN of a state machine.
    """
    head, _, tail = require_state_machine_arn(state_machine_arn).partition(":stateMachine:")
    return f"{head}:execution:{tail.split(':')[0]}:{name}"


def parse_region(arn: Any) -> str | None:
    """Return the region of an ARN of Step Functions; None for any other value, such as an unrendered template."""
    found = _REGION.match(arn) if isinstance(arn, str) else None
    return found[1] if found else None


def require_describable(arn: str) -> None:
    """Refuse the ARN of an Express execution, which AWS cannot describe.

    Raises:
        UsageError: it is an Express execution and not a child of a Map Run. Source: API_DescribeExecution, "not
            supported by EXPRESS state machines unless they were dispatched by a Map Run".
    """
    if _EXPRESS.search(arn):
        raise UsageError(
            f"{arn}: AWS keeps no state of an Express execution, so that it cannot be waited on, described, stopped or "
            "redriven; start it with StepFunctionStartSyncExecutionOperator, which waits for up to five minutes, or "
            "with wait_for_completion=False, and look at its logs in CloudWatch"
        )
