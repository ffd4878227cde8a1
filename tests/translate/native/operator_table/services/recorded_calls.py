"""AWS in place of botocore's and aiobotocore's network: records calls, answers them from a table."""

from __future__ import annotations

import copy
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

METADATA = {"RequestId": "r-1", "HTTPStatusCode": 200, "HTTPHeaders": {"content-type": "application/json"}}


@dataclass
class RecordedCalls:
    """Calls in their order, and what answers them.

    Args:
        answers: the response, or the error, by operation; a list has one for each call, the last one for all further
            ones.
        calls: operations and parameters, in order.
        tokens: the parameters that are idempotency tokens, by operation.
    """

    answers: dict[str, Any]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Record a call that the service would accept, and answer it."""
        model = client.meta.service_model.operation_model(operation)
        parameters = {name: _read(value) for name, value in parameters.items()}
        self.tokens[operation] = model.idempotent_members
        tokens = {name: "0" * 64 for name in model.idempotent_members}
        if model.input_shape is not None:
            problems = ParamValidator().validate(tokens | parameters, model.input_shape)
            assert not problems.has_errors(), f"{operation}: {problems.generate_report()}"
        before = len([name for name, _ in self.calls if name == operation])
        self.calls.append((operation, parameters))
        if operation not in self.answers:
            raise ClientError({"Error": {"Code": "NoAnswer", "Message": f"{operation} is not expected"}}, operation)
        answers = self.answers[operation]
        given = answers[min(before, len(answers) - 1)] if isinstance(answers, list) else answers
        if isinstance(given, Exception):
            raise given
        response = {"ResponseMetadata": METADATA} | copy.deepcopy(given)
        if model.has_streaming_output:
            body = model.output_shape.serialization["payload"]
            response[body] = io.BytesIO(response[body])
        return response

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of the calls of an operation."""
        return [parameters for name, parameters in self.calls if name == operation]


def _read(value: Any) -> Any:
    """A file that is uploaded, as its contents."""
    return value.read() if hasattr(value, "read") else copy.deepcopy(value)


@contextmanager
def recorded(answers: dict[str, Any]) -> Iterator[RecordedCalls]:
    """Answer all calls inside from a table."""
    import aiobotocore.client
    import botocore.client
    from airflow.providers.amazon.aws.hooks import base_aws

    calls = RecordedCalls(answers)

    def answer(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        model = client.meta.service_model.operation_model(operation)
        changed = client._emit_api_params(api_params=dict(parameters), operation_model=model, context={})
        return calls.answer(client, operation, changed)

    async def answer_async(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return calls.answer(client, operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", answer)
        patch.setattr(aiobotocore.client.AioBaseClient, "_make_api_call", answer_async)
        patch.setattr(time, "sleep", lambda seconds: None)
        # Hooks find out who calls them, for each client, by the stack: in a test that is most of what a client costs.
        patch.setattr(
            base_aws.AwsGenericHook, "_generate_user_agent_extra_field", lambda hook, existing_user_agent_extra: ""
        )
        yield calls
