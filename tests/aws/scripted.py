"""AWS with answers that a test scripts, by action or by path: for answers that moto does not give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.aws.server import Answer, ErrorResponse, Request, point_clients_at, serve


@dataclass
class ScriptedAws:
    """What each operation answers, and what was asked.

    Operations are named by their action; by their path where the service speaks REST.
    """

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    calls: list[tuple[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def script(self, operation: str, *answers: Answer) -> None:
        """Give an operation's answers, one a call; the last one repeats."""
        self.answers[operation] = list(answers)

    def bodies(self, operation: str) -> list[dict[str, Any]]:
        """The requests of an operation, call by call."""
        return [body for name, body in self.calls if name == operation]

    def actions(self) -> list[str]:
        """The operations called, in order."""
        return [name for name, _ in self.calls]

    def __call__(self, request: Request) -> Answer:
        """Answer a request; an operation without a script is refused."""
        operation = request.action or request.path
        self.calls.append((operation, request.body))
        self.requests.append(request)
        left = self.answers[operation]
        if not left:
            return ErrorResponse("NotScripted", f"{operation} has no scripted answer")
        return left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
def scripted_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAws]:
    """Point every AWS client at a scripted server. Pauses after errors take no time, and clients do not retry."""
    script = ScriptedAws()
    with serve(script) as script.url:
        point_clients_at(script.url, monkeypatch, retry=False)
        monkeypatch.setattr("sfn_provider.executions.aws_errors.INITIAL_DELAY", 0.0)
        yield script
