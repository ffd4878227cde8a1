"""Start an execution so that a retried task never starts a second one beside it.

Step Functions keeps an execution's name for 90 days after its end (API_StartExecution, parameter ``name``). So the name
is the key: a try that finds its name taken looks at the execution that has it, instead of starting another.
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
from sfn_provider.executions.aws_errors import CALL_TRIES, error_code, retry_aws_call
from sfn_provider.executions.start_request import encode_input, execution_arn, numbered_name
from sfn_provider.executions.statuses import FAILURE_STATUSES

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook
    from sfn_provider.operators.wait_for_execution import OnFailedExecution, OnNotRedrivable


MAX_NUMBER: Final = 100
"""Executions of one task instance at most; a task with more retries than that gives another name itself."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartRequest:
    """One execution to be started once.

    Args:
        state_machine_arn: the state machine's ARN, with a version or an alias if wanted.
        name: the execution's name.
        input: any JSON value.
        on_failed_execution: what to do where an execution of that name has failed: ``new_name`` starts another one
            under the next free number, ``redrive`` runs that one on, ``fail`` raises.
        since: an execution of that name that started before this time belongs to somebody else. None where the name
            cannot be anybody else's.
        on_not_redrivable: what to do where AWS refuses to redrive: ``fail``, or start ``new_execution``.
        first_try: nobody has started an execution for this task instance before, and the name may be somebody else's:
            an execution of that name with another input is.
    """

    state_machine_arn: str
    name: str
    input: Any
    on_failed_execution: OnFailedExecution
    since: datetime | None
    on_not_redrivable: OnNotRedrivable = "fail"
    first_try: bool = False


def start_execution_once(hook: StepFunctionHook, request: StartRequest) -> str:
    """Start the execution, or find the one that an earlier try has started.

    Returns:
        The ARN of an execution that runs or has succeeded.

    Raises:
        AirflowFailException: a permission is missing; the name is somebody else's; the execution has failed and
            ``on_failed_execution`` is ``fail``, or it is ``redrive`` and AWS refuses.
        botocore.exceptions.ClientError: any other answer of AWS.
    """
    for number in range(1, MAX_NUMBER + 1):
        name = numbered_name(request.name, number)
        try:
            return _started(hook, request, name)
        except Exception as error:
            _raise_unless(error, "ExecutionAlreadyExists")
            arn = _adopt(hook, request, execution_arn(request.state_machine_arn, name), error)
        if arn is not None:
            return arn
    raise AirflowFailException(
        f"{request.name}: {MAX_NUMBER} executions of this name have failed. Look at them before you start more."
    )


def redrive_execution_once(
    hook: StepFunctionHook, state_machine_arn: str, name: str | None, on_not_redrivable: OnNotRedrivable = "fail"
) -> str | None:
    """Redrive the execution of that name; one that runs already, or has succeeded, is taken as it is.

    Args:
        hook: calls AWS.
        state_machine_arn: the state machine.
        name: the name of the execution that is redriven.
        on_not_redrivable: what to do where AWS refuses.

    Returns:
        The ARN; None where AWS refuses and ``on_not_redrivable`` is ``new_execution``.

    Raises:
        UsageError: there is no name, or no state machine.
        AirflowFailException: a permission is missing, or AWS refuses; the message says why.
        botocore.exceptions.ClientError: any other answer of AWS.
    """
    if not name:
        raise UsageError(f"is_redrive_execution: which execution of {state_machine_arn}? Give its name")
    arn = execution_arn(state_machine_arn, name)
    return redrive(hook, arn, on_not_redrivable, lambda: hook.start_execution(state_machine_arn, name, None, True))


def redrive(
    hook: StepFunctionHook,
    arn: str,
    on_not_redrivable: OnNotRedrivable = "fail",
    call: Callable[[], str] | None = None,
) -> str | None:
    """Redrive an execution; one that runs already, or has succeeded, is taken as it is.

    Args:
        hook: calls AWS.
        arn: the execution.
        on_not_redrivable: what to do where AWS refuses.
        call: redrives it; None for the hook's ``redrive_execution``.

    Returns:
        The ARN; None where AWS refuses and ``on_not_redrivable`` is ``new_execution``.

    Raises:
        AirflowFailException: a permission is missing, or AWS refuses; the message says why.
        botocore.exceptions.ClientError: any other answer of AWS.
    """
    try:
        return retry_aws_call(call or (lambda: hook.redrive_execution(arn)), renew=hook.renew_client, tries=CALL_TRIES)
    except Exception as error:
        _raise_unless(error, "ExecutionNotRedrivable")
        description = hook.describe_patiently(arn)
        status = description["status"]
        if status in FAILURE_STATUSES:
            why = f"{arn} is {status} and cannot be redriven: {description.get('redriveStatusReason') or error}"
            if on_not_redrivable == "fail":
                raise AirflowFailException(why) from error
            log.warning("%s. Starting another one", why)
            return None
    log.info("%s is %s already: nothing to redrive", arn, status)
    return arn


def _started(hook: StepFunctionHook, request: StartRequest, name: str) -> str:
    """Start an execution; an answer that was lost on its way is asked for again under the same name."""
    return retry_aws_call(
        lambda: hook.start_execution(request.state_machine_arn, name, request.input, False),
        renew=hook.renew_client,
        tries=CALL_TRIES,
    )


def _raise_unless(error: Exception, code: str) -> None:
    if error_code(error) != code:
        raise error


def _adopt(hook: StepFunctionHook, request: StartRequest, arn: str, error: Exception) -> str | None:
    """Decide about the execution that has the name. Gives None where the next name is to be tried."""
    description = hook.describe_patiently(arn)
    if request.since is not None and description["startDate"] < request.since:
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
    there = description.get("input")  # AWS leaves it out where it cannot decrypt it
    return there is not None and json.loads(there) != json.loads(encode_input(request.input) or "{}")


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
"""What each value of ``on_failed_execution`` does: gives the ARN to wait on, None for the next name, or raises."""
