"""Sends HTTPS requests to endpoints that boto3 cannot call, and signs them for AWS.

urllib3 comes with botocore. It is imported with the first call.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.adapters.deadlines import CallDeadline, watched_classes
from sfn_provider.integrations.optimized.transforms import parse_json

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

TIMEOUT_SECONDS: Final = 60.0
"""Seconds that a call may take as a whole: longer than API Gateway (29 s) and Step Functions wait."""

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""The largest body of a response, after decompression: that of API Gateway. A result has 256 KiB at most.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

_CHUNK_BYTES: Final = 65_536
_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""How zlib reads an encoding of a body; 47 lets it find out which form of deflate a server means."""

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
        botocore.exceptions.EndpointConnectionError: there was no response that can be read.
        botocore.exceptions.ReadTimeoutError: there was none within `TIMEOUT_SECONDS`, or the task was killed.
        StatesError: ``States.DataLimitExceeded``: the body has more than `MAX_BODY_BYTES`.
    """
    import urllib3
    from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

    lines = urllib3.HTTPHeaderDict()
    for name, value in headers:
        lines.add(name, value)
    trust: dict[str, Any] = {"ca_cert_data": trusted} if trusted is not None else {}
    deadline = CallDeadline(TIMEOUT_SECONDS)
    options: dict[str, Any] = {"retries": False, "redirect": False, "timeout": TIMEOUT_SECONDS}
    try:
        with deadline.running(), urllib3.PoolManager(cert_reqs="CERT_REQUIRED", **trust) as pool:
            pool.pool_classes_by_scheme = watched_classes(deadline)
            response = pool.request(
                method, url, headers=lines, body=body, preload_content=False, decode_content=False, **options
            )
            with closing(response):
                content = _read_body(response)
            if deadline.has_ended:  # Python takes headers that break off for whole ones
                raise TimeoutError
    except (urllib3.exceptions.HTTPError, OSError, zlib.error) as error:
        failure = ReadTimeoutError if deadline.has_ended else EndpointConnectionError
        # Neither the query, where secrets of connections are, nor urllib3's text, which repeats it.
        raise failure(endpoint_url=url.partition("?")[0], error=type(error).__name__) from None
    text = content.decode("utf-8", "replace")
    return HttpResponse(response.status, response.reason or "", list(response.headers.items()), text)


def _read_body(response: Any) -> bytes:
    """Read a body, decompressed, up to the limit: a few bytes can stand for gigabytes.

    Raises:
        StatesError: it has more bytes.
        OSError: its encoding is not one that was asked for.
    """
    encoding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding != "identity" and encoding not in _WINDOW_BITS:
        raise OSError(f"the response has the encoding {encoding!r}, which the request does not accept")
    inflate = None if encoding == "identity" else zlib.decompressobj(_WINDOW_BITS[encoding])
    content = bytearray()
    for chunk in response.stream(_CHUNK_BYTES, decode_content=False):
        left = MAX_BODY_BYTES + 1 - len(content)
        content += chunk if inflate is None else inflate.decompress(chunk, left)
        if len(content) > MAX_BODY_BYTES:
            cause = f"The response has more than {MAX_BODY_BYTES:,} bytes, the maximum number of bytes service limit."
            raise StatesError("States.DataLimitExceeded", cause)
    return bytes(content)


def send_to_user_endpoint(method: str, url: str, headers: Headers, body: bytes | None) -> HttpResponse:
    """Send a request to an endpoint of the user, as `send` does.

    Raises:
        StatesError: ``States.Http.Socket``: there was no response.
    """
    from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

    try:
        return send(method, url, headers, body)
    except (EndpointConnectionError, ReadTimeoutError) as error:
        raise StatesError("States.Http.Socket", str(error)) from None


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
