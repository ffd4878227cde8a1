"""States for tests of the native style, and the DAG that is made of them."""

from __future__ import annotations

from typing import Any

from sfn_provider.translate import Translation, translate

VERSION = "3.3.1"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


def function(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": function(name), **fields}


def optimized(resource: str, parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, **fields}


def publish(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", **fields}


def catch(target: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"ErrorEquals": ["States.ALL"], "Next": target, **fields}]


def native(states: dict[str, Any], version: str = VERSION, **fields: Any) -> Translation:
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    return translate(definition, dag_id="x", style="native", airflow_version=version)
