"""Serves the pages as an ASGI application, for Airflow 3.1.1 and later.

Plugins load in every Airflow process, so FastAPI and the pages are imported with the first request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to an HTTP request; a websocket is refused."""
    if scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1003})
        return
    from sfn_provider.airflow_pages.fastapi_routes import app

    await app(scope, receive, send)
