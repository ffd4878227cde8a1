"""A Task for each row of the table."""

from __future__ import annotations

from tests.translate.native.operator_table import (
    samples_containers,
    samples_data,
    samples_emr,
    samples_instances,
    samples_machine_learning,
    samples_messages,
    samples_storage,
)

_MODULES = (
    samples_containers,
    samples_data,
    samples_emr,
    samples_instances,
    samples_machine_learning,
    samples_messages,
    samples_storage,
)
SAMPLES = tuple(sample for module in _MODULES for sample in module.SAMPLES)
