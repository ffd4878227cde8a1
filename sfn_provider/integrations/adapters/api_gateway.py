"""``apigateway:invoke``: calls a stage of an API.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html; recorded executions for bodies
(a text is sent as JSON, with quotes), results and errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations.adapters import https
from sfn_provider.integrations.adapters.parameter_checks import ParameterField, find_problems
from sfn_provider.integrations.api_operation import TaskCall, unanswered_call_error
from sfn_provider.integrations.clients import Clients
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


def check_parameters(operation: str, parameters: Json) -> Iterator[str]:
    """Tell everything that is wrong with the parameters, one sentence each."""
    found = list(find_problems(FIELDS, parameters))
    yield from found
    if not found:
        for name in parameters.get("Headers") or {}:
            if _UNSUPPORTED_HEADERS.fullmatch(name):
                yield f"The header '{name}' is not supported by Step Functions"


@dataclass(frozen=True, slots=True)
class ApiGateway:
    """A task that calls an API.

    Args:
        task: the task.
        clients: give credentials and the address of API Gateway where it is not the usual one.
    """

    task: TaskCall
    clients: Clients

    def perform(self, given: Values, token: str) -> Values:
        """Call the API.

        Args:
            given: the task's parameters.
            token: not used: API Gateway does not tell calls apart.

        Raises:
            StatesError: ``ApiGateway.<status>`` with the body as the cause, for every status but those of success.
            botocore.exceptions.BotoCoreError: there was no answer.
        """
        body = None if given.get("RequestBody") is None else body_text(given["RequestBody"])
        url, headers = self._address(given), _headers(given, body)
        if given.get("AuthType") not in (None, "NO_AUTH"):
            headers = self._signed(given, url, headers, body)
        answer = https.send(given["Method"], self._reached(url), headers, body)
        if not answer.good:
            raise StatesError(f"{self.task.integration.errors.prefix}.{answer.status}", answer.text)
        return answer.summary | {"Headers": https.group_headers(answer.headers)}

    def ask(self, operation: str, parameters: Values) -> Values:
        """Raise NotImplementedError: no job is followed through an API."""
        raise NotImplementedError(operation)

    def name(self, error: Exception) -> StatesError | UsageError:
        """Name an error of a call."""
        return unanswered_call_error(error, self.task)

    def _address(self, given: Values) -> str:
        path = https.join_path(given.get("Stage"), given.get("Path")) or "/"
        return https.with_query(f"https://{given['ApiEndpoint']}{path}", given.get("QueryParameters"))

    def _reached(self, url: str) -> str:
        """Where the connection of Airflow names an endpoint of its own, go there; the Host header stays the API's."""
        endpoint = self.clients.endpoint("execute-api")
        return url if endpoint is None else re.sub(r"https://[^/]+", endpoint.rstrip("/"), url, count=1)

    def _signed(self, given: Values, url: str, headers: https.Headers, body: bytes | None) -> https.Headers:
        region = _HOST.fullmatch(given["ApiEndpoint"])[1]  # type: ignore[index]  # checked before
        credentials = self.clients.credentials(region, self.task.role_arn)
        return https.sign_request(
            given["Method"], url, headers, body, credentials, service="execute-api", region=region
        )


def _headers(given: Values, body: bytes | None) -> https.Headers:
    lines = [(name, value) for name, values in (given.get("Headers") or {}).items() for value in values]
    names = {name.lower() for name, _ in lines}
    if body is not None and "content-type" not in names:
        lines.append(("Content-Type", "application/json"))
    return [("Host", given["ApiEndpoint"]), *lines]
