"""Attributes of DynamoDB that are known only in a run: objects, or texts, as Step Functions takes both."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session

from sfn_provider.integrations.value_shapes import OPTIMIZED_STYLE, ParameterReader
from sfn_provider.translate import Translation, translate

PUT = "arn:aws:states:::dynamodb:putItem"


def native(resource: str, **parameters: Any) -> Translation:
    state = {"Type": "Task", "Resource": resource, "Parameters": {"TableName": "t", **parameters}, "End": True}
    definition = {"StartAt": "Put", "States": {"Put": state}}
    return translate(definition, dag_id="x", style="native", airflow_version="3.3.1")


PARAMETERS = [
    ({"Item.$": "$.item"}, 'Item=attributes(params["item"])'),
    ({"Item": {"id.$": "$.id"}}, 'Item={"id": attribute(params["id"])}'),
    ({"Item": {"all": {"M.$": "$.all"}}}, 'Item={"all": {"M": attributes(params["all"])}}'),
    ({"Item": {"all": {"L.$": "$.all"}}}, 'Item={"all": {"L": [attribute(value) for value in params["all"]]}}'),
]


@pytest.mark.parametrize(("parameters", "line"), PARAMETERS)
def test_what_a_run_knows_is_made_an_attribute(parameters: dict[str, Any], line: str) -> None:
    made = native(PUT, **parameters)
    assert "sfn_provider" not in made.source
    assert line in made.source


VALUES: list[Any] = [
    {},
    {"id": "a"},
    {"id": {"S": "a"}, "n": {"N": "1"}},
    {"all": {"M": {"id": "a", "more": {"M": {"x": "y", "z": {"BOOL": True}}}}}},
    {"list": {"L": ["a", {"S": "b"}, {"L": ["c"]}]}},
    {"set": {"SS": ["a", "b"]}},
]


@pytest.mark.parametrize("value", VALUES)
def test_the_function_makes_what_step_functions_sends(value: dict[str, Any]) -> None:
    source = native(PUT, **{"Item.$": "$.item"}).source
    start = source.index("def attributes(")
    names: dict[str, Any] = {}
    exec(source[start : source.index("with DAG(")], names)
    shape = get_session().get_service_model("dynamodb").operation_model("PutItem").input_shape
    reader = ParameterReader(OPTIMIZED_STYLE)
    assert names["attributes"](value) == reader.arguments(shape, {"TableName": "t", "Item": value})["Item"]
    assert reader.problems == []


@pytest.mark.parametrize(
    ("resource", "item"),
    [(PUT, {"Item": {"id": 1}}), ("arn:aws:states:::aws-sdk:dynamodb:putItem", {"Item": {"id.$": "$.id"}})],
    ids=["a number is none", "actions of the AWS SDK take objects alone"],
)
def test_other_values_stay_exact(resource: str, item: dict[str, Any]) -> None:
    assert [found.state for found in native(resource, **item).findings if found.code == "STAYS_EXACT"] == ["Put"]
