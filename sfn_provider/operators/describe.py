"""Operators that read what an execution was and did."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from sfn_provider._compat import AirflowException
from sfn_provider.executions.outcomes import parse_json_or_text, parse_output
from sfn_provider.executions.statuses import FAILURE_STATUSES, RUNNING_STATUSES
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg


class StepFunctionDescribeExecutionOperator(StepFunctionsOperator):
    """Describe an execution, with its history if wanted.

    The task returns what DescribeExecution says, as JSON: AWS's names, dates as ISO text, input and output as JSON
    values. With ``include_history`` the XCom ``events`` holds the events as GetExecutionHistory returns them, and the
    XCom ``events_complete`` whether those are all.

    Args:
        execution_arn: the execution, of a Standard state machine, or a child of a Map Run.
        include_history: read the history, too.
        reverse_order: the last events first.
        include_execution_data: with the inputs and outputs of the states.
        max_pages: pages of the history at most, 1,000 events each; None for all of up to 25,000 events.
        max_history_bytes: size of the XCom ``events`` at most, as JSON: events after that are left out.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        include_history: bool = False,
        reverse_order: bool = False,
        include_execution_data: bool = True,
        max_pages: int | None = 1,
        max_history_bytes: int = 1_048_576,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.include_history = include_history
        self.reverse_order = reverse_order
        self.include_execution_data = include_execution_data
        self.max_pages = max_pages
        self.max_history_bytes = max_history_bytes

    def execute(self, context: Context) -> dict[str, Any]:
        """Describe the execution.

        Raises:
            AirflowFailException: a permission is missing, or the execution is an Express one.
        """
        self.execution_arn = self._take_execution(context, self.execution_arn)
        self._refuse_express(self.execution_arn)
        self._persist_execution_link(context, self.execution_arn)
        description = _plain(self.hook.describe_patiently(self.execution_arn))
        if self.include_history:
            self._push_history(context)
        texts = {key: parse_json_or_text(description[key]) for key in ("input", "output") if key in description}
        return {key: value for key, value in (description | texts).items() if key != "ResponseMetadata"}

    def _push_history(self, context: Context) -> None:
        pages = self.hook.history_pages(
            self.execution_arn,
            self.max_pages,
            reverse_order=self.reverse_order,
            include_execution_data=self.include_execution_data,
        )
        events, complete = _within(pages, self.max_history_bytes)
        if not complete:
            self.log.warning("The history goes on after %d events: see max_pages, max_history_bytes", len(events))
        self._push(context, events=events, events_complete=complete)


class StepFunctionGetExecutionOutputOperator(StepFunctionsOperator):
    """Read the output of an execution that has ended.

    The task returns the output as JSON value.

    Args:
        execution_arn: the execution.
        fail_on_error: fail where the execution has not succeeded. If False, the task returns the error of one that has
            failed, and None for one that still runs, as the amazon provider's operator does.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        fail_on_error: bool = True,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.fail_on_error = fail_on_error

    def execute(self, context: Context) -> Any:
        """Read the output.

        Raises:
            StepFunctionExecutionFailed: the execution has failed.
            AirflowException: it still runs; a retry may find it ended.
            AirflowFailException: a permission is missing.
        """
        self.execution_arn = self._take_execution(context, self.execution_arn)
        self._persist_execution_link(context, self.execution_arn)
        arn = self.execution_arn
        description = self._patiently(lambda: self.hook.describe_execution(arn))
        status = description.get("status")
        if self.fail_on_error and status in RUNNING_STATUSES:
            raise AirflowException(
                f"{self.execution_arn} is {status} and has no output yet: wait for it with StepFunctionExecutionSensor"
            )
        if self.fail_on_error and status in FAILURE_STATUSES:
            raise self.hook.failure(description)
        return parse_output(description) if "output" in description else parse_json_or_text(description.get("error"))


def _plain(value: Any) -> Any:
    """Make an answer of boto3 JSON: dates become ISO text."""
    return json.loads(json.dumps(value, default=datetime.isoformat))


def _within(pages: Iterable[Mapping[str, Any]], max_bytes: int) -> tuple[list[Any], bool]:
    """Take events of a history up to a size in bytes. Says whether they are all of it."""
    events: list[Any] = []
    page: Mapping[str, Any] = {}
    for page in pages:
        for event in _plain(page["events"]):
            max_bytes -= len(json.dumps(event).encode())
            if max_bytes < 0:
                return events, False
            events.append(event)
    return events, page.get("nextToken") is None
