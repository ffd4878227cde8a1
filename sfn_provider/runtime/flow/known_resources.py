"""Recognizes Resources of Tasks that are surely valid, by a table with a hash of each integration.

``make aws-models`` writes the table from those that the linter reads, which take a thousand times longer to read. What
is not in it, a misspelt action or one that only a newer botocore has, is left to the linter.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

TABLE_FILE: Final = Path(__file__).with_name("known_resources.bin")

_HASH_BYTES: Final = 5
"""Of each hash: one misspelt name in 50 million has the hash of an integration."""

_INTEGRATION: Final = re.compile(r"arn:aws[a-z-]*:states:::(.+)")
_FUNCTION: Final = re.compile(r"arn:aws[a-z-]*:(?:lambda:[\w-]+:\d+:function|states:[\w-]+:\d+:activity):[\w:$-]+")


@lru_cache(256)
def is_known_resource(resource: str) -> bool:
    """Return True for the ARN of a Lambda function, an activity or an integration that Step Functions has.

    Args:
        resource: the Resource as in the definition.
    """
    call = _INTEGRATION.fullmatch(resource)
    if call is None:
        # With a placeholder, ${Function.Arn}, the linter knows nothing either.
        return "${" in resource or _FUNCTION.fullmatch(resource) is not None
    name = call[1].removesuffix(".waitForTaskToken") if call[1].startswith("aws-sdk:") else call[1]
    table, wanted = _read_table(), _hash(name)
    count = len(table) // _HASH_BYTES
    place = bisect_left(range(count), wanted, key=lambda entry: _entry(table, entry))
    return place < count and _entry(table, place) == wanted


def _entry(table: bytes, number: int) -> bytes:
    return table[number * _HASH_BYTES : (number + 1) * _HASH_BYTES]


def _hash(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=_HASH_BYTES).digest()


@cache
def _read_table() -> bytes:
    return TABLE_FILE.read_bytes()


def integration_names() -> Iterator[str]:
    """Yield every integration as in ARNs: ``glue:startJobRun.sync``. Reads the linter's tables.

    Optimized ones have each of their patterns. Those of the AWS SDK have none: each can wait for a task token.
    """
    from sfn_provider.asl.aws_actions.optimized_actions import OPTIMIZED_ACTIONS
    from sfn_provider.asl.aws_actions.service_actions import service_actions, service_names
    from sfn_provider.asl.lint_rules.service_calls import OWN_ENDPOINTS, RETIRED_SERVICES

    for service, actions in OPTIMIZED_ACTIONS.items():
        for action, patterns in actions.items():
            for pattern in patterns:
                yield f"{service}:{action}{'' if pattern == 'request_response' else '.' + pattern}"
    for service in service_names("aws-sdk"):
        known = service_actions("aws-sdk", service)
        if known is not None and service not in OWN_ENDPOINTS | RETIRED_SERVICES:
            for action in known.names:
                yield f"aws-sdk:{service}:{action}"


def make_table() -> bytes:
    """Return the table of all integrations: their hashes in order."""
    return b"".join(sorted({_hash(name) for name in integration_names()}))


if __name__ == "__main__":
    TABLE_FILE.write_bytes(make_table())
