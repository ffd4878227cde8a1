"""The operators that drive Step Functions; the modules beside this one hold them.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.operators.step_function``, where that
has the class. Nothing here imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sfn_provider.hooks.hook_user import lazy_hook
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

if not TYPE_CHECKING:
    __getattr__ = partial(lazy_hook, __name__)

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
