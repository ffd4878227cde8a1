"""Machines for tests of made cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfn_provider.asl import parse
from sfn_provider.compare.cases.made_cases import MadeCases, made_mocks
from sfn_provider.compare.machine_analysis.coverage import CoverageObserver
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine import simulate

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:F"
DONE = {"Type": "Succeed"}


def machine(start: str, states: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": start, "States": dict(states), **fields}


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA, "End": True} | fields


def choice(*rules: Mapping[str, Any], default: str = "No") -> dict[str, Any]:
    return {"Type": "Choice", "Choices": list(rules), "Default": default}


def ends(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, DONE)


def distributed(reader: dict[str, Any], **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    body = machine(
        "Who", {"Who": choice({"Variable": "$.who", "StringEquals": "bob", "Next": "Yes"}), **ends("Yes", "No")}
    )
    return {"Type": "Map", "ItemReader": reader, "ItemProcessor": config | body, "End": True, **fields}


def s3_reader(**config: Any) -> dict[str, Any]:
    parameters = {"Bucket.$": "$.bucket", "Key": "data"}
    return {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": parameters}


def verify(definition: dict[str, Any], made: MadeCases) -> set[str]:
    """Run the made cases; return the keys of what they reach. None may need what its mocks lack."""
    observer = CoverageObserver(MachineParts(parse(definition)))
    for mocks in made_mocks(made).values():
        simulate(definition, mocks.input, mocks=mocks.fresh(), observer=observer)
    return {part.key for part in observer.reached}
