"""Reads EventBridge connections: parameters and authorization of HTTP tasks.

The secret of a connection holds its parameters as JSON; underscores and case of its keys are ignored.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, quote_plus

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.adapters import https
from sfn_provider.integrations.adapters.form_encoding import encode_form
from sfn_provider.integrations.clients import Clients

_SHORTEST_SECRET: Final = 4
"""Shorter texts are not masked: they stand everywhere."""

_PREFIX: Final = "Events.ConnectionResource"


@dataclass(frozen=True, slots=True)
class ConnectionParameters:
    """The parameters that a connection adds to a request; they override the task's.

    Args:
        headers: headers by name.
        query: query parameters by name.
        body: members of the body by name.
        secrets: texts that are the connection's alone.
    """

    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = field(default_factory=frozenset, repr=False)

    def mask(self, text: str) -> str:
        """Replace the secrets in a text, such as a server's that repeats the request, by ``***``."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def read_connection(arn: str, clients: Clients, role_arn: str | None) -> ConnectionParameters:
    """Read a connection and its secret.

    Args:
        arn: the connection's ARN.
        clients: makes the clients of EventBridge and of Secrets Manager.
        role_arn: the role that the state assumes; None without.

    Raises:
        StatesError: ``Events.ConnectionResource.<what>``: there is none, or it is not authorized; or its authorization
            server rejects the request; ``States.Http.Socket``: that server does not respond.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: they cannot be read.
    """
    region, name = arn.split(":")[3], arn.split("/")[1]
    events = clients.get("events", region, role_arn)
    try:
        connection = events.describe_connection(Name=name)
    except events.exceptions.ResourceNotFoundException as error:
        raise StatesError(f"{_PREFIX}.ResourceNotFound", f"There is no connection {arn}") from error
    if connection["ConnectionState"] != "AUTHORIZED":
        raise StatesError(f"{_PREFIX}.InvalidConnectionState", f"{arn} is {connection['ConnectionState']}")
    secrets = clients.get("secretsmanager", connection["SecretArn"].split(":")[3], role_arn)
    text = secrets.get_secret_value(SecretId=connection["SecretArn"])["SecretString"]
    try:
        secret = json.loads(text, object_hook=_fold)
        parameters = _parameters(secret.get("invocationhttpparameters"))
        headers = {**parameters.headers, **_AUTHORIZATION_HEADERS[connection["AuthorizationType"]](secret, connection)}
    except (ValueError, KeyError, TypeError, AttributeError):  # their texts and traces have parts of the secret
        message = f"The secret of {arn} has not the members that EventBridge gives it"
        raise StatesError(f"{_PREFIX}.AuthorizationFailure", message) from None
    return ConnectionParameters(
        headers, parameters.query, parameters.body, frozenset(_secret_texts(secret, parameters, headers))
    )


def _secret_texts(secret: dict[str, Any], parameters: ConnectionParameters, headers: dict[str, str]) -> Iterator[str]:
    """Yield what nobody else may read: passwords, keys, tokens, values of parameters, as they are sent, too."""
    client = secret.get("clientparameters") or secret
    authorization = headers.get("Authorization", "")
    added = (*headers.values(), *parameters.query.values(), *parameters.body.values())
    for text in (
        *(secret.get(name) for name in ("password", "apikeyvalue")),
        *(client.get(name) for name in ("clientsecret",)),
        *added,
        authorization.partition(" ")[2],
    ):
        if isinstance(text, str) and len(text) >= _SHORTEST_SECRET:
            yield from (text, quote(text), quote_plus(text), json.dumps(text)[1:-1])


def _fold(members: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "").lower(): value for name, value in members.items()}


def _parameters(secret: dict[str, Any] | None) -> ConnectionParameters:
    def values(kind: str) -> dict[str, str]:
        return {entry["key"]: entry["value"] for entry in (secret or {}).get(f"{kind}parameters") or []}

    return ConnectionParameters(values("header"), values("querystring"), values("body"))


def _basic(secret: dict[str, Any], connection: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": _basic_value(secret["username"], secret["password"])}


def _api_key(secret: dict[str, Any], connection: dict[str, Any]) -> dict[str, str]:
    return {secret["apikeyname"]: secret["apikeyvalue"]}


def _oauth(secret: dict[str, Any], connection: dict[str, Any]) -> dict[str, str]:
    described = connection["AuthParameters"]["OAuthParameters"]
    client = secret.get("clientparameters") or secret
    more = _parameters(secret.get("oauthhttpparameters"))
    headers = {
        "Authorization": _basic_value(client["clientid"], client["clientsecret"]),
        "Content-Type": "application/x-www-form-urlencoded",
        **more.headers,
    }
    body = encode_form({"grant_type": "client_credentials", **more.body}, "INDICES").encode()
    method = described["HttpMethod"]
    url = https.with_query(described["AuthorizationEndpoint"], more.query)
    answer = https.send_to_user_endpoint(method, url, list(headers.items()), None if method == "GET" else body)
    if not answer.ok or not isinstance(answer.body, dict) or "access_token" not in answer.body:
        message = f"the authorization server of {connection['ConnectionArn']} answered with status {answer.status}"
        raise StatesError(f"{_PREFIX}.AuthorizationFailure", message)
    return {"Authorization": f"Bearer {answer.body['access_token']}"}


def _basic_value(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


_AUTHORIZATION_HEADERS: Final[dict[str, Callable[[dict[str, Any], dict[str, Any]], dict[str, str]]]] = {
    "BASIC": _basic,
    "API_KEY": _api_key,
    "OAUTH_CLIENT_CREDENTIALS": _oauth,
}
"""Makes the authorization headers, by the connection's authorization type."""
