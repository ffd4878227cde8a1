"""Import path of the operators that drive Step Functions, compatible with the amazon provider's.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.operators.step_function`` for the
classes that it has. Each class is imported on first use, so that a DAG file pays only for the classes that it uses;
none imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfn_provider.driving.aws_hook_mixin import lazy_class_loader

if TYPE_CHECKING:
    from sfn_provider.operators.deployment import (
        StepFunctionCreateOrUpdateStateMachineOperator,
        StepFunctionValidateStateMachineOperator,
    )
    from sfn_provider.operators.describe import (
        StepFunctionDescribeExecutionOperator,
        StepFunctionGetExecutionOutputOperator,
    )
    from sfn_provider.operators.start_execution import StepFunctionStartExecutionOperator
    from sfn_provider.operators.stop_redrive import (
        StepFunctionRedriveExecutionOperator,
        StepFunctionStopExecutionOperator,
    )
    from sfn_provider.operators.sync_execution import StepFunctionStartSyncExecutionOperator
    from sfn_provider.operators.task_token import (
        StepFunctionSendTaskFailureOperator,
        StepFunctionSendTaskHeartbeatOperator,
        StepFunctionSendTaskSuccessOperator,
    )

_MODULES: Final = {
    "StepFunctionCreateOrUpdateStateMachineOperator": "sfn_provider.operators.deployment",
    "StepFunctionDescribeExecutionOperator": "sfn_provider.operators.describe",
    "StepFunctionGetExecutionOutputOperator": "sfn_provider.operators.describe",
    "StepFunctionRedriveExecutionOperator": "sfn_provider.operators.stop_redrive",
    "StepFunctionSendTaskFailureOperator": "sfn_provider.operators.task_token",
    "StepFunctionSendTaskHeartbeatOperator": "sfn_provider.operators.task_token",
    "StepFunctionSendTaskSuccessOperator": "sfn_provider.operators.task_token",
    "StepFunctionStartExecutionOperator": "sfn_provider.operators.start_execution",
    "StepFunctionStartSyncExecutionOperator": "sfn_provider.operators.sync_execution",
    "StepFunctionStopExecutionOperator": "sfn_provider.operators.stop_redrive",
    "StepFunctionValidateStateMachineOperator": "sfn_provider.operators.deployment",
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
    __getattr__ = lazy_class_loader(__name__, _MODULES)
