"""Stands in for boto3's client of Lambda: calls Python functions and HTTP endpoints."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from sfn_provider.exceptions import UsageError
from sfn_provider.server.tasks.daemon_threads import DaemonThreads
from sfn_provider.server.tasks.python_functions import Handler, Invocation, call_handler, load_handler

Function = Handler | str
"""A Python function, or the URL that it is called at."""

# Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, FunctionName.
_NAME: Final = re.compile(
    r"(?:arn:[^:]+:lambda:[^:]*:[^:]*:function:|\d{12}:function:|function:)?([\w-]+)(?::[\w$-]+)?", re.ASCII
)
_HTTP_SECONDS: Final = 930.0


def parse_functions(options: Mapping[str, str]) -> dict[str, Function]:
    """Read the functions that a user names.

    Args:
        options: by name in Lambda ``module:function``, ``file.py:function`` or a URL, ``http://`` or ``https://``. A
            URL without a path is an API of Lambda, whose path to the function is added.

    Raises:
        UsageError: a name is none, or a function cannot be imported.
    """
    functions: dict[str, Function] = {}
    for name, target in options.items():
        if re.fullmatch(r"[\w-]{1,64}", name, re.ASCII) is None:
            raise UsageError(f"{name!r} is no name of a Lambda function: it has letters, digits, - and _")
        functions[name] = _invocation_url(name, target) if "://" in target else load_handler(target)
    return functions


def _invocation_url(name: str, target: str) -> str:
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"the function {name!r} is at {target!r}, which is no http:// or https:// URL")
    if parts.path in ("", "/"):
        return f"{target.rstrip('/')}/2015-03-31/functions/{quote(name)}/invocations"
    return target


def function_name(text: Any) -> str | None:
    """Return the name of a function of what FunctionName may be: a name, an ARN or a part of one, with a version."""
    match = _NAME.fullmatch(text) if isinstance(text, str) else None
    return match[1] if match is not None else None


@dataclass(frozen=True, slots=True)
class _Meta:
    service_model: Any
    region_name: str
    partition: str = "aws"


class LambdaClient:
    """Answers ``invoke`` as boto3's client does.

    Args:
        functions: the functions by name.
        model: botocore's model of the service.
        region: the region in ARNs.
        account_id: the account in ARNs.
    """

    def __init__(self, functions: Mapping[str, Function], model: Any, region: str, account_id: str) -> None:
        self._functions = functions
        self._arn = f"arn:aws:lambda:{region}:{account_id}:function:"
        # Those that nobody waits for: InvocationType Event.
        self._background = DaemonThreads(8, "lambda-event")
        self.meta = _Meta(model, region)

    def invoke(
        self, *, FunctionName: str, Payload: bytes = b"{}", InvocationType: str = "RequestResponse", **_: Any
    ) -> dict[str, Any]:
        """Call a function.

        Args:
            FunctionName: its name or ARN; one of ``functions``.
            Payload: the event.
            InvocationType: ``RequestResponse``; ``Event`` to answer before it has run; ``DryRun`` not to run it.

        Returns:
            The response as boto3 returns it.

        Raises:
            UsageError: the function's endpoint does not answer.
        """
        if InvocationType == "DryRun":
            return _response(204, b"")
        name = str(function_name(FunctionName))
        if InvocationType == "Event":
            self._background.submit(self._call, name, Payload)
            return _response(202, b"")
        invocation = self._call(name, Payload)
        failure = {"FunctionError": "Unhandled"} if invocation.failed else {}
        return _response(200, invocation.payload) | {"ExecutedVersion": "$LATEST"} | failure

    def _call(self, name: str, payload: bytes) -> Invocation:
        function = self._functions[name]
        if isinstance(function, str):
            return _post(name, function, payload)
        return call_handler(function, name, f"{self._arn}{name}", payload)


def _post(name: str, url: str, payload: bytes) -> Invocation:
    """Call a function at its endpoint."""
    request = Request(url, data=payload or b"{}", headers={"Content-Type": "application/json"}, method="POST")
    try:
        with urlopen(request, timeout=_HTTP_SECONDS) as response:  # the scheme was checked: http or https
            body = response.read()
            return Invocation(body, "X-Amz-Function-Error" in response.headers or _is_error(body))
    except HTTPError as error:
        body = error.read()
        if _is_error(body):
            return Invocation(body, failed=True)
        what = f"answers with the HTTP status {error.code}"
    except (URLError, OSError, ValueError) as error:
        what = f"does not answer: {getattr(error, 'reason', error)}"
    raise UsageError(f"the Lambda function {name!r} at {url} {what}")


def _is_error(body: bytes) -> bool:
    """Return whether a body is the error of a function: Lambda's runtime interface emulator sends no header then."""
    try:
        value = json.loads(body)
    except ValueError:
        return False
    return (
        isinstance(value, dict)
        and {"errorType", "errorMessage"} <= value.keys()
        and (not value.keys() - {"errorType", "errorMessage", "requestId", "stackTrace", "cause", "trace"})
    )


def _response(status: int, payload: bytes) -> dict[str, Any]:
    request = str(uuid.uuid4())
    headers = {"Content-Type": "application/json", "Content-Length": str(len(payload)), "x-amzn-RequestId": request}
    metadata = {"HTTPStatusCode": status, "RequestId": request, "HTTPHeaders": headers, "RetryAttempts": 0}
    return {"StatusCode": status, "Payload": io.BytesIO(payload), "ResponseMetadata": metadata}
