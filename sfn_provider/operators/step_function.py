"""The operators that drive Step Functions; the modules beside this one hold them.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.operators.step_function``, where that
has the class. A DAG file pays for the classes that it uses: each is imported when it is asked for, and nothing here
imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.hooks.hook_user import lazy_hook

if TYPE_CHECKING:
    from sfn_provider.operators.execution import (
        StepFunctionRedriveExecutionOperator,
        StepFunctionStopExecutionOperator,
    )
    from sfn_provider.operators.execution_data import (
        StepFunctionDescribeExecutionOperator,
        StepFunctionGetExecutionOutputOperator,
    )
    from sfn_provider.operators.machine import (
        StepFunctionCreateOrUpdateStateMachineOperator,
        StepFunctionValidateStateMachineOperator,
    )
    from sfn_provider.operators.start_execution import StepFunctionStartExecutionOperator
    from sfn_provider.operators.sync_execution import StepFunctionStartSyncExecutionOperator
    from sfn_provider.operators.worker import (
        StepFunctionSendTaskFailureOperator,
        StepFunctionSendTaskHeartbeatOperator,
        StepFunctionSendTaskSuccessOperator,
    )

_MODULES: Final = {
    "StepFunctionCreateOrUpdateStateMachineOperator": "machine",
    "StepFunctionDescribeExecutionOperator": "execution_data",
    "StepFunctionGetExecutionOutputOperator": "execution_data",
    "StepFunctionRedriveExecutionOperator": "execution",
    "StepFunctionSendTaskFailureOperator": "worker",
    "StepFunctionSendTaskHeartbeatOperator": "worker",
    "StepFunctionSendTaskSuccessOperator": "worker",
    "StepFunctionStartExecutionOperator": "start_execution",
    "StepFunctionStartSyncExecutionOperator": "sync_execution",
    "StepFunctionStopExecutionOperator": "execution",
    "StepFunctionValidateStateMachineOperator": "machine",
}

__all__ = [
    "StepFunctionCreateOrUpdateStateMachineOperator",
    "StepFunctionDescribeExecutionOperator",
    "StepFunctionGetExecutionOutputOperator",
    "StepFunctionRedriveExecutionOperator",
    "StepFunctionSendTaskFailureOperator",
    "StepFunctionSendTaskHeartbeatOperator",
    "StepFunctionSendTaskSuccessOperator",
    "StepFunctionStartExecutionOperator",
    "StepFunctionStartSyncExecutionOperator",
    "StepFunctionStopExecutionOperator",
    "StepFunctionValidateStateMachineOperator",
]


def _get(name: str) -> Any:
    """Give a class, or the hook's, which tests may replace here.

    Raises:
        AttributeError: there is nothing of that name.
    """
    if name not in _MODULES:
        return lazy_hook(__name__, name)
    globals()[name] = getattr(import_module(f"sfn_provider.operators.{_MODULES[name]}"), name)
    return globals()[name]


if not TYPE_CHECKING:
    __getattr__ = _get
