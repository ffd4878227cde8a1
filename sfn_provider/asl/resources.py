"""Parses the Resource of a Task: the ARN of a function, an activity or a service integration.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html; how events render it, recorded executions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["lambda", "activity", "optimized", "aws-sdk", "http:invoke", "unknown"]
Pattern = Literal["request_response", "sync", "sync:2", "waitForTaskToken"]

# A part of an ARN may be a placeholder that has colons itself: ${AWS::Partition}.
_PART = r"((?:\$\{[^}]*\}|[^:$]|\$(?!\{))*)"
_ARN = re.compile(rf"arn:{_PART}:{_PART}:{_PART}:{_PART}:(.+)", re.DOTALL)
_INTEGRATION = re.compile(r"(aws-sdk:)?([^:.]+):([^:.]+)(?:\.(sync|sync:2|waitForTaskToken))?")
_PATTERNS: dict[str | None, Pattern] = {
    None: "request_response",
    "sync": "sync",
    "sync:2": "sync:2",
    "waitForTaskToken": "waitForTaskToken",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A parsed Resource.

    Args:
        text: the Resource as written.
        kind: ``lambda`` and ``activity`` for their own ARNs; ``optimized``, ``aws-sdk`` and ``http:invoke`` for
            integrations; ``unknown`` for everything else, placeholders such as ``${Function.Arn}`` included.
        service: the service of an integration as the ARN writes it, for example ``glue``; for ``lambda`` and
            ``activity`` that word.
        action: the action, for example ``startJobRun``; None where the ARN has none.
        pattern: how the task waits.
        partition: from the ARN; None where the text is none.
        region: from the ARN; None where it has none.
        account: from the ARN; None where it has none.
    """

    text: str
    kind: Kind
    service: str | None = None
    action: str | None = None
    pattern: Pattern = "request_response"
    partition: str | None = None
    region: str | None = None
    account: str | None = None

    @property
    def resource(self) -> str:
        """``resource`` in GetExecutionHistory's events: ``startJobRun.sync``; the ARN of a function or activity."""
        if self.action is None:
            return self.text
        return self.action if self.pattern == "request_response" else f"{self.action}.{self.pattern}"

    @property
    def resource_type(self) -> str | None:
        """``resourceType`` in GetExecutionHistory's TaskScheduled: ``glue``, ``aws-sdk:dynamodb``; None if unknown."""
        return f"aws-sdk:{self.service}" if self.kind == "aws-sdk" else self.service


def parse_resource(text: str) -> Resource:
    """Parse a Task's Resource. Nothing is refused: what is not known is of the kind ``unknown``.

    Args:
        text: an ARN of any partition, or anything else.
    """
    match = _ARN.fullmatch(text)
    if match is None:
        return Resource(text, "unknown")
    partition, service, region, account = (part or None for part in match.groups()[:4])
    rest = match[5]
    if service == "lambda" and rest.startswith("function:"):
        return Resource(text, "lambda", "lambda", None, "request_response", partition, region, account)
    if service == "states" and rest.startswith("activity:"):
        return Resource(text, "activity", "activity", None, "request_response", partition, region, account)
    call = _INTEGRATION.fullmatch(rest)
    if service != "states" or region or account or call is None:
        return Resource(text, "unknown", None, None, "request_response", partition, region, account)
    sdk, name, action, pattern = call.groups()
    kind: Kind = "aws-sdk" if sdk else "http:invoke" if (name, action) == ("http", "invoke") else "optimized"
    return Resource(text, kind, name, action, _PATTERNS[pattern], partition)
