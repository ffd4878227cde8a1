"""What the operators of this package share.

What only a running task needs is imported by it: Airflow imports this module anew whenever it parses a DAG file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sfn_provider._compat import BaseOperator
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, AwsHookMixin, LazyHookClass
from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink

if TYPE_CHECKING:
    from sfn_provider._compat import Context

T = TypeVar("T")


# Behind BaseOperator, HookUser hides no constructor of it: Airflow would wrap that once more, for each task.
class StepFunctionsOperator(BaseOperator, AwsHookMixin):
    """Calls AWS with the AWS arguments that every operator here takes.

    It has no constructor: each one of a class costs time at every parse. The operators keep the arguments themselves.
    """

    aws_hook_class = LazyHookClass("sfn_provider.operators.step_function")
    template_fields: Sequence[str] = AWS_TEMPLATE_FIELDS

    def _patiently(self, call: Callable[[], T], **limits: Any) -> T:
        """Make a call of the hook; errors that pass are waited out.

        Args:
            call: makes it.
            limits: ``tries`` and ``repeat`` of ``retry_aws_call``.
        """
        from sfn_provider.executions.aws_errors import CALL_TRIES, retry_aws_call

        return retry_aws_call(call, renew=self.hook.renew_client, **{"tries": CALL_TRIES, **limits})

    def _take_execution(self, context: Context, value: Any) -> str:
        """Give the ARN of the execution that this task is about, out of its argument."""
        from sfn_provider.hooks.upstream_execution import resolve_execution_arn

        with self._usage_errors_fail():
            return resolve_execution_arn(self, context, value)

    def _refuse_express(self, arn: str) -> None:
        from sfn_provider.executions.start_request import refuse_express

        with self._usage_errors_fail():
            refuse_express(arn)

    def _persist_machine_link(self, context: Context, state_machine_arn: str) -> None:
        StateMachineDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            state_machine_arn=state_machine_arn,
        )

    def _persist_execution_link(self, context: Context, execution_arn: str, **fields: Any) -> None:
        StateMachineExecutionsDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            execution_arn=execution_arn,
            **fields,
        )

    def _push(self, context: Context, **values: Any) -> None:
        """Push XComs, unless the task pushes none, or runs without context, as in tests of one's own."""
        if self.do_xcom_push and context:
            for key, value in values.items():
                if value is not None:  # Airflow 3.0 refuses it; a pull gives None either way
                    context["ti"].xcom_push(key=key, value=value)
