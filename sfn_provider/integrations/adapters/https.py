"""Sends HTTPS requests to endpoints that boto3 cannot call.

urllib3 comes with botocore. It is imported with the first call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.optimized.transforms import parse_json

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

TIMEOUT_SECONDS: Final = 60.0
"""Seconds that a response may take: longer than API Gateway (29 s) and Step Functions wait."""

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response.

    Args:
        status: the HTTP status.
        reason: the reason phrase.
        headers: name and value of each header line.
        text: the body.
    """

    status: int
    reason: str
    headers: Headers
    text: str

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def body(self) -> Json:
        """The body: parsed where it is JSON."""
        return parse_json(self.text)

    @property
    def summary(self) -> dict[str, Json]:
        """Body and status as Step Functions shows them."""
        return {"ResponseBody": self.body, "StatusCode": self.status, "StatusText": self.reason}


def with_query(url: str, parameters: Json) -> str:
    """Add query parameters, each a list of values, to a URL."""
    return f"{url}?{urlencode(parameters, doseq=True, quote_via=quote)}" if parameters else url


def join_path(*parts: Json) -> str:
    """Join and encode parts of a path; encoded parts stay unchanged."""
    return "".join("/" + quote(str(part).strip("/"), safe="/%:@!$&'()*+,;=~") for part in parts if part)


def send(
    method: str, url: str, headers: Headers, body: bytes | None = None, *, trusted: str | None = None
) -> HttpResponse:
    """Send a request once; redirections are not followed.

    Args:
        method: the HTTP method.
        url: the URL.
        headers: name and value of each header line.
        body: the body; None for none.
        trusted: CA certificates to trust, as PEM text, in place of the default ones.

    Raises:
        botocore.exceptions.EndpointConnectionError: there was no response.
    """
    import urllib3
    from botocore.exceptions import EndpointConnectionError

    lines = urllib3.HTTPHeaderDict()
    for name, value in headers:
        lines.add(name, value)
    trust: dict[str, Any] = {"ca_cert_data": trusted} if trusted is not None else {}
    try:
        with urllib3.PoolManager(cert_reqs="CERT_REQUIRED", **trust) as pool:
            response = pool.request(
                method, url, headers=lines, body=body, retries=False, redirect=False, timeout=TIMEOUT_SECONDS
            )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise EndpointConnectionError(endpoint_url=url, error=error) from error
    text = response.data.decode("utf-8", "replace")
    return HttpResponse(response.status, response.reason or "", list(response.headers.items()), text)


def send_to_user_endpoint(method: str, url: str, headers: Headers, body: bytes | None) -> HttpResponse:
    """Send a request to an endpoint of the user, as `send` does.

    Raises:
        StatesError: ``States.Http.Socket``: there was no response.
    """
    from botocore.exceptions import EndpointConnectionError

    try:
        return send(method, url, headers, body)
    except EndpointConnectionError as error:
        raise StatesError("States.Http.Socket", str(error)) from error


def sign_request(
    method: str,
    url: str,
    headers: Headers,
    body: bytes | None,
    credentials: ReadOnlyCredentials,
    service: str,
    region: str,
) -> Headers:
    """Sign a request with AWS Signature Version 4. Gives its headers.

    Args:
        method: the HTTP method.
        url: the URL.
        headers: the headers to sign.
        body: the body; None for none.
        credentials: of AWS.
        service: the service's name in signatures: ``execute-api``.
        region: the service's region.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(method=method, url=url, data=body or b"")
    for name, value in headers:
        request.headers.add_header(name, value)
    SigV4Auth(credentials, service, region).add_auth(request)
    return list(request.headers.items())


def group_headers(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values of each header by its name."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return values
