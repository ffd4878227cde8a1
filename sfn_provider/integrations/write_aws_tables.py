"""Writes the shipped tables of AWS's actions and of the optimized integrations' operations.

``make aws-models`` runs it, with the installed botocore. `sfn_provider.asl.aws_actions.service_actions` and
`sfn_provider.asl.aws_actions.api_operations` read the tables.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sfn_provider.asl.aws_actions.api_operations import OPERATIONS_FILE, CalledOperation, optimized_operations
from sfn_provider.asl.aws_actions.botocore_actions import optimized_lines, sdk_lines, sdk_services
from sfn_provider.asl.aws_actions.service_actions import TABLE_FILES, Family
from sfn_provider.botocore_models.models import BotocoreModels, botocore_source
from sfn_provider.integrations.adapters import api_gateway, http_task, kubernetes
from sfn_provider.integrations.adapters.parameter_checks import ParameterField
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.json_templates import ResponsePart
from sfn_provider.integrations.optimized import transforms
from sfn_provider.integrations.optimized.bedrock import INTEGRATION_FIELDS
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.sync_job import unchanged_response

_ADAPTER_FIELDS: Final[Mapping[str, Mapping[str, ParameterField]]] = {
    "apigateway:invoke": api_gateway.FIELDS,
    "http:invoke": http_task.FIELDS,
    "eks:call": kubernetes.FIELDS["Call"],
    "eks:runJob": kubernetes.FIELDS["RunJob"],
}
_ADAPTER_TYPES: Final[Mapping[str, str]] = {"text": "=t", "object": "=o", "flag": "=b"}
"""The types in the tables by the kind of an adapter's field; others may be anything."""

_ADDED_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {"bedrock:invokeModel": INTEGRATION_FIELDS}
"""Fields that an integration adds to those of its operation, beside the required ones."""

_FREE_FIELDS: Final[Mapping[Any, tuple[str, ...]]] = {
    transforms.lambda_result: ("Payload",),
    transforms.execution_with_values: ("Input", "Output"),
    transforms.put_events_result: (),
    unchanged_response: (),
}
"""The fields that a task's result has as any JSON value, by what makes the result of the API's response."""


def make_operations() -> str:
    """Make the table of the optimized integrations' operations: a line for each."""
    rows = {name: _operation(row) for name, row in OPTIMIZED_INTEGRATIONS.items()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    return f"{{\n{lines}\n}}\n"


def _operation(row: Integration) -> dict[str, Any]:
    found: dict[str, Any] = {"client": row.client}
    if row.adapter == "aws":
        found["operation"] = row.operation
    if row.required is not None:
        found["required"] = row.required
    if row.unsupported:
        found["unsupported"] = sorted(row.unsupported)
    if row.name in _ADDED_FIELDS:
        found["added"] = _ADDED_FIELDS[row.name]
    return found | {"results": {pattern: _result_source(row, pattern) for pattern in row.patterns}}


def _result_source(row: Integration, pattern: Any) -> dict[str, Any] | None:
    operation, result = row.operation, row.result
    job = row.syncs.get(pattern)
    if job is not None:
        if job.succeeds_when_gone or job.include_submission:
            return None
        operation, result = job.describe.operation, job.result
    if row.adapter != "aws" or pattern == "waitForTaskToken":
        return None
    if isinstance(result, ResponsePart):
        return {"operation": operation, "path": result.path}
    free = _FREE_FIELDS.get(result)
    return None if free is None else {"operation": operation, **({"free": free} if free else {})}


def _adapter_line(name: str) -> str:
    fields = _ADAPTER_FIELDS[name].items()
    return " ".join(f"{'*' * field.required}{name}{_ADAPTER_TYPES.get(field.kind, '')}" for name, field in fields)


def _sdk_blocks(models: BotocoreModels) -> Iterator[list[str]]:
    for name, services in sorted(sdk_services().items()):
        lines = {line.partition(" ")[0]: line for boto in services for line in sdk_lines(models, boto, nested=False)}
        yield [name, *(lines[action] for action in sorted(lines))]


def _optimized_blocks(models: BotocoreModels) -> Iterator[list[str]]:
    by_service: dict[str, dict[str, CalledOperation]] = defaultdict(dict)
    for name, called in optimized_operations().items():
        service, _, action = name.partition(":")
        by_service[service][action] = called
    for service, operations in sorted(by_service.items()):
        names = {action: f"{service}:{action}" for action in operations}
        adapters = {action: _adapter_line(name) for action, name in names.items() if name in _ADAPTER_FIELDS}
        yield [service, *optimized_lines(models, operations, adapters)]


_BLOCKS: Final[dict[Family, Callable[[BotocoreModels], Iterator[list[str]]]]] = {
    "optimized": _optimized_blocks,
    "aws-sdk": _sdk_blocks,
}


def make_table(family: Family) -> str:
    """Make a table of the installed botocore's models. That of the AWS SDK takes half a minute."""
    blocks = ["\n".join(lines) for lines in _BLOCKS[family](BotocoreModels())]
    return "\n\n".join([f"# {botocore_source()}", *blocks, ""])


def write_tables() -> None:
    """Write the tables that are shipped; the same botocore gives the same bytes."""
    OPERATIONS_FILE.write_text(make_operations(), encoding="utf-8")
    for family, path in TABLE_FILES.items():
        path.write_bytes(gzip.compress(make_table(family).encode(), 9, mtime=0))


if __name__ == "__main__":
    write_tables()
