"""An HTTPS server of our own, with connections and secrets in moto's server."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
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

from sfn_provider.integrations import Completed
from tests.aws.moto import REGION
from tests.fixtures.calls.task_calls import Answer

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
