"""Hook mixin for StartSyncExecution."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from sfn_provider.executions.json_input import encode_input
from sfn_provider.hooks.mixins.protocol import HookMixinProtocol
from sfn_provider.telemetry.traces import trace_header

_READ_TIMEOUT: Final = 330
"""Seconds after which the call is given up: an Express execution takes at most 300. Source: Step Functions quotas."""


class SyncExecutionMixin(HookMixinProtocol):
    """The hook's method that runs Express executions to their end in one call."""

    def start_sync_execution(
        self, state_machine_arn: str, name: str | None = None, state_machine_input: Any = None
    ) -> dict[str, Any]:
        """Run an Express execution, and wait for its end.

        The call is sent once: another try would start another execution.

        Args:
            state_machine_arn: ARN of an Express state machine, optionally with a version or an alias.
            name: the execution's name; AWS generates one for None.
            state_machine_input: any JSON value; a ``str`` is JSON text.

        Returns:
            The response: ``status``, ``output`` or ``error`` and ``cause``, ``billingDetails`` and so on.

        Raises:
            UsageError: the input is not JSON or too large.
            botocore.exceptions.ClientError: ``StateMachineTypeNotSupported`` for a Standard machine, and others.
        """
        request = {
            "stateMachineArn": state_machine_arn,
            "name": name,
            "input": encode_input(state_machine_input),
            "traceHeader": trace_header(),
        }
        host = urlsplit(self.conn.meta.endpoint_url).hostname or ""
        client = self.client_with(
            read_timeout=_READ_TIMEOUT,
            retries={"total_max_attempts": 1},
            tcp_keepalive=True,
            # AWS serves this call at sync-states.REGION.amazonaws.com; a custom endpoint has no such host.
            inject_host_prefix=host.startswith("states"),
        )
        response: dict[str, Any] = client.start_sync_execution(
            **{key: value for key, value in request.items() if value is not None}
        )
        return response
