"""Adapter of ``apigateway:invoke``: calls a stage of an API.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html; recorded executions for bodies
(a text is sent as JSON, with quotes), results and errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.adapters import https
from sfn_provider.integrations.adapters.base import Adapter
from sfn_provider.integrations.adapters.parameter_checks import ParameterField, find_problems
from sfn_provider.integrations.value_shapes import Values, body_text

_HOST = re.compile(r"[0-9a-z-]+\.execute-api\.([a-z0-9-]+)\.[a-z0-9.-]+", re.IGNORECASE)

FIELDS: Final = {
    "ApiEndpoint": ParameterField(required=True, fits=lambda text: _HOST.fullmatch(text) is not None),
    "Method": ParameterField(required=True, values=("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")),
    "Headers": ParameterField("lists of text"),
    "Stage": ParameterField(),
    "Path": ParameterField(),
    "QueryParameters": ParameterField("lists of text"),
    "RequestBody": ParameterField("anything"),
    "AllowNullValues": ParameterField("flag"),
    "AuthType": ParameterField(values=("NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY")),
}

_UNSUPPORTED_HEADERS = re.compile(
    "x-forwarded.*|x-amz.*|authorization|connection|content-md5|expect|host|max-forwards|proxy-authenticate|server|te"
    "|transfer-encoding|trailer|upgrade|via|www-authenticate",
    re.IGNORECASE,
)


class ApiGatewayAdapter(Adapter):
    """Calls an API for a task."""

    @staticmethod
    def check(operation: str, parameters: Json) -> Iterator[str]:
        """Return the problems of an operation's parameters, one sentence each."""
        found = list(find_problems(FIELDS, parameters))
        yield from found
        if not found:
            for name in parameters.get("Headers") or {}:
                if _UNSUPPORTED_HEADERS.fullmatch(name):
                    yield f"The header '{name}' is not supported by Step Functions"

    def perform(self, parameters: Values, token: str) -> Values:
        """Call the API.

        Args:
            parameters: the task's parameters.
            token: not used: API Gateway has no idempotency token.

        Raises:
            StatesError: ``ApiGateway.<status>`` with the body as the cause, for every status but 2xx.
            botocore.exceptions.BotoCoreError: there was no answer.
        """
        body = None if parameters.get("RequestBody") is None else body_text(parameters["RequestBody"])
        url, headers = api_url(parameters), _headers(parameters, body)
        if is_signed(parameters):
            headers = self._signed(parameters, url, headers, body)
        answer = https.send(parameters["Method"], self._endpoint_url(url), headers, body)
        if not answer.ok:
            raise StatesError(f"{self.task.integration.errors.prefix}.{answer.status}", answer.text)
        return answer.summary | {"Headers": https.group_headers(answer.headers)}

    def _endpoint_url(self, url: str) -> str:
        """Replace the host by the Airflow connection's endpoint URL, if any; the Host header stays the API's."""
        endpoint = self.clients.endpoint("execute-api")
        return url if endpoint is None else re.sub(r"https://[^/]+", endpoint.rstrip("/"), url, count=1)

    def _signed(self, parameters: Values, url: str, headers: https.Headers, body: bytes | None) -> https.Headers:
        region = _HOST.fullmatch(parameters["ApiEndpoint"])[1]  # type: ignore[index]  # checked before
        credentials = self.clients.credentials(region, self.task.role_arn)
        return https.sign_request(
            parameters["Method"], url, headers, body, credentials, service="execute-api", region=region
        )


def api_url(parameters: Values) -> str:
    """Return the URL that a task calls.

    Args:
        parameters: the task's parameters.
    """
    path = https.join_path(parameters.get("Stage"), parameters.get("Path")) or "/"
    return https.with_query(f"https://{parameters['ApiEndpoint']}{path}", parameters.get("QueryParameters"))


def is_signed(parameters: Values) -> bool:
    """Return whether a task signs its request.

    Args:
        parameters: the task's parameters.
    """
    return parameters.get("AuthType") not in (None, "NO_AUTH")


def _headers(parameters: Values, body: bytes | None) -> https.Headers:
    lines = [(name, value) for name, values in (parameters.get("Headers") or {}).items() for value in values]
    names = {name.lower() for name, _ in lines}
    if body is not None and "content-type" not in names:
        lines.append(("Content-Type", "application/json"))
    return [("Host", parameters["ApiEndpoint"]), *lines]
