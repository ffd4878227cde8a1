"""Which kind of value a call of AWS takes at a place in its parameters."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.compare.cases.made_cases import find_cases, made_mocks
from sfn_provider.compare.machine_analysis.parameter_kinds import parameter_kind

SDK = "arn:aws:states:::aws-sdk:"


@pytest.mark.parametrize(
    ("resource", "steps", "kind"),
    [
        (f"{SDK}forecast:createAutoPredictor", ["ForecastDimensions.$"], "list"),
        (f"{SDK}forecast:createAutoPredictor", ["DataConfig", "AttributeConfigs.$"], "list"),
        (f"{SDK}forecast:createAutoPredictor", ["DataConfig", "DatasetGroupArn.$"], "any"),
        (f"{SDK}ecs:runTask", ["Overrides", "ContainerOverrides", "0", "Cpu.$"], "number"),
        (f"{SDK}ecs:runTask", ["NetworkConfiguration", "AwsvpcConfiguration.$"], "object"),
        (f"{SDK}glue:createJob", ["DefaultArguments", "--name.$"], "any"),
        (f"{SDK}forecast:createAutoPredictor", ["DataConfig", "Unknown", "Inner.$"], "any"),
        (f"{SDK}nothing:doNothing", ["A", "B.$"], "any"),
        ("arn:aws:states:::ecs:runTask", ["Overrides", "ContainerOverrides", "0", "Cpu.$"], "number"),
        ("arn:aws:states:::lambda:invoke", ["Payload", "x.$"], "any"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", ["x.$"], "any"),
    ],
)
def test_a_parameter_takes_what_the_model_of_the_service_says(resource: str, steps: list[str], kind: str) -> None:
    assert parameter_kind(resource, steps) == kind


def test_cases_give_parts_of_a_parameter_values_that_the_service_takes() -> None:
    config = {"DatasetGroupArn.$": "$.group", "AttributeConfigs.$": "States.StringToJson($.attributes)"}
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": f"{SDK}forecast:createAutoPredictor",
        "Parameters": {"PredictorName": "p", "DataConfig": config},
        "End": True,
    }
    made = made_mocks(find_cases(parse({"StartAt": "A", "States": {"A": state}})))
    assert {mocks.input["attributes"] for mocks in made.values()} == {"[]"}
