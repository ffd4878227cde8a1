"""Base classes of the operators that drive Step Functions.

What only a running task needs is imported there: Airflow imports this module again whenever it parses a DAG file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sfn_provider._compat import BaseOperator
from sfn_provider.driving.argument_checks import Check, required
from sfn_provider.driving.aws_hook_mixin import AwsHookMixin, LazyHookClass, aws_template_fields
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink, StepFunctionsConsoleLink

if TYPE_CHECKING:
    from sfn_provider._compat import Context

T = TypeVar("T")


class StepFunctionsOperator(AwsHookMixin, BaseOperator):
    """Calls Step Functions over an AWS connection; arguments as for ``AwsHookMixin``."""

    aws_hook_class = LazyHookClass("sfn_provider.operators.step_function")
    template_fields: Sequence[str] = aws_template_fields()
    ui_color = "#f9c915"
    operator_extra_links: Sequence[StepFunctionsConsoleLink] = ()

    def _call_with_retries(self, call: Callable[[], T], **limits: Any) -> T:
        """Call the hook, and retry after transient errors.

        Args:
            call: the call.
            limits: ``tries`` and ``is_repeatable`` of ``retry_aws_call``.
        """
        from sfn_provider.executions.aws_errors import CALL_TRIES, retry_aws_call

        return retry_aws_call(call, renew=self.hook.renew_client, **{"tries": CALL_TRIES, **limits})

    def _push_xcoms(self, context: Context, **values: Any) -> None:
        """Push XComs, unless ``do_xcom_push`` is off or there is no context, as in a user's unit test."""
        if self.do_xcom_push and context:
            for key, value in values.items():
                if value is not None:  # Airflow 3.0 refuses it; a pull returns None either way
                    context["ti"].xcom_push(key=key, value=value)


class ExecutionOperator(StepFunctionsOperator):
    """Operates on the execution of its argument ``execution_arn``."""

    arn_field = "execution_arn"
    template_fields: Sequence[str] = aws_template_fields("execution_arn")
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)
    argument_checks: ClassVar[Mapping[str, Check]] = {"execution_arn": required}

    execution_arn: str
