"""Starts or redrives an execution so that a retried task never starts a second one.

Step Functions reserves an execution's name until 90 days after its end (API_StartExecution, parameter ``name``). The
name is the idempotency key: a try that finds its name taken reuses that execution instead of starting another.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.argument_types import OnFailedExecution, OnNotRedrivable
from sfn_provider.executions.arns import build_execution_arn
from sfn_provider.executions.aws_errors import CALL_TRIES, error_code, retry_aws_call
from sfn_provider.executions.json_input import encode_input
from sfn_provider.executions.names import numbered_name
from sfn_provider.executions.statuses import FAILURE_STATUSES

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook


MAX_EXECUTIONS: Final = 100
"""Maximum executions of one task instance; a task with more retries must set another name itself."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartRequest:
    """An execution to start at most once.

    Args:
        state_machine_arn: the state machine's ARN, optionally with a version or an alias.
        name: the execution's name.
        input: any JSON value.
        on_failed_execution: what to do if an execution of that name has failed: ``new_name`` starts another one under
            the next free number, ``redrive`` redrives it, ``fail`` raises.
        not_before: an execution of that name that started before this time is not this task's. None if the name is
            unique to the task instance.
        on_not_redrivable: what to do if AWS refuses to redrive: ``fail``, or start a ``new_execution``.
        first_try: this is the first try of a task instance with a name chosen by the user: an execution of that name
            with another input is not this task's.
    """

    state_machine_arn: str
    name: str
    input: Any
    on_failed_execution: OnFailedExecution
    not_before: datetime | None
    on_not_redrivable: OnNotRedrivable = "fail"
    first_try: bool = False


def start_execution_once(hook: StepFunctionHook, request: StartRequest) -> str:
    """Start the execution, or find the one that an earlier try has started.

    Returns:
        The ARN of an execution that is running or has succeeded.

    Raises:
        AirflowFailException: a permission is missing; the name belongs to another task's execution; the execution has
            failed and ``on_failed_execution`` is ``fail``, or it is ``redrive`` and AWS refuses.
        botocore.exceptions.ClientError: any other error of AWS.
    """
    for number in range(1, MAX_EXECUTIONS + 1):
        name = numbered_name(request.name, number)
        try:
            return _start(hook, request, name)
        except Exception as error:
            _require_code(error, "ExecutionAlreadyExists")
            arn = _reuse(hook, request, build_execution_arn(request.state_machine_arn, name), error)
        if arn is not None:
            return arn
    raise AirflowFailException(
        f"{request.name}: {MAX_EXECUTIONS} executions of this name have failed. Look at them before you start more."
    )


def redrive_execution_once(
    hook: StepFunctionHook, state_machine_arn: str, name: str | None, on_not_redrivable: OnNotRedrivable = "fail"
) -> str | None:
    """Redrive the execution of that name; one that is running or has succeeded is not redriven.

    Args:
        hook: calls AWS.
        state_machine_arn: the state machine.
        name: the name of the execution to redrive.
        on_not_redrivable: what to do if AWS refuses.

    Returns:
        The ARN; None if AWS refuses and ``on_not_redrivable`` is ``new_execution``.

    Raises:
        UsageError: the name is missing, or the state machine.
        AirflowFailException: a permission is missing, or AWS refuses; the message says why.
        botocore.exceptions.ClientError: any other error of AWS.
    """
    if not name:
        raise UsageError(f"is_redrive_execution: which execution of {state_machine_arn}? Give its name")
    arn = build_execution_arn(state_machine_arn, name)
    return redrive(hook, arn, on_not_redrivable, lambda: hook.start_execution(state_machine_arn, name, None, True))


def redrive(
    hook: StepFunctionHook,
    arn: str,
    on_not_redrivable: OnNotRedrivable = "fail",
    call: Callable[[], str] | None = None,
) -> str | None:
    """Redrive an execution; one that is running or has succeeded is not redriven.

    Args:
        hook: calls AWS.
        arn: the execution.
        on_not_redrivable: what to do if AWS refuses.
        call: redrives it; None for the hook's ``redrive_execution``.

    Returns:
        The ARN; None if AWS refuses and ``on_not_redrivable`` is ``new_execution``.

    Raises:
        AirflowFailException: a permission is missing, or AWS refuses; the message says why.
        botocore.exceptions.ClientError: any other error of AWS.
    """
    try:
        return retry_aws_call(call or (lambda: hook.redrive_execution(arn)), renew=hook.renew_client, tries=CALL_TRIES)
    except Exception as error:
        _require_code(error, "ExecutionNotRedrivable")
        description = hook.describe_with_retries(arn)
        status = description["status"]
        if status in FAILURE_STATUSES:
            why = f"{arn} is {status} and cannot be redriven: {description.get('redriveStatusReason') or error}"
            if on_not_redrivable == "fail":
                raise AirflowFailException(why) from error
            log.warning("%s. Starting another one", why)
            return None
    log.info("%s is %s already: nothing to redrive", arn, status)
    return arn


def _start(hook: StepFunctionHook, request: StartRequest, name: str) -> str:
    """Start an execution; after a lost response the call is repeated with the same name."""
    return retry_aws_call(
        lambda: hook.start_execution(request.state_machine_arn, name, request.input, False),
        renew=hook.renew_client,
        tries=CALL_TRIES,
    )


def _require_code(error: Exception, code: str) -> None:
    if error_code(error) != code:
        raise error


def _reuse(hook: StepFunctionHook, request: StartRequest, arn: str, error: Exception) -> str | None:
    """Return the ARN of the execution that has the name; None to try the next name."""
    description = hook.describe_with_retries(arn)
    if request.not_before is not None and description["startDate"] < request.not_before:
        raise AirflowFailException(
            f"{arn} started at {description['startDate'].isoformat()}, before this DAG run: it is not this task's. "
            "Put something of the run into name, '{{ ts_nodash }}' say, or leave name away."
        ) from error
    if request.first_try and _has_other_input(description, request):
        raise AirflowFailException(
            f"{arn} is there before this task's first try, with another input: it is not this task's. "
            "Put something of the task into name, '{{ ts_nodash }}-{{ ti.map_index }}' say, or leave name away."
        ) from error
    if description["status"] not in FAILURE_STATUSES:
        log.info("%s was started by an earlier try and is %s: taking it over", arn, description["status"])
        return arn
    return ON_FAILED_EXECUTION[request.on_failed_execution](hook, request, description)


def _has_other_input(description: Mapping[str, Any], request: StartRequest) -> bool:
    existing = description.get("input")  # AWS omits it if it cannot decrypt it
    return existing is not None and json.loads(existing) != json.loads(encode_input(request.input) or "{}")


def _next_name(hook: StepFunctionHook, request: StartRequest, description: Mapping[str, Any]) -> None:
    log.info("%s is %s: starting another one", description["executionArn"], description["status"])


def _redrive(hook: StepFunctionHook, request: StartRequest, description: Mapping[str, Any]) -> str | None:
    return redrive(hook, description["executionArn"], request.on_not_redrivable)


def _fail(hook: StepFunctionHook, request: StartRequest, description: Mapping[str, Any]) -> str:
    failure = hook.failure(description)
    raise AirflowFailException(f"on_failed_execution='fail': {failure}") from failure


ON_FAILED_EXECUTION: Final[dict[str, Callable[[StepFunctionHook, StartRequest, Mapping[str, Any]], str | None]]] = {
    "new_name": _next_name,
    "redrive": _redrive,
    "fail": _fail,
}
"""Actions by ``on_failed_execution``: each returns the ARN to wait for, or None for the next name, or raises."""
