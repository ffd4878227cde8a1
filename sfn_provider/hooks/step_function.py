"""The hook: Step Functions by an Airflow connection.

The only module of this package's operators, sensors and triggers that imports boto3 and the amazon provider; they
import it when a task runs, not when a DAG file is parsed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.config import Config

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.executions.aws_errors import require_complete_response, retry_aws_call
from sfn_provider.executions.outcomes import still_running_message
from sfn_provider.executions.start_request import encode_input, execution_arn, region_of
from sfn_provider.executions.statuses import RUNNING_STATUSES
from sfn_provider.hooks.history_mixin import HistoryMixin
from sfn_provider.hooks.state_machine_mixin import StateMachineMixin
from sfn_provider.hooks.sync_execution_mixin import SyncExecutionMixin
from sfn_provider.hooks.task_token_mixin import TaskTokenMixin

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper

IncludedData = Literal["ALL_DATA", "METADATA_ONLY"]


class StepFunctionHook(HistoryMixin, StateMachineMixin, SyncExecutionMixin, TaskTokenMixin, AwsBaseHook):
    """Call AWS Step Functions.

    A drop-in for ``airflow.providers.amazon.aws.hooks.step_function.StepFunctionHook``.

    Args:
        args: as for ``AwsBaseHook``.
        arn: what the calls are about. Its region holds where ``region_name`` is not given, before the connection's:
            another region does not know the ARN.
        kwargs: as for ``AwsBaseHook``: ``aws_conn_id``, ``region_name``, ``verify``, ``config``.
    """

    def __init__(self, *args: Any, arn: str | None = None, **kwargs: Any) -> None:
        kwargs["client_type"] = "stepfunctions"
        super().__init__(*args, **kwargs)
        self.arn_region = region_of(arn)
        self._clients: dict[str, Any] = {}

    @cached_property
    def conn_config(self) -> AwsConnectionWrapper:
        """The connection, read once, with the ARN's region where no region is given."""
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

        Args:
            state_machine_arn: the state machine's ARN, with a version or an alias if wanted.
            name: the execution's name; AWS makes one up for None.
            state_machine_input: any JSON value; text is taken as JSON text.
            is_redrive_execution: redrive the execution called ``name`` in place of starting one.

        Returns:
            The execution's ARN.

        Raises:
            AirflowFailException: a redrive without a name.
            UsageError: the input is no JSON or too large, or a redrive names no state machine.
            botocore.exceptions.ClientError: as AWS answers, ``ExecutionAlreadyExists`` for one.
        """
        if is_redrive_execution:
            if not name:
                raise AirflowFailException(
                    f"Execution name is required to start RedriveExecution for {state_machine_arn}: "
                    "which execution is to be redriven? Give its name."
                )
            return self.redrive_execution(execution_arn(state_machine_arn, name))
        request = {"stateMachineArn": state_machine_arn, "name": name, "input": encode_input(state_machine_input)}
        response = self.conn.start_execution(**{key: value for key, value in request.items() if value is not None})
        return str(response["executionArn"])

    def redrive_execution(self, execution_arn: str) -> str:
        """Run a failed execution on from the states that did not succeed, and give its ARN back."""
        self.conn.redrive_execution(executionArn=execution_arn)
        return execution_arn

    def stop_execution(self, execution_arn: str, error: str, cause: str) -> None:
        """End a running execution as ABORTED.

        Args:
            execution_arn: the execution.
            error: the error's name that the execution shows, at most 256 characters.
            cause: the text beside it, at most 32,768 characters.
        """
        self.conn.stop_execution(executionArn=execution_arn, error=error, cause=cause)

    def describe_execution(self, execution_arn: str, included_data: IncludedData = "ALL_DATA") -> dict[str, Any]:
        """Describe an execution: one call of DescribeExecution.

        Args:
            execution_arn: the execution.
            included_data: ``METADATA_ONLY`` leaves out input, output, error and cause, which a poll need not carry.

        Raises:
            ConnectionError: the answer was cut off.
            botocore.exceptions.ClientError: as AWS answers.
        """
        description: dict[str, Any] = self.conn.describe_execution(
            executionArn=execution_arn, includedData=included_data
        )
        return description

    def describe_patiently(
        self,
        execution_arn: str,
        included_data: IncludedData = "ALL_DATA",
        sleep: Callable[[float], None] | None = None,
    ) -> dict[str, Any]:
        """Describe an execution, however often it takes: errors that pass are waited out.

        Args:
            execution_arn: the execution.
            included_data: what DescribeExecution is asked for.
            sleep: called with the seconds to pause; ``time.sleep`` for None.

        Raises:
            AirflowFailException: a permission is missing.
            botocore.exceptions.ClientError: an error that no waiting mends.
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
        """Wait until an execution has ended, in whatever way, and describe it.

        Args:
            execution_arn: the execution.
            waiter_delay: seconds between two looks at its status.
            waiter_max_attempts: looks at most; None for no end but the task's own timeout.
            sleep: called with the seconds to pause; ``time.sleep`` for None.
            watch: called at each look while the execution runs.

        Raises:
            AirflowException: it still runs after ``waiter_max_attempts`` looks.
        """
        for attempt in count(1):
            status = self.describe_patiently(execution_arn, "METADATA_ONLY", sleep)["status"]
            if status not in RUNNING_STATUSES:
                break
            self.log.info("%s is %s", execution_arn, status)
            if watch is not None:
                watch()
            if waiter_max_attempts is not None and attempt >= waiter_max_attempts:
                raise AirflowException(still_running_message(execution_arn, status, attempt))
            (sleep or time.sleep)(waiter_delay)
        return self.describe_patiently(execution_arn, "ALL_DATA", sleep)

    def get_session(self, *args: Any, **kwargs: Any) -> Any:
        """Make a session, as ``AwsBaseHook`` does; to its clients, an answer that was cut off is a lost connection."""
        session = super().get_session(*args, **kwargs)
        getattr(session, "events", session).register(
            "after-call", require_complete_response
        )  # aiobotocore's takes it itself
        return session

    def client_with(self, **settings: Any) -> Any:
        """Make a client with further settings; it is kept, as long as ``conn`` is.

        Args:
            settings: of ``botocore.config.Config``. They go before those of the hook and of the connection.
        """
        key = repr(sorted(settings.items()))
        if key not in self._clients:
            config = self.config.merge(Config(**settings))
            self._clients[key] = self.get_client_type(region_name=self.region_name, config=config)
        return self._clients[key]

    def renew_client(self) -> None:
        """Forget connection and clients: the next call reads the connection again and gets fresh credentials."""
        for name in ("conn", "conn_config", "_client"):
            self.__dict__.pop(name, None)
        self._clients.clear()
