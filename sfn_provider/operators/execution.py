"""Operators for an execution that was started elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from sfn_provider._compat import AirflowException
from sfn_provider.hooks.execution_results import FAILURE_STATUSES, RUNNING_STATUSES, output_of
from sfn_provider.hooks.hook_user import AWS_TEMPLATE_FIELDS
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg


class StepFunctionGetExecutionOutputOperator(StepFunctionsOperator):
    """Read the output of an execution that has ended.

    The task returns the output as JSON value.

    Args:
        execution_arn: the execution.
        fail_on_error: fail where the execution has not succeeded. If False, the task returns the error of one that has
            failed, and None for one that still runs, as the amazon provider's operator does.
        kwargs: ``aws_conn_id``, ``region_name``, ``verify``, ``botocore_config``, and all of ``BaseOperator``.
    """

    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    def __init__(self, *, execution_arn: str | XComArg, fail_on_error: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.fail_on_error = fail_on_error

    def execute(self, context: Context) -> Any:
        """Read the output.

        Raises:
            StepFunctionExecutionFailed: the execution has failed.
            AirflowException: it still runs; a retry may find it ended.
        """
        self._persist_execution_link(context, self.execution_arn)
        description = self.hook.describe_execution(self.execution_arn)
        status = description.get("status")
        if self.fail_on_error and status in RUNNING_STATUSES:
            raise AirflowException(
                f"{self.execution_arn} is {status} and has no output yet: wait for it with StepFunctionExecutionSensor"
            )
        if self.fail_on_error and status in FAILURE_STATUSES:
            raise self.hook.failure(description)
        return output_of(description) if "output" in description else _json_or_text(description.get("error"))


def _json_or_text(text: str | None) -> Any:
    try:
        return json.loads(text) if text else text
    except ValueError:
        return text
