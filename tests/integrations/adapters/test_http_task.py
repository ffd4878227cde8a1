"""``http:invoke`` against an HTTPS server of our own, with connections and secrets in moto's server."""

from __future__ import annotations

import gzip
import ipaddress
import json
import ssl
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Completed
from sfn_provider.integrations.adapters import https
from sfn_provider.integrations.adapters.deadlines import end_calls
from tests.aws.moto import ACCOUNT, REGION
from tests.fixtures.task_calls import Answer

BASIC = {"BasicAuthParameters": {"Username": "ann", "Password": "geheim"}}
BASIC_HEADER = "Basic " + b64encode(b"ann:geheim").decode()


@dataclass
class Site:
    """What the server answers, and what it was asked."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b'{"ok": true}'
    token: bytes = b'{"access_token": "granted"}'
    asked: list[dict[str, Any]] = field(default_factory=list)
    drip: bool = False
    """Answer a byte of a header now and then, without end."""


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the server, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return certificate, secret


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An HTTPS server whose certificate is trusted."""
    certificate, key = _certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    script = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    script.url = f"https://127.0.0.1:{server.server_address[1]}"
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(script: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.asked.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
            is_token = self.path.startswith("/oauth")
            answer = script.token if is_token else script.body
            if script.drip:
                self._drip()
                return
            self.send_response(200 if is_token else script.status)
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _drip(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            with suppress(OSError):  # the client has gone
                for _ in range(600):
                    self.wfile.write(b"x")
                    time.sleep(0.05)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def connect(aws: str, kind: str = "BASIC", **parameters: Any) -> str:
    """Make a connection. Gives its ARN."""
    events = boto3.client("events", endpoint_url=aws, region_name=REGION)
    made = events.create_connection(Name="shop", AuthorizationType=kind, AuthParameters=parameters or BASIC)
    return str(made["ConnectionArn"])


@pytest.fixture
def invoke(aws: str, site: Site, submit: Callable[..., Answer]) -> Callable[..., Any]:
    """Call the server's ``/orders``. Gives the result."""

    def perform(arn: str | None = None, **more: Any) -> Any:
        parameters = {
            "ApiEndpoint": f"{site.url}/orders",
            "Method": "GET",
            "Authentication": {"ConnectionArn": arn or connect(aws)},
        }
        answer = submit("http:invoke", parameters | more)
        assert isinstance(answer, Completed)
        return answer.result

    return perform


def test_the_result_is_the_response(invoke: Callable[..., Any], site: Site) -> None:
    result = invoke()
    assert {name: result[name] for name in ("ResponseBody", "StatusCode", "StatusText")} == {
        "ResponseBody": {"ok": True},
        "StatusCode": 200,
        "StatusText": "OK",
    }
    assert result["Headers"]["Content-Type"] == ["application/json"]
    [asked] = site.asked
    assert (asked["method"], asked["path"], asked["body"]) == ("GET", "/orders", "")
    assert asked["headers"]["authorization"] == BASIC_HEADER
    assert asked["headers"]["user-agent"] == f"Amazon|StepFunctions|HttpInvoke|{REGION}"


def test_text_stays_text(invoke: Callable[..., Any], site: Site) -> None:
    site.body, site.headers = b"plain", {"Content-Type": "text/plain"}
    assert invoke()["ResponseBody"] == "plain"


def test_what_the_task_gives_is_sent(invoke: Callable[..., Any], site: Site) -> None:
    invoke(
        Method="POST",
        Headers={"X-Shop": "1", "Accept": ["a", "b"]},
        QueryParameters={"q": "a b&c", "n": 2, "many": ["x", "y"]},
        RequestBody={"name": "é", "n": 1},
    )
    [asked] = site.asked
    assert asked["path"] == "/orders?q=a%20b%26c&n=2&many=x&many=y"
    assert json.loads(asked["body"]) == {"name": "é", "n": 1}
    assert (asked["headers"]["x-shop"], asked["headers"]["content-type"]) == ("1", "application/json")


def test_the_addresss_own_query_stays(invoke: Callable[..., Any], site: Site) -> None:
    invoke(ApiEndpoint=f"{site.url}/orders?a=1#part", QueryParameters={"b": 2})
    assert site.asked[0]["path"] == "/orders?a=1&b=2"


# Connections ----------------------------------------------------------------------------------------------------------


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


# Forms ----------------------------------------------------------------------------------------------------------------

FORMS = {
    None: "a=1&list%5B0%5D=x&list%5B1%5D=y+z&deep%5Bk%5D%5B0%5D=v&n=&t=true",
    "INDICES": "a=1&list%5B0%5D=x&list%5B1%5D=y+z&deep%5Bk%5D%5B0%5D=v&n=&t=true",
    "BRACKETS": "a=1&list%5B%5D=x&list%5B%5D=y+z&deep%5Bk%5D%5B%5D=v&n=&t=true",
    "REPEAT": "a=1&list=x&list=y+z&deep%5Bk%5D=v&n=&t=true",
    "COMMAS": "a=1&list=x%2Cy+z&deep%5Bk%5D=v&n=&t=true",
}


@pytest.mark.parametrize(("array_format", "body"), FORMS.items(), ids=map(str, FORMS))
def test_a_form(invoke: Callable[..., Any], site: Site, array_format: str | None, body: str) -> None:
    transform: dict[str, Any] = {"RequestBodyEncoding": "URL_ENCODED"}
    if array_format is not None:
        transform["RequestEncodingOptions"] = {"ArrayFormat": array_format}
    value = {"a": 1, "list": ["x", "y z"], "deep": {"k": ["v"]}, "n": None, "t": True}
    invoke(Method="POST", RequestBody=value, Transform=transform)
    assert site.asked[0]["body"] == body
    assert site.asked[0]["headers"]["content-type"] == "application/x-www-form-urlencoded"


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [302, 404, 429, 503])
def test_every_other_status_is_an_error_by_its_number(invoke: Callable[..., Any], site: Site, status: int) -> None:
    site.status, site.body = status, b"slow down"
    site.headers = {"Location": f"{site.url}/elsewhere"}
    with pytest.raises(StatesError) as failed:
        invoke()
    assert (failed.value.error, failed.value.cause) == (f"States.Http.StatusCode.{status}", "slow down")
    assert len(site.asked) == 1


def test_an_endpoint_that_does_not_answer(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(StatesError, match=r"^States\.Http\.Socket: "):
        invoke(ApiEndpoint="https://127.0.0.1:9/orders")


def test_a_certificate_that_is_not_trusted(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(StatesError, match=r"^States\.Http\.Socket: "):
        invoke()
    assert site.asked == []


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/png", "audio/ogg; rate=1"])
def test_what_is_no_text_cannot_be_a_result(invoke: Callable[..., Any], site: Site, kind: str) -> None:
    site.headers, site.body = {"Content-Type": kind}, b"\x89PNG"
    with pytest.raises(StatesError, match=r"^States\.Runtime: The response has the content type"):
        invoke()


REFUSED = {
    "http": ({"ApiEndpoint": "http://127.0.0.1/orders"}, "'ApiEndpoint' has an invalid format"),
    "a password in it": ({"ApiEndpoint": "https://ann:pw@127.0.0.1/"}, "'ApiEndpoint' has an invalid format"),
    "method": ({"Method": "TRACE"}, "'Method' must be one of GET, POST"),
    "no connection": ({"Authentication": {}}, "'ConnectionArn' is required but was missing"),
    "no ARN": ({"Authentication": {"ConnectionArn": "shop"}}, "'ConnectionArn' has an invalid format"),
    "reserved header": ({"Headers": {"Host": "other"}}, "The header 'Host' is not supported"),
    "AWS's header": ({"Headers": {"X-Amz-Date": "now"}}, "The header 'X-Amz-Date' is not supported"),
    "two header lines": ({"Headers": {"X-A": "1\r\nX-B: 2"}}, "The header 'X-A' has an invalid format"),
    "no header": ({"Headers": {"X A": "1"}}, "The header 'X A' has an invalid format"),
    "encoding": ({"Transform": {"RequestBodyEncoding": "XML"}}, "must be one of NONE, URL_ENCODED"),
    "array format": (
        {"Transform": {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "TABS"}}},
        "must be one of INDICES, REPEAT, COMMAS, BRACKETS",
    ),
    "another field": ({"Url": "https://a"}, "The field 'Url' is not supported"),
}


@pytest.mark.parametrize(("wrong", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_called_is_refused(
    invoke: Callable[..., Any], site: Site, wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(StatesError) as refused:
        invoke(**wrong)
    assert refused.value.error == "States.Runtime" and told in str(refused.value.cause)
    assert site.asked == []


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


def test_an_answer_that_never_ends_takes_so_long_and_no_longer(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "TIMEOUT_SECONDS", 0.5)
    site.drip = True
    with pytest.raises(StatesError, match=r"States\.Http\.Socket: Read timeout on endpoint URL"):
        invoke()


def test_a_kill_ends_a_call(invoke: Callable[..., Any], site: Site) -> None:
    site.drip = True

    def kill() -> None:
        while not site.asked:
            time.sleep(0.01)
        end_calls()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(StatesError, match=r"States\.Http\.Socket: Read timeout on endpoint URL"):
        invoke()
    killer.join()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_body_is_limited_when_it_is_decompressed(
    invoke: Callable[..., Any], site: Site, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(https, "MAX_BODY_BYTES", 100_000)
    pack: Callable[[bytes], bytes] = gzip.compress if encoding == "gzip" else zlib.compress
    site.headers["Content-Encoding"] = encoding
    site.body = pack(json.dumps("x" * 50_000).encode())
    assert invoke()["ResponseBody"] == "x" * 50_000
    site.body = pack(b"x" * 50_000_000)
    with pytest.raises(StatesError, match=r"^States\.DataLimitExceeded: The response has more than 100,000 bytes"):
        invoke()


def test_an_encoding_that_was_not_asked_for(invoke: Callable[..., Any], site: Site) -> None:
    site.headers["Content-Encoding"] = "gzip, gzip"
    with pytest.raises(StatesError, match=r"^States\.Http\.Socket: "):
        invoke()


def test_a_redirection_is_not_followed(invoke: Callable[..., Any], site: Site) -> None:
    site.status, site.headers["Location"] = 302, f"{site.url}/elsewhere"
    with pytest.raises(StatesError, match=r"^States\.Http\.StatusCode\.302"):
        invoke()
    assert [asked["path"] for asked in site.asked] == ["/orders"]
