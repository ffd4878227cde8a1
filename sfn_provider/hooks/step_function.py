"""The hook for Step Functions over an Airflow connection, a drop-in for the amazon provider's.

Of the modules for operators, sensors and triggers only this one imports boto3 and the amazon provider; they import it
when a task runs, not when a DAG file is parsed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.config import Config

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.executions.arns import build_execution_arn, parse_region
from sfn_provider.executions.aws_errors import require_complete_response, retry_aws_call
from sfn_provider.executions.json_input import encode_input
from sfn_provider.executions.outcomes import still_running_message
from sfn_provider.executions.statuses import RUNNING_STATUSES
from sfn_provider.formatting import cut
from sfn_provider.hooks.mixins.histories import HistoryMixin
from sfn_provider.hooks.mixins.state_machines import StateMachineMixin
from sfn_provider.hooks.mixins.sync_executions import SyncExecutionMixin
from sfn_provider.hooks.mixins.task_tokens import TaskTokenMixin
from sfn_provider.telemetry.metrics import HANDLER_ID, count_response
from sfn_provider.telemetry.traces import trace_header

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper

IncludedData = Literal["ALL_DATA", "METADATA_ONLY"]

_MAX_ERROR_LENGTH: Final = 256
_MAX_CAUSE_LENGTH: Final = 32_768


class StepFunctionHook(HistoryMixin, StateMachineMixin, SyncExecutionMixin, TaskTokenMixin, AwsBaseHook):
    """Call AWS Step Functions.

    A drop-in for ``airflow.providers.amazon.aws.hooks.step_function.StepFunctionHook``.

    Args:
        args: as for ``AwsBaseHook``.
        arn: its region applies if ``region_name`` is None, before the connection's: the ARN is unknown in any other
            region.
        kwargs: as for ``AwsBaseHook``: ``aws_conn_id``, ``region_name``, ``verify``, ``config``.
    """

    def __init__(self, *args: Any, arn: str | None = None, **kwargs: Any) -> None:
        kwargs["client_type"] = "stepfunctions"
        super().__init__(*args, **kwargs)
        self.arn_region = parse_region(arn)
        self._clients: dict[str, Any] = {}
        self.start_response: dict[str, Any] | None = None
        """The response of the last StartExecution."""

    @cached_property
    def conn_config(self) -> AwsConnectionWrapper:
        """The connection, read once, with the ARN's region if ``region_name`` is None."""
        config = super().conn_config
        config.region_name = self._region_name or self.arn_region or config.region_name
        return config

    def start_execution(
        self,
        state_machine_arn: str,
        name: str | None = None,
        state_machine_input: Any = None,
        is_redrive_execution: bool = False,
    ) -> str:
        """Start an execution, or redrive one that has failed.

        Where the task runs in a span that is recorded, it is the parent of what AWS X-Ray records of the execution.

        Args:
            state_machine_arn: the state machine's ARN, optionally with a version or an alias.
            name: the execution's name; AWS generates one for None.
            state_machine_input: any JSON value; a ``str`` is JSON text.
            is_redrive_execution: redrive the execution called ``name`` instead of starting one.

        Returns:
            The execution's ARN.

        Raises:
            AirflowFailException: a redrive without a name.
            UsageError: the input is not JSON or too large, or a redrive names no state machine.
            botocore.exceptions.ClientError: ``ExecutionAlreadyExists`` and others.
        """
        if is_redrive_execution:
            if not name:
                raise AirflowFailException(
                    f"Execution name is required to start RedriveExecution for {state_machine_arn}: "
                    "which execution is to be redriven? Give its name."
                )
            return self.redrive_execution(build_execution_arn(state_machine_arn, name))
        request = {
            "stateMachineArn": state_machine_arn,
            "name": name,
            "input": encode_input(state_machine_input),
            "traceHeader": trace_header(),
        }
        self.start_response = None
        response = self.conn.start_execution(**{key: value for key, value in request.items() if value is not None})
        self.start_response = response
        return str(response["executionArn"])

    def redrive_execution(self, execution_arn: str) -> str:
        """Redrive a failed execution from the states that did not succeed, and return its ARN."""
        self.conn.redrive_execution(executionArn=execution_arn)
        return execution_arn

    def stop_execution(self, execution_arn: str, error: str, cause: str) -> None:
        """Stop a running execution: it ends as ABORTED.

        Args:
            execution_arn: the execution.
            error: the error's name that the execution shows. AWS takes 256 characters; longer ones are cut, so that the
                execution is stopped all the same.
            cause: the error's cause; cut at 32,768 characters. Source: API_StopExecution.
        """
        error, cause = cut(error, _MAX_ERROR_LENGTH), cut(cause, _MAX_CAUSE_LENGTH)
        self.conn.stop_execution(executionArn=execution_arn, error=error, cause=cause)

    def describe_execution(self, execution_arn: str, included_data: IncludedData = "ALL_DATA") -> dict[str, Any]:
        """Describe an execution: one call of DescribeExecution.

        Args:
            execution_arn: the execution.
            included_data: ``METADATA_ONLY`` omits input, output, error and cause, which a poll does not need.

        Raises:
            ConnectionError: the response is truncated.
            botocore.exceptions.ClientError: an error of AWS.
        """
        # The amazon provider's request, by get_conn: tests written against it rely on both.
        options = {} if included_data == "ALL_DATA" else {"includedData": included_data}
        description: dict[str, Any] = self.get_conn().describe_execution(executionArn=execution_arn, **options)
        return description

    def describe_with_retries(
        self,
        execution_arn: str,
        included_data: IncludedData = "ALL_DATA",
        sleep: Callable[[float], None] | None = None,
    ) -> dict[str, Any]:
        """Describe an execution, with retries after transient errors.

        Args:
            execution_arn: the execution.
            included_data: as for ``describe_execution``.
            sleep: called with the seconds to wait; ``time.sleep`` for None.

        Raises:
            AirflowFailException: a permission is missing.
            botocore.exceptions.ClientError: an error that no later try can resolve.
        """
        return retry_aws_call(
            lambda: self.describe_execution(execution_arn, included_data), renew=self.renew_client, sleep=sleep
        )

    def wait_for_execution(
        self,
        execution_arn: str,
        waiter_delay: float = 60,
        waiter_max_attempts: int | None = None,
        sleep: Callable[[float], None] | None = None,
        watch: Callable[[], object] | None = None,
    ) -> dict[str, Any]:
        """Wait until an execution has ended, with any status, and describe it.

        Args:
            execution_arn: the execution.
            waiter_delay: seconds between two polls of its status.
            waiter_max_attempts: maximum polls; None for no limit but the task's own timeout.
            sleep: called with the seconds to wait; ``time.sleep`` for None.
            watch: called at each poll while the execution is running.

        Raises:
            AirflowException: it is still running after ``waiter_max_attempts`` polls.
        """
        logged = None
        for attempt in count(1):
            status = self.describe_with_retries(execution_arn, "METADATA_ONLY", sleep)["status"]
            if status not in RUNNING_STATUSES:
                break
            if status != logged:
                self.log.info("%s is %s", execution_arn, status)
                logged = status
            if watch is not None:
                watch()
            if waiter_max_attempts is not None and attempt >= waiter_max_attempts:
                raise AirflowException(still_running_message(execution_arn, status, attempt))
            (sleep or time.sleep)(waiter_delay)
        return self.describe_with_retries(execution_arn, "ALL_DATA", sleep)

    def get_session(self, *args: Any, **kwargs: Any) -> Any:
        """Make a session, as ``AwsBaseHook`` does, whose clients treat a truncated response as a lost connection."""
        session = super().get_session(*args, **kwargs)
        events = getattr(session, "events", session)  # aiobotocore's session registers handlers itself
        events.register("after-call", require_complete_response)
        events.register("after-call", count_response, unique_id=HANDLER_ID)
        return session

    def client_with(self, **settings: Any) -> Any:
        """Return a client with further settings, cached as long as ``conn``.

        Args:
            settings: of ``botocore.config.Config``. They override those of the hook and of the connection.
        """
        key = repr(sorted(settings.items()))
        if key not in self._clients:
            config = self.config.merge(Config(**settings))
            self._clients[key] = self.get_client_type(region_name=self.region_name, config=config)
        return self._clients[key]

    def renew_client(self) -> None:
        """Drop the connection and clients: the next call reads the connection again, with fresh credentials."""
        for name in ("conn", "conn_config", "_client"):
            self.__dict__.pop(name, None)
        self._clients.clear()
