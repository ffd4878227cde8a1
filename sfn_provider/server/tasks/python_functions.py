"""Calls Python functions as Lambda calls them, with an event and a context object."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from sfn_provider.exceptions import UsageError

Handler = Callable[[Any, "LambdaContext"], Any]

_SECONDS: Final = 900.0
"""How long a function of Lambda may run at most."""


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """The context object of a call, with the members that Lambda's has.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    function_name: str
    invoked_function_arn: str
    aws_request_id: str
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "128"
    log_group_name: str = ""
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None
    _deadline: float = field(default_factory=lambda: time.monotonic() + _SECONDS, repr=False)

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda would end the function."""
        return max(0, round((self._deadline - time.monotonic()) * 1000))

    def log(self, message: object) -> None:
        """Write a message to standard output."""
        print(message)


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a function ended.

    Args:
        payload: JSON text: its result, or the details of its error.
        failed: it has failed.
    """

    payload: bytes
    failed: bool = False


def load_handler(target: str) -> Handler:
    """Import a function.

    Args:
        target: ``module:function`` or ``path/to/file.py:function``; modules are searched in the current folder, too.

    Raises:
        UsageError: it cannot be imported, or is no function.
    """
    place, _, name = target.rpartition(":")
    if not place or not name.isidentifier():
        raise UsageError(f"{target!r} names no function: write module:function or path/to/file.py:function")
    try:
        module = _load_file(Path(place)) if place.endswith(".py") else _load_module(place)
    except (Exception, SystemExit) as error:  # whatever the user's module raises when it is imported
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"the function {target!r} cannot be imported: {what}{_failing_line(error)}") from error
    handler = getattr(module, name, None)
    if not callable(handler):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise UsageError(f"{place} has no function {name!r}; it has {', '.join(functions) or 'none'}")
    found: Handler = handler
    return found


def _load_module(name: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    # Several functions may be in files of the same name: each module has the name of its path.
    spec = importlib.util.spec_from_file_location(f"lambda_function_{uuid.uuid5(uuid.NAMESPACE_URL, str(path))}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    folder = str(path.resolve().parent)  # as in Lambda, where a function's folder is on the search path
    if folder not in sys.path:
        sys.path.append(folder)
    spec.loader.exec_module(module)
    return module


def _failing_line(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((frame for frame in reversed(frames) if "importlib" not in frame.filename), None)
    return f" (line {frame.lineno} of {frame.filename})" if frame is not None and frame.filename != __file__ else ""


def call_handler(handler: Handler, name: str, arn: str, payload: bytes) -> Invocation:
    """Call a function with a payload, in this thread.

    Args:
        handler: the function.
        name: its name in Lambda.
        arn: its ARN.
        payload: the event as JSON text; ``{}`` for none.

    Returns:
        Its result as JSON text; where it raises, ``errorMessage``, ``errorType``, ``requestId`` and ``stackTrace`` as
        Lambda's Python runtime writes them.
    """
    request = str(uuid.uuid4())
    context = LambdaContext(name, arn, request, log_group_name=f"/aws/lambda/{name}")
    try:
        result = handler(json.loads(payload or b"{}"), context)
    except SystemExit as error:
        message = f"RequestId: {request} Error: Runtime exited with error: exit status {error.code or 0}"
        return Invocation(_json({"errorMessage": message, "errorType": "Runtime.ExitError"}), failed=True)
    except Exception as error:  # whatever a function raises is its error
        return Invocation(_json(_details(error, request)), failed=True)
    try:
        return Invocation(_json(result))
    except (TypeError, ValueError, RecursionError) as error:
        message = f"Unable to marshal response: {error}"
        details = {"errorMessage": message, "errorType": "Runtime.MarshalError", "requestId": request, "stackTrace": []}
        return Invocation(_json(details), failed=True)


def _details(error: Exception, request: str) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[1:]  # without `call_handler`
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request,
        "stackTrace": traceback.format_list(frames),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, default=_number).encode()


def _number(value: Any) -> int | float:
    """Return a Decimal, as boto3 reads numbers of DynamoDB, as a number: Lambda's runtime does so, too."""
    if not isinstance(value, Decimal):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return int(value) if value == value.to_integral_value() else float(value)
