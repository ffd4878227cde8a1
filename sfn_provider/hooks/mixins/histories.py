"""Hook mixin that reads execution histories and explains failed executions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.aws_errors import aws_errors, retry_aws_call
from sfn_provider.executions.failed_items import MAX_ITEMS, failed_child_item, failed_iterations, failed_map_run_arn
from sfn_provider.executions.outcomes import HISTORY_PAGE, FailedItem, StepFunctionExecutionFailed, build_failure
from sfn_provider.hooks.mixins.protocol import HookMixinProtocol
from sfn_provider.secret_masking import masked_line

MAX_PAGE: Final = 1000
"""Maximum events in a page of a history. Source: API_GetExecutionHistory, ``maxResults``."""

_FAILURE_TRIES: Final = 3
"""Tries of a call that only adds details to a failure."""

T = TypeVar("T")


class HistoryMixin(HookMixinProtocol):
    """The hook's methods about histories and failures."""

    def failure(self, description: Mapping[str, Any]) -> StepFunctionExecutionFailed:
        """Find out why an execution did not succeed, from the last page of its history.

        For a failed Map Run its first failed children are described as well. What cannot be read is noted in the
        failure, and never hides it.

        Args:
            description: the response of DescribeExecution, with all data.
        """
        events: Sequence[Mapping[str, Any]] = ()
        note: str | None = None
        items: tuple[FailedItem, ...] = ()
        read_errors: tuple[type[Exception], ...] = (AirflowFailException, *aws_errors())
        try:
            arn = description["executionArn"]
            page = self._read_detail(lambda: self.history_page(arn, reverse_order=True, max_results=HISTORY_PAGE))
            events = page["events"]
            run = failed_map_run_arn(events)
            items = self._read_detail(lambda: self.failed_children(run)) if run else failed_iterations(events)
        except read_errors as error:
            what = "Its failed items" if events else "Its history"
            note = f"{what} could not be read: {masked_line(error)}"
        return StepFunctionExecutionFailed(build_failure(description, events, note, items))

    def _read_detail(self, call: Callable[[], T]) -> T:
        return retry_aws_call(call, renew=self.renew_client, tries=_FAILURE_TRIES)

    def failed_children(self, map_run_arn: str) -> tuple[FailedItem, ...]:
        """Describe failed child executions of a Map Run: the first 5 that ListExecutions returns."""
        page = self.conn.list_executions(mapRunArn=map_run_arn, statusFilter="FAILED", maxResults=MAX_ITEMS)
        return tuple(failed_child_item(self.describe_execution(child["executionArn"])) for child in page["executions"])

    def history_page(
        self,
        execution_arn: str,
        *,
        reverse_order: bool = False,
        max_results: int = MAX_PAGE,
        include_execution_data: bool = True,
        next_token: str | None = None,
    ) -> dict[str, Any]:
        """Read one page of an execution's history: ``{"events": [...], "nextToken": ...}``.

        Args:
            execution_arn: the execution.
            reverse_order: the last events first.
            max_results: maximum events, up to 1,000.
            include_execution_data: with the inputs and outputs of states.
            next_token: of the previous page; None for the first page.
        """
        more = {} if next_token is None else {"nextToken": next_token}
        page: dict[str, Any] = self.conn.get_execution_history(
            executionArn=execution_arn,
            reverseOrder=reverse_order,
            maxResults=max_results,
            includeExecutionData=include_execution_data,
            **more,
        )
        return page

    def history_pages(
        self, execution_arn: str, max_pages: int | None = None, **arguments: Any
    ) -> Iterator[dict[str, Any]]:
        """Iterate over the pages of an execution's history, with retries after transient errors.

        Args:
            execution_arn: the execution.
            max_pages: maximum pages; None for all. A history has up to 25,000 events.
            arguments: of ``history_page``.

        Yields:
            Pages as ``history_page`` returns them; each but the last has a ``nextToken``.
        """
        token: str | None = None
        for number in count(1):
            read = partial(self.history_page, execution_arn, next_token=token, **arguments)
            page = retry_aws_call(read, renew=self.renew_client)
            yield page
            token = page.get("nextToken")
            if token is None or number == max_pages:
                return
