"""Typing only: the methods of the hook that its mixins call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class HookMixinProtocol:
    """Base of the hook's mixins."""

    if TYPE_CHECKING:
        conn: Any

        def client_with(self, **settings: Any) -> Any:
            """Return a client with further settings of ``botocore.config.Config``."""

        def renew_client(self) -> None:
            """Drop the connection and clients."""

        def describe_execution(self, execution_arn: str) -> dict[str, Any]:
            """Describe an execution."""
