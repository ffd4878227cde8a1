"""Connections of `http:invoke`: what they authorize with and add, and that their secrets are not shown."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from tests.aws.moto import ACCOUNT, REGION
from tests.integrations.adapters.https_site import BASIC, BASIC_HEADER, Site, connect


def parameters(**kinds: dict[str, str]) -> dict[str, Any]:
    return {
        f"{kind}Parameters": [{"Key": name, "Value": value, "IsValueSecret": True} for name, value in values.items()]
        for kind, values in kinds.items()
    }


def test_a_connection_goes_before_the_task(invoke: Callable[..., Any], aws: str, site: Site) -> None:
    http = parameters(Header={"X-Tenant": "t1"}, QueryString={"v": "2"}, Body={"tenant": "t1"})
    invoke(
        connect(aws, **BASIC, InvocationHttpParameters=http),
        Method="POST",
        Headers={"x-tenant": "other", "authorization": "mine"},
        QueryParameters={"v": "1", "w": "1"},
        RequestBody={"tenant": "other", "n": 1},
    )
    [asked] = site.asked
    assert (asked["headers"]["x-tenant"], asked["headers"]["authorization"]) == ("t1", BASIC_HEADER)
    assert asked["path"] == "/orders?v=2&w=1"
    assert json.loads(asked["body"]) == {"tenant": "t1", "n": 1}


def test_a_connections_body_needs_an_object(invoke: Callable[..., Any], aws: str, site: Site) -> None:
    arn = connect(aws, **BASIC, InvocationHttpParameters=parameters(Body={"tenant": "t1"}))
    invoke(arn, Method="POST")
    assert json.loads(site.asked[0]["body"]) == {"tenant": "t1"}
    with pytest.raises(StatesError, match=r"^States\.Runtime: The RequestBody must be an object"):
        invoke(arn, Method="POST", RequestBody=[1])


def test_an_api_key(invoke: Callable[..., Any], aws: str, site: Site) -> None:
    invoke(connect(aws, "API_KEY", ApiKeyAuthParameters={"ApiKeyName": "X-Key", "ApiKeyValue": "geheim"}))
    assert site.asked[0]["headers"]["x-key"] == "geheim"


@pytest.fixture
def oauth(aws: str, site: Site) -> str:
    """A connection by client credentials."""
    return connect(
        aws,
        "OAUTH_CLIENT_CREDENTIALS",
        OAuthParameters={
            "ClientParameters": {"ClientID": "me", "ClientSecret": "geheim"},
            "AuthorizationEndpoint": f"{site.url}/oauth",
            "HttpMethod": "POST",
            "OAuthHttpParameters": parameters(Body={"scope": "orders read"}, QueryString={"tenant": "t1"}),
        },
    )


def test_client_credentials(invoke: Callable[..., Any], oauth: str, site: Site) -> None:
    invoke(oauth)
    asked, called = site.asked
    assert (asked["method"], asked["path"]) == ("POST", "/oauth?tenant=t1")
    assert asked["body"] == "grant_type=client_credentials&scope=orders+read"
    assert asked["headers"]["authorization"] == "Basic " + b64encode(b"me:geheim").decode()
    assert called["headers"]["authorization"] == "Bearer granted"


def test_an_authorization_server_that_refuses(invoke: Callable[..., Any], oauth: str, site: Site) -> None:
    site.token = b'{"error": "invalid_client"}'
    with pytest.raises(StatesError, match=r"^Events\.ConnectionResource\.AuthorizationFailure: "):
        invoke(oauth)
    assert len(site.asked) == 1


def test_a_connection_that_is_not_there(invoke: Callable[..., Any]) -> None:
    with pytest.raises(StatesError, match=r"^Events\.ConnectionResource\.ResourceNotFound: There is no connection"):
        invoke(f"arn:aws:events:{REGION}:{ACCOUNT}:connection/none/1-2")


SECRETS: dict[str, Any] = {
    "BasicAuthParameters": {"Username": "shop", "Password": "pass/word hidden"},
    "InvocationHttpParameters": {
        "HeaderParameters": [{"Key": "X-Tenant", "Value": "tenant-hidden"}],
        "QueryStringParameters": [{"Key": "key", "Value": "query hidden"}],
    },
}


@pytest.mark.parametrize("status", [400, 500])
def test_an_answer_that_repeats_the_request_shows_no_secret(
    invoke: Callable[..., Any], aws: str, site: Site, status: int
) -> None:
    basic = b64encode(b"shop:pass/word hidden")
    site.status, site.body = (
        status,
        b"no: pass/word hidden, tenant-hidden, query%20hidden, query+hidden, Basic " + basic,
    )
    with pytest.raises(StatesError) as raised:
        invoke(connect(aws, **SECRETS))
    assert raised.value.cause == "no: ***, ***, ***, ***, ***"


def test_no_answer_shows_no_secret(invoke: Callable[..., Any], aws: str, site: Site) -> None:
    with pytest.raises(StatesError, match=r"^States\.Http\.Socket: ") as raised:
        invoke(connect(aws, **SECRETS), ApiEndpoint="https://127.0.0.1:9/orders")
    chain = [raised.value, raised.value.__cause__]
    assert raised.value.__suppress_context__ and "hidden" not in str(chain)
