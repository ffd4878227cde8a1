"""Calls of the hook that wait for AWS's answer: StartSyncExecution."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from sfn_provider.executions.start_request import encode_input
from sfn_provider.hooks.mixin_protocol import HookMixinProtocol

_READ_TIMEOUT: Final = 330
"""Seconds until an answer is given up: an Express execution takes 300 at most. Source: Step Functions quotas."""


class SyncExecutionMixin(HookMixinProtocol):
    """The part of the hook that runs Express executions to their end in one call."""

    def start_sync_execution(
        self, state_machine_arn: str, name: str | None = None, state_machine_input: Any = None
    ) -> dict[str, Any]:
        """Run an Express execution, and wait for its end.

        The call is sent once: repeated, it would start another execution.

        Args:
            state_machine_arn: ARN of an Express state machine, with a version or an alias if wanted.
            name: the execution's name; AWS makes one up for None.
            state_machine_input: any JSON value; text is taken as JSON text.

        Returns:
            the answer: ``status``, ``output`` or ``error`` and ``cause``, ``billingDetails`` and so on.

        Raises:
            UsageError: the input is no JSON or too large.
            botocore.exceptions.ClientError: ``StateMachineTypeNotSupported`` for a Standard machine, and others.
        """
        request = {"stateMachineArn": state_machine_arn, "name": name, "input": encode_input(state_machine_input)}
        host = urlsplit(self.conn.meta.endpoint_url).hostname or ""
        client = self.client_with(
            read_timeout=_READ_TIMEOUT,
            retries={"total_max_attempts": 1},
            tcp_keepalive=True,
            # AWS answers this call at sync-states.REGION.amazonaws.com; an endpoint of one's own has no such name.
            inject_host_prefix=host.startswith("states"),
        )
        response: dict[str, Any] = client.start_sync_execution(
            **{key: value for key, value in request.items() if value is not None}
        )
        return response
