"""A Task for each row of the table."""

from __future__ import annotations

from tests.translate.native.operator_table import samples_data, samples_messages

SAMPLES = (*samples_messages.SAMPLES, *samples_data.SAMPLES)
