"""Starts or redrives an execution so that a retried task never starts a second one.

Step Functions reserves an execution's name until 90 days after its end (API_StartExecution, parameter ``name``). The
name is the idempotency key: a try that finds its name taken reuses that execution instead of starting another.
A name chosen by the user may be another task's, too: the times of the executions tell.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.argument_types import OnFailedExecution, OnNotRedrivable
from sfn_provider.executions.arns import build_execution_arn
from sfn_provider.executions.aws_errors import CALL_TRIES, error_code, response_time, retry_aws_call
from sfn_provider.executions.json_input import encode_input
from sfn_provider.executions.names import numbered_name
from sfn_provider.executions.statuses import FAILURE_STATUSES, was_killed

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook


MAX_EXECUTIONS: Final = 100
"""Maximum executions of one task instance; a task with more retries must set another name itself."""

NAME_ADVICE: Final = (
    "Put into name what tells them apart: '{{ run_id }}' for each DAG run, '{{ ti.max_tries }}' for each clear, "
    "'{{ ti.map_index }}' for each mapped task; or leave name away"
)

_CLOCK_SKEW: Final = timedelta(minutes=1)
"""Maximum difference between Airflow's clock and AWS's."""

_START_TOLERANCE: Final = timedelta(seconds=0.3)
"""How much earlier than the call, by AWS's clocks, an execution may have started that the call has started. AWS's Date
is cut to seconds: tasks that start the same input under the same name within a second share an execution."""

KILL_TRIES: Final = 4
"""Tries of StopExecution for a killed task, to which Airflow gives little time."""

_KILL_DELAY: Final = 0.5
"""Seconds between two of them for an execution that AWS may not know yet."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class StartRequest:
    """An execution to start at most once.

    Args:
        state_machine_arn: the state machine's ARN, optionally with a version or an alias.
        name: the execution's name.
        input: any JSON value.
        on_failed_execution: what to do if an execution of that name has failed: ``new_name`` starts another one under
            the next free number, ``redrive`` redrives it, ``fail`` raises. One that was stopped because its task was
            killed is always followed by another one.
        not_before: an execution of that name that started more than a minute before this time is not this task's. None
            if the name is unique to the task instance.
        on_not_redrivable: what to do if AWS refuses to redrive: ``fail``, or start a ``new_execution``.
        first_try: this is the first try since the task instance was created or cleared, with a name chosen by the user:
            no execution of that name is this task's but one that started since this request was first sent.
        same_input: an execution with another input is not this task's, because the name may be another run's, too. On
            the first try that holds for any name chosen by the user.
        pending_arn: the execution that StartExecution was sent for last, whether AWS has responded or not.
        sent_at: when that was first sent, by the monotonic clock.
        cancelled: the task was killed: nothing more is started.
        found_again: an earlier try has started the execution, which goes on, has succeeded, or is redriven.
    """

    state_machine_arn: str
    name: str
    input: Any
    on_failed_execution: OnFailedExecution
    not_before: datetime | None
    on_not_redrivable: OnNotRedrivable = "fail"
    first_try: bool = False
    same_input: bool = False
    pending_arn: str | None = None
    sent_at: float | None = None
    cancelled: bool = False
    found_again: bool = False

    def owner_problem(self, start_date: datetime, aws_time: datetime | None) -> str | None:
        """Return why an execution of the name is another task's or run's; None if it is this task's.

        Args:
            start_date: when the execution started.
            aws_time: the time at AWS just now, from a response; None if it had none.
        """
        if self.not_before is not None and start_date < self.not_before - _CLOCK_SKEW:
            return "before this DAG run started, or was cleared"
        return "before this task's first try" if self.first_try and self.started_before(start_date, aws_time) else None

    def started_before(self, start_date: datetime, aws_time: datetime | None) -> bool:
        """Return whether an execution had started before this request was first sent; arguments as above."""
        if self.sent_at is None or aws_time is None:
            return False
        sent_at = aws_time - timedelta(seconds=time.monotonic() - self.sent_at)
        return start_date < sent_at - _START_TOLERANCE


