"""Operators that read an execution: its description, history and output."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import AirflowException
from sfn_provider.driving.argument_checks import Check, number, or_none, true_or_false
from sfn_provider.executions.outcomes import parse_json_or_text
from sfn_provider.executions.statuses import FAILURE_STATUSES, RUNNING_STATUSES
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import ExecutionOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg


class StepFunctionDescribeExecutionOperator(ExecutionOperator):
    """Describe an execution, optionally with its history.

    The task returns the response of DescribeExecution as JSON: AWS's names, dates as ISO text, input and output as JSON
    values. With ``include_history`` the XCom ``events`` holds the events as GetExecutionHistory returns them, and the
    XCom ``events_complete`` whether those are all.

    Args:
        execution_arn: the execution, of a Standard state machine, or a child of a Map Run.
        include_history: also read the history.
        reverse_order: the last events first.
        include_execution_data: with the inputs and outputs of the states.
        max_pages: maximum pages of the history, 1,000 events each; None for all of up to 25,000 events.
        max_history_bytes: maximum size of the XCom ``events`` as JSON; the events after that are dropped.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    argument_checks: ClassVar[Mapping[str, Check]] = {
        **dict.fromkeys(("include_history", "reverse_order", "include_execution_data"), true_or_false),
        "max_pages": or_none(number(1, kind=int)),
        "max_history_bytes": number(0, kind=int),
    }

    include_history: bool
    reverse_order: bool
    include_execution_data: bool
    max_pages: int | None
    max_history_bytes: int

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        include_history: bool = False,
        reverse_order: bool = False,
        include_execution_data: bool = True,
        max_pages: int | None = 1,
        max_history_bytes: int = 1_048_576,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            execution_arn=execution_arn,
            include_history=include_history,
            reverse_order=reverse_order,
            include_execution_data=include_execution_data,
            max_pages=max_pages,
            max_history_bytes=max_history_bytes,
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Describe the execution.

        Raises:
            AirflowFailException: a permission is missing, or the execution is an Express one.
        """
        arn = self._require_execution_arn()
        StateMachineExecutionsDetailsLink.persist_for(self, context, execution_arn=arn)
        description = _to_json(self.hook.describe_with_retries(arn))
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
        events, complete = _limit_events(pages, self.max_history_bytes)
        if not complete:
            self.log.warning("The history goes on after %d events: see max_pages, max_history_bytes", len(events))
        self._push_xcoms(context, events=events, events_complete=complete)


class StepFunctionGetExecutionOutputOperator(ExecutionOperator):
    """Read the output of an execution that has ended.

    The task returns the output as JSON value. Of a failed execution it returns the error, as the amazon provider's
    operator does, as JSON value if it is JSON, and logs a warning.

    Args:
        execution_arn: the execution.
        fail_on_error: fail if the execution has failed, with error, cause and the state that failed.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    argument_checks: ClassVar[Mapping[str, Check]] = {"fail_on_error": true_or_false}

    fail_on_error: bool

    def __init__(self, *, execution_arn: str | XComArg, fail_on_error: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._set_attributes(execution_arn=execution_arn, fail_on_error=fail_on_error)

    def execute(self, context: Context) -> Any:
        """Read the output.

        Raises:
            StepFunctionExecutionFailed: the execution has failed, and ``fail_on_error`` is set.
            AirflowException: the execution is still running; a retry may find it ended.
            AirflowFailException: it is an Express execution, or a permission is missing.
            json.JSONDecodeError: the output is no JSON.
        """
        arn = self._require_execution_arn()
        StateMachineExecutionsDetailsLink.persist_for(self, context, execution_arn=arn)
        description = self._call_with_retries(lambda: self.hook.describe_execution(arn))
        status = description.get("status")
        if status in RUNNING_STATUSES:
            raise AirflowException(
                f"{arn} is {status} and has no output yet: wait for it with StepFunctionExecutionSensor"
            )
        if status in FAILURE_STATUSES:
            if self.fail_on_error:
                raise self.hook.failure(description)
            self.log.warning("%s is %s: the task returns its error; fail_on_error=True lets the task fail", arn, status)
        self.log.info("Got State Machine Execution output for %s", arn)
        if "output" in description:
            return _parse_output(arn, description["output"])
        return parse_json_or_text(description.get("error"))


def _parse_output(arn: str, output: str) -> Any:
    try:
        return json.loads(output)
    except json.JSONDecodeError as error:
        raise json.JSONDecodeError(f"The output of {arn} is no JSON: {error.msg}", error.doc, error.pos) from None


def _to_json(value: Any) -> Any:
    """Convert a response of boto3 to JSON values: dates become ISO text."""
    return json.loads(json.dumps(value, default=datetime.isoformat))


def _limit_events(pages: Iterable[Mapping[str, Any]], max_bytes: int) -> tuple[list[Any], bool]:
    """Collect events of a history up to a size in bytes, and whether those are all."""
    events: list[Any] = []
    page: Mapping[str, Any] = {}
    for page in pages:
        for event in _to_json(page["events"]):
            max_bytes -= len(json.dumps(event).encode())
            if max_bytes < 0:
                return events, False
            events.append(event)
    return events, page.get("nextToken") is None
