"""Import path of the sensors for Step Functions, compatible with the amazon provider's.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.sensors.step_function`` for the class
that it has. Each class is imported on first use, so that a DAG file pays only for the classes that it uses; none
imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfn_provider.driving.aws_hook_mixin import lazy_class_loader

if TYPE_CHECKING:
    from sfn_provider.sensors.activity import StepFunctionActivityTaskSensor
    from sfn_provider.sensors.execution import StepFunctionExecutionSensor
    from sfn_provider.sensors.executions import StepFunctionExecutionsSensor
    from sfn_provider.sensors.map_run import StepFunctionMapRunSensor
    from sfn_provider.sensors.state import StepFunctionStateSensor

_MODULES: Final = {
    "StepFunctionActivityTaskSensor": "sfn_provider.sensors.activity",
    "StepFunctionExecutionSensor": "sfn_provider.sensors.execution",
    "StepFunctionExecutionsSensor": "sfn_provider.sensors.executions",
    "StepFunctionMapRunSensor": "sfn_provider.sensors.map_run",
    "StepFunctionStateSensor": "sfn_provider.sensors.state",
}

__all__ = [
    "StepFunctionActivityTaskSensor",
    "StepFunctionExecutionSensor",
    "StepFunctionExecutionsSensor",
    "StepFunctionMapRunSensor",
    "StepFunctionStateSensor",
]

if not TYPE_CHECKING:
    __getattr__ = lazy_class_loader(__name__, _MODULES)
