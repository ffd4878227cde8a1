"""Lambda with functions in Python, for a real Airflow: moto cannot run functions without containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest

from tests.aws.server import Request, Response, serve

Json = Any


class FunctionError(Exception):
    """A function raises it to fail with an error of its own: its name and its message."""


@dataclass
class LambdaFunctions:
    """The functions by name, and what they were called with.

    Names are one test's own: the server is shared, as the real Airflow is.
    """

    url: str = ""
    bodies: dict[str, Callable[[Json], Json]] = field(default_factory=dict)
    calls: list[tuple[str, Json]] = field(default_factory=list)

    def add(self, name: str, body: Callable[[Json], Json]) -> str:
        """Make a function and give its ARN. Its body is called in a thread, with the payload."""
        self.bodies[name] = body
        return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"

    def calls_of(self, name: str) -> list[Json]:
        """The payloads that a function was called with, in order."""
        return [payload for called, payload in self.calls if called == name]

    def __call__(self, request: Request) -> Response:
        """Invoke a function: ``/2015-03-31/functions/NAME_OR_ARN/invocations``."""
        name = unquote(request.path.split("/")[3]).rpartition(":")[2]
        self.calls.append((name, request.body))
        try:
            return Response(self.bodies[name](request.body))
        except FunctionError as error:
            kind, message = error.args
            failure = {"errorType": kind, "errorMessage": message}
            return Response(failure, headers={"X-Amz-Function-Error": "Unhandled"})


@pytest.fixture(scope="session")
def lambda_functions() -> Iterator[LambdaFunctions]:
    """Lambda on a free port; the tasks of the real Airflow call it."""
    functions = LambdaFunctions()
    with serve(functions) as functions.url:
        yield functions
