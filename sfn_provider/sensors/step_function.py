"""The sensors; the modules beside this one hold them.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.sensors.step_function``, where that has
the class. Nothing here imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sfn_provider.hooks.hook_user import lazy_hook
from sfn_provider.sensors.activity import StepFunctionActivityTaskSensor
from sfn_provider.sensors.execution import StepFunctionExecutionSensor
from sfn_provider.sensors.executions import StepFunctionExecutionsSensor
from sfn_provider.sensors.map_run import StepFunctionMapRunSensor
from sfn_provider.sensors.state import StepFunctionStateSensor

if not TYPE_CHECKING:
    __getattr__ = partial(lazy_hook, __name__)

__all__ = [
    "StepFunctionActivityTaskSensor",
    "StepFunctionExecutionSensor",
    "StepFunctionExecutionsSensor",
    "StepFunctionMapRunSensor",
    "StepFunctionStateSensor",
]