def start_execution_once(hook: StepFunctionHook, request: StartRequest) -> str:
    """Start the execution, or find the one that an earlier try has started.

    Returns:
        The ARN of an execution that is running or has succeeded.

    Raises:
        UsageError: the state machine's ARN is none, or the input is no JSON or too large.
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
        redriven = retry_aws_call(
            call or (lambda: hook.redrive_execution(arn)), renew=hook.renew_client, tries=CALL_TRIES
        )
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
    log.info("Redrove %s", redriven)
    return redriven


def find_last_execution(hook: StepFunctionHook, request: StartRequest) -> str | None:
    """Return the ARN of the last execution that the tries of a task instance have started; None if there is none.

    Raises:
        AirflowFailException: a permission is missing.
        botocore.exceptions.ClientError: any other error of AWS.
    """
    last = None
    for number in range(1, MAX_EXECUTIONS + 1):
        arn = build_execution_arn(request.state_machine_arn, numbered_name(request.name, number))
        try:
            description = hook.describe_execution(arn, "METADATA_ONLY")
        except Exception as error:
            _require_code(error, "ExecutionDoesNotExist")
            break
        if request.owner_problem(description["startDate"], response_time(description)):
            break
        last = arn
    return last


def stop_pending_execution(hook: StepFunctionHook, request: StartRequest, error: str, cause: str) -> None:
    """Stop the execution whose start was under way when its task was killed, and start no further one.

    It is left alone if it is another task's. If AWS does not know it yet, the task stops it when the call returns.

    Args:
        hook: calls AWS.
        request: the request.
        error: the error's name that the execution shows.
        cause: the error's cause.

    Raises:
        botocore.exceptions.ClientError: any other error of AWS.
    """
    request.cancelled = True
    arn = request.pending_arn
    if arn is None:
        return
    for attempt in range(1, KILL_TRIES + 1):
        try:
            description = hook.describe_execution(arn, "METADATA_ONLY")
            if problem := request.owner_problem(description["startDate"], response_time(description)):
                log.warning("%s is not stopped: it started %s", arn, problem)
            else:
                hook.stop_execution(arn, error, cause)
            return
        except Exception as missing:
            _require_code(missing, "ExecutionDoesNotExist")
            if attempt < KILL_TRIES:
                time.sleep(_KILL_DELAY)


def _start(hook: StepFunctionHook, request: StartRequest, name: str) -> str:
    """Start an execution; after a lost response the call is repeated with the same name."""
    if request.cancelled:
        raise AirflowException(f"{name} is not started: the task was killed")
    request.pending_arn = build_execution_arn(request.state_machine_arn, name)
    request.sent_at = request.sent_at if request.sent_at is not None else time.monotonic()
    arn = retry_aws_call(
        lambda: hook.start_execution(request.state_machine_arn, name, request.input, False),
        renew=hook.renew_client,
        tries=CALL_TRIES,
    )
    # A start with name and input of a running execution succeeds, and returns that. Source: API_StartExecution.
    response = hook.start_response
    if not isinstance(response, dict):
        return arn
    start_date, aws_time = response["startDate"], response_time(response)
    if problem := request.owner_problem(start_date, aws_time):
        raise _foreign_execution(arn, start_date, problem)
    request.found_again = request.started_before(start_date, aws_time)
    return arn


def _foreign_execution(arn: str, start_date: datetime, problem: str) -> AirflowFailException:
    return AirflowFailException(
        f"name: {arn} started at {start_date.isoformat()}, {problem}: it is another task's or run's, or from before a "
        f"clear. {NAME_ADVICE}."
    )


def _require_code(error: Exception, code: str) -> None:
    if error_code(error) != code:
        raise error


def _reuse(hook: StepFunctionHook, request: StartRequest, arn: str, error: Exception) -> str | None:
    """Return the ARN of the execution that has the name; None to try the next name."""
    description = hook.describe_with_retries(arn)
    if problem := request.owner_problem(description["startDate"], response_time(description)):
        raise _foreign_execution(arn, description["startDate"], problem) from error
    if (request.first_try or request.same_input) and _has_other_input(description, request):
        raise _foreign_execution(arn, description["startDate"], "with another input") from error
    if description["status"] not in FAILURE_STATUSES:
        request.found_again = True
        return arn
    action = "new_name" if was_killed(description) else request.on_failed_execution
    return ON_FAILED_EXECUTION[action](hook, request, description)


def _has_other_input(description: Mapping[str, Any], request: StartRequest) -> bool:
    existing = description.get("input")  # AWS omits it if it cannot decrypt it
    return existing is not None and json.loads(existing) != json.loads(encode_input(request.input) or "{}")


def _next_name(hook: StepFunctionHook, request: StartRequest, description: Mapping[str, Any]) -> None:
    log.info("%s is %s: starting another one", description["executionArn"], description["status"])


def _redrive(hook: StepFunctionHook, request: StartRequest, description: Mapping[str, Any]) -> str | None:
    arn = redrive(hook, description["executionArn"], request.on_not_redrivable)
    request.found_again = arn is not None
    return arn


def _fail(hook: StepFunctionHook, request: StartRequest, description: Mapping[str, Any]) -> str:
    failure = hook.failure(description)
    raise AirflowFailException(f"on_failed_execution='fail': {failure}") from failure


ON_FAILED_EXECUTION: Final[dict[str, Callable[[StepFunctionHook, StartRequest, Mapping[str, Any]], str | None]]] = {
    "new_name": _next_name,
    "redrive": _redrive,
    "fail": _fail,
}
"""Actions by ``on_failed_execution``: each returns the ARN to wait for, or None for the next name, or raises."""
