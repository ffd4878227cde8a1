"""The operator that runs an Express execution to its end in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.aws_errors import error_code, was_rejected
from sfn_provider.executions.outcomes import ExecutionFailure, StepFunctionExecutionFailed, excerpt, parse_output
from sfn_provider.executions.start_request import execution_name
from sfn_provider.executions.statuses import FAILURE_STATUSES
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS
from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context

_NO_HISTORY = "AWS keeps no history of an Express execution: which state failed stands in its logs in CloudWatch."


class StepFunctionStartSyncExecutionOperator(StepFunctionsOperator):
    """Run an Express execution and take its output: one call of StartSyncExecution, up to five minutes long.

    The task returns the execution's output as JSON value. Further XComs: ``execution_arn``, ``execution_name``,
    ``execution_start_date``, ``execution_stop_date`` (ISO 8601) and ``billing_details``, a dict with
    ``billedMemoryUsedInMB`` and ``billedDurationInMilliseconds``.

    Each try of the task runs the state machine anew: AWS neither keeps the names of Express executions nor shows those
    that run. So the call is repeated only where AWS has refused it, because of throttling say; where the connection is
    lost the task fails, and ``retries`` decides. An execution that has begun cannot be stopped; it ends by itself.

    Args:
        state_machine_arn: ARN of an Express state machine, with a version or an alias if wanted.
        name: the execution's name. Default: made from DAG, run, task and map index.
        state_machine_input: any JSON value, at most 262,144 bytes. Text is taken as JSON text; dates become ISO text.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    arn_field = "state_machine_arn"
    template_fields: Sequence[str] = tuple(
        sorted({*AWS_TEMPLATE_FIELDS, "state_machine_arn", "name", "state_machine_input"})
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"state_machine_input": "json"}
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineDetailsLink(), StateMachineExecutionsDetailsLink())

    def __init__(
        self,
        *,
        state_machine_arn: str,
        name: str | None = None,
        state_machine_input: Any = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.state_machine_arn = state_machine_arn
        self.name = name
        self.state_machine_input = state_machine_input

    def execute(self, context: Context) -> Any:
        """Run the execution.

        Raises:
            StepFunctionExecutionFailed: the execution has not succeeded.
            AirflowFailException: the arguments cannot be used, the state machine is a Standard one, or a permission is
                missing.
        """
        self._persist_machine_link(context, self.state_machine_arn)
        answer = self._run(context)
        start_date = int(answer["startDate"].timestamp() * 1000)
        self._persist_execution_link(context, answer["executionArn"], start_date=start_date)
        self._push(
            context,
            execution_arn=answer["executionArn"],
            execution_name=answer["executionArn"].split(":")[7],
            execution_start_date=answer["startDate"].isoformat(),
            execution_stop_date=answer["stopDate"].isoformat(),
            billing_details=answer.get("billingDetails"),
        )
        if answer["status"] in FAILURE_STATUSES:
            raise _failure(answer)
        return parse_output(answer)

    def _run(self, context: Context) -> dict[str, Any]:
        ti = context["ti"]
        name = self.name or execution_name(ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
        try:
            return self._patiently(
                lambda: self.hook.start_sync_execution(self.state_machine_arn, name, self.state_machine_input),
                repeat=was_rejected,
            )
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error
        except Exception as error:
            if error_code(error) != "StateMachineTypeNotSupported":
                raise
            raise AirflowFailException(
                f"{self.state_machine_arn} is no Express state machine: use StepFunctionStartExecutionOperator"
            ) from error


def _failure(answer: dict[str, Any]) -> StepFunctionExecutionFailed:
    return StepFunctionExecutionFailed(
        ExecutionFailure(
            execution_arn=answer["executionArn"],
            status=answer["status"],
            error=answer.get("error"),
            cause=answer.get("cause"),
            input=excerpt(answer.get("input")),
            note=_NO_HISTORY,
        )
    )
