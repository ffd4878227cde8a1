"""What the parts of the hook use of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class HookMixinProtocol:
    """A part of the hook: the calls about one thing."""

    if TYPE_CHECKING:
        conn: Any

        def client_with(self, **settings: Any) -> Any:
            """A client with settings of ``botocore.config.Config`` of its own."""

        def renew_client(self) -> None:
            """Forget connection and clients."""

        def describe_execution(self, execution_arn: str) -> dict[str, Any]:
            """Describe an execution."""
