"""Adapter of ``http:invoke``: calls an HTTPS endpoint with an EventBridge connection.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations.adapters import https
from sfn_provider.integrations.adapters.base import Adapter
from sfn_provider.integrations.adapters.event_connections import ConnectionParameters, read_connection
from sfn_provider.integrations.adapters.form_encoding import ARRAY_FORMATS, encode_form
from sfn_provider.integrations.adapters.parameter_checks import ParameterField, find_problems
from sfn_provider.integrations.errors import runtime_error
from sfn_provider.integrations.value_shapes import Values, body_text, json_text

_CONNECTION: Final = re.compile(r"arn:[^:]+:events:[^:]+:\d+:connection/[^/]+/[^/]+")
_FORM: Final = "application/x-www-form-urlencoded"


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


FIELDS: Final = {
    "ApiEndpoint": ParameterField(required=True, fits=_is_https),
    "Method": ParameterField(required=True, values=("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")),
    "Authentication": ParameterField("object"),
    "InvocationConfig": ParameterField("object"),
    "Headers": ParameterField("object"),
    "QueryParameters": ParameterField("object"),
    "RequestBody": ParameterField("anything"),
    "Transform": ParameterField("object"),
}

_UNSUPPORTED_HEADERS: Final = re.compile(
    "a-im|accept-(charset|datetime|encoding)|cache-control|connection|content-(encoding|md5)|date|expect|forwarded|from"
    "|host|http2-settings|if-(match|modified-since|none-match|range|unmodified-since)|max-forwards|origin|pragma"
    "|proxy-authorization|referer|server|te|trailer|transfer-encoding|upgrade|via|warning|x-forwarded.*|x-amzn?-.*",
    re.IGNORECASE,
)
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BINARY_CONTENT: Final = re.compile(r"application/octet-stream|(image|video|audio)/.*", re.IGNORECASE)
_ENCODINGS: Final = ("NONE", "URL_ENCODED")
_DENIED_CODES: Final = ("AccessDeniedException", "AccessDenied")


def _connection_problems(parameters: Values) -> Iterator[str]:
    arn = _connection_arn(parameters)
    if arn is None:
        yield "The field 'ConnectionArn' is required but was missing"
    elif not isinstance(arn, str) or not _CONNECTION.fullmatch(arn):
        yield "The value of the field 'ConnectionArn' has an invalid format"


def _header_problems(headers: Values) -> Iterator[str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or any("\r" in text or "\n" in text for text in _texts(value)):
            yield f"The header '{name}' has an invalid format"
        elif _UNSUPPORTED_HEADERS.fullmatch(name):
            yield f"The header '{name}' is not supported by Step Functions"


def _transform_problems(transform: Values) -> Iterator[str]:
    if transform.get("RequestBodyEncoding", "NONE") not in _ENCODINGS:
        yield f"The value for the field 'RequestBodyEncoding' must be one of {', '.join(_ENCODINGS)}"
    if _array_format(transform) not in ARRAY_FORMATS:
        yield f"The value for the field 'ArrayFormat' must be one of {', '.join(ARRAY_FORMATS)}"


class HttpTaskAdapter(Adapter):
    """Calls an HTTPS endpoint for a task."""

    @staticmethod
    def check(operation: str, parameters: Json) -> Iterator[str]:
        """Return the problems of an operation's parameters, one sentence each."""
        found = list(find_problems(FIELDS, parameters))
        yield from found
        if not found:
            yield from _connection_problems(parameters)
            yield from _header_problems(parameters.get("Headers") or {})
            yield from _transform_problems(parameters.get("Transform") or {})

    def perform(self, parameters: Values, token: str) -> Values:
        """Call the endpoint once; redirections are not followed.

        Args:
            parameters: the task's parameters.
            token: not used: HTTP has no idempotency token.

        Raises:
            StatesError: ``States.Http.StatusCode.<status>`` with the body as the cause, for every status but 2xx;
                ``States.Http.Socket`` where no answer came within 60 seconds; ``Events.ConnectionResource.*``;
                ``States.Runtime`` for a binary response.
            botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: the connection cannot be read.
        """
        arn = str(_connection_arn(parameters))
        added = read_connection(arn, self.clients, self.task.role_arn)
        body = _body(parameters, added)
        headers = _headers(parameters, added, arn.split(":")[3], has_body=body is not None)
        try:
            answer = https.send_to_user_endpoint(parameters["Method"], _url(parameters, added), headers, body)
        except StatesError as error:
            raise StatesError(error.error, added.mask(error.cause or "")) from None
        if not answer.ok:
            raise StatesError(f"States.Http.StatusCode.{answer.status}", added.mask(answer.text))
        kind = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
        if _BINARY_CONTENT.fullmatch(kind.partition(";")[0].strip()):
            raise runtime_error(f"The response has the content type {kind}, which is no text.")
        return answer.summary | {"Headers": https.group_headers(answer.headers)}

    def convert_error(self, error: Exception) -> StatesError | UsageError:
        """Convert an error of reading the connection."""
        from botocore.exceptions import ClientError

        if isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIED_CODES:
            return StatesError("Events.ConnectionResource.AccessDenied", str(error))
        return super().convert_error(error)


def _connection_arn(parameters: Values) -> Json:
    for name in ("Authentication", "InvocationConfig"):
        if (parameters.get(name) or {}).get("ConnectionArn") is not None:
            return parameters[name]["ConnectionArn"]
    return None


def _array_format(transform: Values) -> Json:
    return (transform.get("RequestEncodingOptions") or {}).get("ArrayFormat", next(iter(ARRAY_FORMATS)))


def _texts(value: Json) -> list[str]:
    if isinstance(value, list):
        return [text for entry in value for text in _texts(entry)]
    return [value if isinstance(value, str) else json_text(value)]


def _is_form(parameters: Values) -> bool:
    return (parameters.get("Transform") or {}).get("RequestBodyEncoding") == "URL_ENCODED"


def _body(parameters: Values, added: ConnectionParameters) -> bytes | None:
    """The body: the connection's parameters override the members of an object."""
    value = parameters.get("RequestBody")
    if added.body or (_is_form(parameters) and value is not None):
        if not isinstance(value, dict | None):
            raise runtime_error("The RequestBody must be an object: the connection adds to it, or it becomes a form.")
        value = (value or {}) | added.body
    if value is None:
        return None
    if _is_form(parameters):
        return encode_form(value, _array_format(parameters["Transform"])).encode()
    return body_text(value)


def _headers(parameters: Values, added: ConnectionParameters, region: str, *, has_body: bool) -> https.Headers:
    """The header lines: the connection's override the task's, and these override the defaults."""
    defaults = {"User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}", "Range": "bytes=0-262144"}
    if has_body:
        defaults["Content-Type"] = _FORM if _is_form(parameters) else "application/json"
    lines: dict[str, tuple[str, list[str]]] = {}
    for source in (defaults, parameters.get("Headers") or {}, added.headers):
        lines |= {name.lower(): (name, _texts(value)) for name, value in source.items()}
    return [(name, text) for name, texts in lines.values() for text in texts]


def _url(parameters: Values, added: ConnectionParameters) -> str:
    """The URL with query parameters: its own, the task's and the connection's."""
    parts = urlsplit(parameters["ApiEndpoint"])
    more = {name: _texts(value) for name, value in ((parameters.get("QueryParameters") or {}) | added.query).items()}
    query = "&".join(text for text in (parts.query, https.with_query("", more).removeprefix("?")) if text)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
