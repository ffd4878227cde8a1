"""Reads execution histories in the triggerer: page by page, and into the log of a wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.executions.history.history_log import HistoryLog
from sfn_provider.executions.history.history_pages import PAGE, HistoryPosition, is_token_expired
from sfn_provider.secret_masking import masked_line
from sfn_provider.waiting.history.history_store import HistoryStore

AwsCall = Callable[..., Awaitable[dict[str, Any]]]
"""Calls AWS: the client's method and its arguments."""


async def read_history_page(call: AwsCall, execution_arn: str, position: HistoryPosition) -> dict[str, Any]:
    """Read the page at a position; the first one again where AWS has forgotten the token."""
    token = {} if position.token is None else {"nextToken": position.token}
    arguments = {"executionArn": execution_arn, "maxResults": PAGE, "includeExecutionData": False}
    try:
        return await call("get_execution_history", **arguments, **token)
    except Exception as error:
        if not is_token_expired(error):
            raise
        position.restart()
        return await call("get_execution_history", **arguments)


@asynccontextmanager
async def log_history(
    call: AwsCall, execution_arn: str, history: HistoryLog, delay: float, log: Any, store: HistoryStore
) -> AsyncIterator[HistoryLog]:
    """Log an execution's events while the block runs: one page now, and one after each ``delay`` seconds.

    A history that cannot be read does not end the wait: it is logged as a warning, once.

    Args:
        call: calls AWS.
        execution_arn: the execution.
        history: how far it has been read at the deferral.
        delay: seconds between two pages.
        log: a trigger's logger, of structlog or of the standard library.
        store: stores how far it has been logged, over restarts of the triggerer.

    Yields:
        How far it has been logged; updated.
    """
    history = await store.latest(history)

    async def follow() -> None:
        try:
            while True:
                lines = history.lines(await read_history_page(call, execution_arn, history.position))
                try:
                    # Before the lines are logged: a line that somebody has seen does not come again after a restart.
                    await store.save(history)
                finally:
                    for line in lines:
                        log.info("%s", line)
                await asyncio.sleep(delay)
        except aws_errors() as error:
            log.warning("The history of %s could not be read: %s", execution_arn, masked_line(error))

    following = asyncio.ensure_future(follow())
    try:
        yield history
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
