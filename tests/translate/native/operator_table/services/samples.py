"""A Task for each row of the table."""

from __future__ import annotations

from dataclasses import replace

from sfn_provider.translate.native.operator_table.services.sdk_actions import SAME_ACTIONS
from tests.translate.native.operator_table.services import (
    samples_containers,
    samples_data,
    samples_emr,
    samples_instances,
    samples_machine_learning,
    samples_messages,
    samples_storage,
)
from tests.translate.native.operator_table.services.sample import Sample

_MODULES = (
    samples_containers,
    samples_data,
    samples_emr,
    samples_instances,
    samples_machine_learning,
    samples_messages,
    samples_storage,
)
_SAMPLES = tuple(sample for module in _MODULES for sample in module.SAMPLES)
_ACTIONS = {same: resource for resource, same in SAME_ACTIONS.items()}
# By the AWS SDK the token is the Task's.
_TOKEN = {name: {"ClientToken": "token"} for name in ("emr-containers:startJobRun", "emr-serverless:startJobRun")}


def by_sdk(sample: Sample) -> Sample:
    """The Task that calls the same action by the AWS SDK."""
    parameters = sample.parameters | _TOKEN.get(sample.resource, {})
    return replace(sample, resource=_ACTIONS[sample.resource], parameters=parameters)


SAMPLES = (*_SAMPLES, *(by_sdk(sample) for sample in _SAMPLES if sample.resource in _ACTIONS))
