"""The operators that drive Step Functions; the modules beside this one hold them.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.operators.step_function``, where that
has the class. A DAG file pays for the classes that it uses: each is imported when it is asked for, and nothing here
imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfn_provider.hooks.hook_user import lazy_classes

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

_HOMES: Final = {
    "StepFunctionCreateOrUpdateStateMachineOperator": "sfn_provider.operators.machine",
    "StepFunctionDescribeExecutionOperator": "sfn_provider.operators.execution_data",
    "StepFunctionGetExecutionOutputOperator": "sfn_provider.operators.execution_data",
    "StepFunctionRedriveExecutionOperator": "sfn_provider.operators.execution",
    "StepFunctionSendTaskFailureOperator": "sfn_provider.operators.worker",
    "StepFunctionSendTaskHeartbeatOperator": "sfn_provider.operators.worker",
    "StepFunctionSendTaskSuccessOperator": "sfn_provider.operators.worker",
    "StepFunctionStartExecutionOperator": "sfn_provider.operators.start_execution",
    "StepFunctionStartSyncExecutionOperator": "sfn_provider.operators.sync_execution",
    "StepFunctionStopExecutionOperator": "sfn_provider.operators.execution",
    "StepFunctionValidateStateMachineOperator": "sfn_provider.operators.machine",
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


if not TYPE_CHECKING:
    __getattr__ = lazy_classes(__name__, _HOMES)
