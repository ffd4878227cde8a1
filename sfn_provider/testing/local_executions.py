"""Describes executions on the local server for tests, and asserts how they went."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.testing.json_differences import differences, is_different, json_text


@dataclass(frozen=True)
class LocalExecution:
    """An execution on the server, with what a test asks of it.

    Args:
        description: DescribeExecution's answer, times in seconds since the epoch.
        events: its history, as GetExecutionHistory returns it.
    """

    description: Mapping[str, Any] = field(repr=False)
    events: Sequence[Mapping[str, Any]] = field(repr=False)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.description["executionArn"])

    @property
    def status(self) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE."""
        return str(self.description["status"])

    @property
    def input(self) -> Json:
        """Its input as a JSON value."""
        return json.loads(self.description.get("input", "null"))

    @property
    def output(self) -> Json:
        """Its output as a JSON value; `MISSING` where it has none."""
        return json.loads(self.description["output"]) if "output" in self.description else MISSING

    @property
    def error(self) -> str | None:
        """The name of its error."""
        return self.description.get("error")

    @property
    def cause(self) -> str | None:
        """The cause of its error."""
        return self.description.get("cause")

    @property
    def states(self) -> list[str]:
        """The names of the states that it has entered, in order."""
        entered = (event for event in self.events if str(event["type"]).endswith("StateEntered"))
        return [str(event["stateEnteredEventDetails"]["name"]) for event in entered]

    def check(self, **expected: Any) -> None:
        """Compare it with what a test expects.

        Args:
            expected: properties by name; MISSING for one that is not compared.

        Raises:
            AssertionError: one differs; says how the execution went.
        """
        __tracebackhide__ = True
        for name, value in expected.items():
            found = getattr(self, name)
            if value is not MISSING and is_different(found, value):
                lines = [f"Expected the {name} {json_text(value)}", *differences(found, value)]
                raise AssertionError("\n".join([self.story(), *lines]))

    def story(self) -> str:
        """Return in a few lines how the execution went."""
        lines = [f"The execution {self.arn} is {self.status}", f"  states: {', '.join(self.states) or 'none'}"]
        if self.output is not MISSING:
            lines.append(f"  output: {json_text(self.output)}")
        facts = {"error": self.error, "cause": self.cause}
        return "\n".join(lines + [f"  {name}: {text}" for name, text in facts.items() if text is not None])
