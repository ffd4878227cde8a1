"""Rows of actions of the AWS SDK that are called by optimized integrations, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sfn_provider.translate.native.operator_table.services import containers, data, emr, machine_learning

_OPTIMIZED: Final = {row.resource: row for rows in (data, containers, emr, machine_learning) for row in rows.ROWS}

SAME_ACTIONS: Final[Mapping[str, str]] = {
    "aws-sdk:batch:submitJob": "batch:submitJob",
    "aws-sdk:databrew:startJobRun": "databrew:startJobRun",
    "aws-sdk:ecs:runTask": "ecs:runTask",
    "aws-sdk:emrcontainers:startJobRun": "emr-containers:startJobRun",
    "aws-sdk:emrserverless:startJobRun": "emr-serverless:startJobRun",
    "aws-sdk:emrserverless:stopApplication": "emr-serverless:stopApplication",
    "aws-sdk:glue:startJobRun": "glue:startJobRun",
    **{
        f"aws-sdk:sagemaker:{action}": f"sagemaker:{action}"
        for action in (
            *("createEndpointConfig", "createHyperParameterTuningJob", "createModel", "createProcessingJob"),
            *("createTrainingJob", "createTransformJob", "updateEndpoint"),
        )
    },
}
"""The optimized integration with the same parameters and result, by the action of the AWS SDK."""


ROWS: Final = tuple(replace(_OPTIMIZED[same], resource=resource) for resource, same in SAME_ACTIONS.items())
"""The rows of these actions."""
