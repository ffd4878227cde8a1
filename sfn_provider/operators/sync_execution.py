"""Operator that runs an Express execution to its end in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import AirflowFailException
from sfn_provider.driving.argument_checks import Check, required
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.arns import parse_execution_name, require_state_machine_arn
from sfn_provider.executions.aws_errors import error_code, was_rejected
from sfn_provider.executions.names import name_for_task_instance, permitted_name
from sfn_provider.executions.outcomes import (
    StepFunctionExecutionFailed,
    build_sync_failure,
    ended_message,
    parse_output,
)
from sfn_provider.executions.statuses import FAILURE_STATUSES
from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.lineage.openlineage_facets import OperatorLineage

_NO_HISTORY = "AWS keeps no history of an Express execution: which state failed stands in its logs in CloudWatch."


class StepFunctionStartSyncExecutionOperator(StepFunctionsOperator):
    """Run an Express execution and return its output: one call of StartSyncExecution, up to five minutes long.

    The task returns the execution's output as JSON value. Further XComs: ``execution_arn``, ``execution_name``,
    ``execution_start_date``, ``execution_stop_date`` (ISO 8601) and ``billing_details``, a dict with
    ``billedMemoryUsedInMB`` and ``billedDurationInMilliseconds``.

    Each try of the task starts another execution: AWS neither stores the names of Express executions nor lists those
    that are running. So the call is repeated only if AWS has rejected it, for example because of throttling; if the
    connection is lost the task fails, and ``retries`` applies. A running execution cannot be stopped.

    Args:
        state_machine_arn: ARN of an Express state machine, optionally with a version or an alias.
        name: the execution's name. Default: made from DAG, run, task and map index. A hyphen replaces each character
            that AWS refuses.
        state_machine_input: any JSON value, at most 262,144 bytes. A ``str`` is JSON text, the output of a task a
            value; dates become ISO text.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    arn_field = "state_machine_arn"
    template_fields: Sequence[str] = aws_template_fields("state_machine_arn", "name", "state_machine_input")
    template_fields_renderers: ClassVar[dict[str, str]] = {"state_machine_input": "json"}
    operator_extra_links = (StateMachineDetailsLink(), StateMachineExecutionsDetailsLink())
    argument_checks: ClassVar[Mapping[str, Check]] = {"state_machine_arn": required}

    state_machine_arn: str
    name: str | None
    state_machine_input: Any
    _execution_arn: str | None = None

    def __init__(
        self,
        *,
        state_machine_arn: str,
        name: str | None = None,
        state_machine_input: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(state_machine_arn=state_machine_arn, name=name, state_machine_input=state_machine_input)

    def execute(self, context: Context) -> Any:
        """Run the execution.

        Raises:
            StepFunctionExecutionFailed: the execution has not succeeded.
            AirflowFailException: the arguments cannot be used, the state machine is a Standard one, or a permission is
                missing.
        """
        with self._fail_on_usage_error():
            require_state_machine_arn(self.state_machine_arn)
        StateMachineDetailsLink.persist_for(self, context, state_machine_arn=self.state_machine_arn)
        result = self._run(context)
        self._execution_arn = arn = str(result["executionArn"])
        start_date = int(result["startDate"].timestamp() * 1000)
        StateMachineExecutionsDetailsLink.persist_for(self, context, execution_arn=arn, start_date=start_date)
        self._push_xcoms(
            context,
            execution_arn=arn,
            execution_name=parse_execution_name(arn),
            execution_start_date=result["startDate"].isoformat(),
            execution_stop_date=result["stopDate"].isoformat(),
            billing_details=result.get("billingDetails"),
        )
        self.log.info("%s", ended_message(arn, result))
        if result["status"] in FAILURE_STATUSES:
            raise StepFunctionExecutionFailed(build_sync_failure(result, _NO_HISTORY))
        return parse_output(result)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return machine and execution: AWS keeps no history of an Express one; the openlineage provider asks for them.

        Args:
            task_instance: the task instance.
        """
        from sfn_provider.lineage.operator_lineage import driven_lineage

        return driven_lineage(self.hook, self._execution_arn, has_ended=False)

    get_openlineage_facets_on_failure = get_openlineage_facets_on_complete

    def _run(self, context: Context) -> dict[str, Any]:
        name = permitted_name(str(self.name)) if self.name else name_for_task_instance(context)
        self.log.info("Running execution %s of state machine %s, for up to five minutes", name, self.state_machine_arn)
        try:
            with self._fail_on_usage_error():
                return self._call_with_retries(
                    lambda: self.hook.start_sync_execution(self.state_machine_arn, name, self.state_machine_input),
                    is_repeatable=was_rejected,
                )
        except Exception as error:
            if error_code(error) != "StateMachineTypeNotSupported":
                raise
            raise AirflowFailException(
                f"{self.state_machine_arn} is no Express state machine: use StepFunctionStartExecutionOperator"
            ) from error
