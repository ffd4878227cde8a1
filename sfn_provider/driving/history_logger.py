"""Logs new events of an execution's history to the task's log, in the worker."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sfn_provider.executions.aws_errors import AwsErrorKind, aws_errors, classify_error
from sfn_provider.executions.history.history_log import HistoryLog
from sfn_provider.executions.history.history_pages import PAGE, read_page
from sfn_provider.secret_masking import masked_line

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

log = logging.getLogger(__name__)


def log_new_events(hook: StepFunctionHook, execution_arn: str, history: HistoryLog) -> bool:
    """Log the new events of a history, up to one page.

    A page that cannot be read is logged as a warning, and read at the next poll.

    Args:
        hook: calls AWS.
        execution_arn: a Standard execution.
        history: what has been logged so far.

    Returns:
        Whether there are more events.
    """
    try:
        page = read_page(
            history.position,
            lambda token: hook.history_page(
                execution_arn, max_results=PAGE, include_execution_data=False, next_token=token
            ),
        )
    except aws_errors() as error:
        if classify_error(error) is AwsErrorKind.EXPIRED:
            hook.renew_client()
        log.warning("The history of %s could not be read: %s", execution_arn, masked_line(error))
        return False
    for line in history.lines(page):
        log.info("%s", line)
    return history.position.behind


def log_remaining_events(hook: StepFunctionHook, execution_arn: str, history: HistoryLog) -> None:
    """Log all new events of a history, page by page, after the execution has ended."""
    while log_new_events(hook, execution_arn, history):
        pass
