"""Rows of SageMaker, Bedrock and Comprehend."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sfn_provider.translate.native.operator_table.row import Argument, OperatorRow, Returned
from sfn_provider.translate.native.operator_table.services.rows import attempts, constant, operator, untemplated

_CHECKS_INPUT: Final = "It reads the bucket and key of the input first: without them, or without permission, it fails."
_GOES_ON: Final = "The job goes on where the task is stopped."
_INPUT_READS: Final = ("HeadBucket", "HeadObject", "ListObjectsV2")


def _sagemaker(
    action: str, name: str, key: str, fields: tuple[str, ...], constants: dict[str, Any], **others: Any
) -> OperatorRow:
    """Make a row of SageMaker, where a dict takes all parameters and the result is a description.

    Args:
        action: the action: ``createModel``.
        name: the operator.
        key: where its return value has the description.
        fields: members of the description that are read as they are; times are texts there.
        constants: as of the row.
        others: other fields of the row.
    """
    return OperatorRow(
        f"sagemaker:{action}",
        operator(f"sagemaker.SageMaker{name}Operator"),
        action[:1].upper() + action[1:],
        constants=constants,
        passthrough="config",
        returns={f"$.{field}": Returned(path=(key, field)) for field in fields},
        **others,
    )


def _job(kind: str, key: str, constants: dict[str, Any], **others: Any) -> tuple[OperatorRow, OperatorRow]:
    """Make the rows of a kind of job, without and with waiting."""
    name = f"{kind}Job"
    started = _sagemaker(
        f"create{name}",
        key,
        key,
        (f"{name}Arn",),
        constants | {"wait_for_completion": False, "deferrable": False},
        required=(f"{name}Name",),
        **others,
    )
    waits = {"check_interval": 30, "max_attempts": attempts(30)}
    status = {f"$.{name}Status": constant("Completed"), f"$.{name}Name": Returned(path=(key, f"{name}Name"))}
    ended = replace(
        started,
        resource=f"{started.resource}.sync",
        constants=constants | waits,
        deferrable="deferrable",
        returns=dict(started.returns) | status,
        lost=(*started.lost, _GOES_ON),
    )
    return started, ended


_NAME_AS_IT_IS: Final = {"check_if_job_exists": False}
_TRAINING: Final = _job(
    "Training",
    "Training",
    _NAME_AS_IT_IS | {"print_log": False},
    reads=("DescribeTrainingJob", *_INPUT_READS),
    lost=(_CHECKS_INPUT,),
)
_TRANSFORM: Final = _job(
    "Transform",
    "Transform",
    _NAME_AS_IT_IS,
    reads=("DescribeTransformJob", "DescribeModel", *_INPUT_READS),
    lost=(_CHECKS_INPUT,),
)
_PROCESSING: Final = _job(
    "Processing", "Processing", {"action_if_job_exists": "fail"}, reads=("DescribeProcessingJob",)
)
_TUNING, _TUNING_SYNC = _job(
    "HyperParameterTuning",
    "Tuning",
    {},
    reads=("DescribeHyperParameterTuningJob", *_INPUT_READS),
    lost=(_CHECKS_INPUT,),
)
_TUNING_ROWS: Final = (
    replace(_TUNING, required=(*_TUNING.required, "TrainingJobDefinition.InputDataConfig")),
    # Its trigger gives up after four hours, and nothing changes that.
    replace(
        _TUNING_SYNC,
        required=(*_TUNING.required, "TrainingJobDefinition.InputDataConfig"),
        constants={"deferrable": False},
        deferrable=None,
        outcomes={"Stopped": "succeeds"},
        lost=(*_TUNING_SYNC.lost, "It waits on an Airflow worker."),
    ),
)

_MODEL: Final = _sagemaker(
    "createModel", "Model", "Model", ("ModelArn",), {}, required=("ModelName",), reads=("DescribeModel",)
)
_ENDPOINT_CONFIG: Final = _sagemaker(
    "createEndpointConfig",
    "EndpointConfig",
    "EndpointConfig",
    ("EndpointConfigArn",),
    {},
    required=("EndpointConfigName",),
    reads=("DescribeEndpointConfig",),
)
_UPDATE_ENDPOINT: Final = _sagemaker(
    "updateEndpoint",
    "Endpoint",
    "Endpoint",
    ("EndpointArn",),
    {"operation": "update", "wait_for_completion": False, "deferrable": False},
    required=("EndpointName", "EndpointConfigName"),
    reads=("DescribeEndpointConfig", "DescribeEndpoint"),
)

_INVOKE_MODEL: Final = OperatorRow(
    "bedrock:invokeModel",
    operator("bedrock.BedrockInvokeModelOperator"),
    "InvokeModel",
    arguments={
        "ModelId": Argument("model_id"),
        "Body": Argument("input_data"),
        "ContentType": Argument("content_type"),
        "Accept": Argument("accept_type"),
    },
    required=("ModelId", "Body"),
    returns={"$.Body": Returned()},
    changed={"Body": "It is the same JSON with spaces."},
)

_CUSTOMIZE: Final = OperatorRow(
    "bedrock:createModelCustomizationJob",
    operator("bedrock.BedrockCustomizeModelOperator"),
    "CreateModelCustomizationJob",
    arguments={
        "JobName": Argument("job_name"),
        "CustomModelName": Argument("custom_model_name"),
        "RoleArn": Argument("role_arn"),
        "BaseModelIdentifier": Argument("base_model_id"),
        "TrainingDataConfig.S3Uri": untemplated("training_data_uri"),
        "OutputDataConfig.S3Uri": untemplated("output_data_uri"),
        "HyperParameters": Argument("hyperparameters"),
    },
    constants={"ensure_unique_job_name": False, "wait_for_completion": False, "deferrable": False},
    passthrough="customization_job_kwargs",
    passthrough_kind="api_names",
    unsupported=frozenset({"CustomizationConfig"}),
    required=(
        *("JobName", "CustomModelName", "RoleArn", "BaseModelIdentifier", "HyperParameters"),
        *("TrainingDataConfig.S3Uri", "OutputDataConfig.S3Uri"),
    ),
    returns={"$.JobArn": Returned()},
)

_CUSTOMIZE_SYNC: Final = replace(
    _CUSTOMIZE,
    resource="bedrock:createModelCustomizationJob.sync",
    constants={"ensure_unique_job_name": False, "waiter_delay": 120, "waiter_max_attempts": attempts(120)},
    deferrable="deferrable",
    returns={"$.JobArn": Returned(), "$.Status": constant("Completed")},
    reads=("GetModelCustomizationJob",),
    lost=(_GOES_ON,),
)

_PII: Final = OperatorRow(
    "aws-sdk:comprehend:startPiiEntitiesDetectionJob",
    operator("comprehend.ComprehendStartPiiEntitiesDetectionJobOperator"),
    "StartPiiEntitiesDetectionJob",
    arguments={
        "InputDataConfig": Argument("input_data_config"),
        "OutputDataConfig": Argument("output_data_config"),
        "DataAccessRoleArn": Argument("data_access_role_arn"),
        "LanguageCode": Argument("language_code"),
        "Mode": untemplated("mode"),
    },
    constants={"wait_for_completion": False, "deferrable": False},
    passthrough="start_pii_entities_kwargs",
    passthrough_templated=False,
    # Without a name the operator makes one.
    required=("InputDataConfig", "OutputDataConfig", "DataAccessRoleArn", "LanguageCode", "Mode", "JobName"),
    returns={"$.JobId": Returned()},
)

_CLASSIFIER: Final = OperatorRow(
    "aws-sdk:comprehend:createDocumentClassifier",
    operator("comprehend.ComprehendCreateDocumentClassifierOperator"),
    "CreateDocumentClassifier",
    arguments={
        "DocumentClassifierName": Argument("document_classifier_name"),
        "InputDataConfig": Argument("input_data_config"),
        "OutputDataConfig": Argument("output_data_config"),
        "DataAccessRoleArn": Argument("data_access_role_arn"),
        "LanguageCode": Argument("language_code"),
        "Mode": Argument("mode"),
    },
    constants={"wait_for_completion": False, "deferrable": False},
    passthrough="document_classifier_kwargs",
    required=("DocumentClassifierName", "InputDataConfig", "DataAccessRoleArn", "LanguageCode", "Mode"),
    returns={"$.DocumentClassifierArn": Returned()},
)

ROWS: Final = (
    *_TRAINING,
    *_TRANSFORM,
    *_PROCESSING,
    *_TUNING_ROWS,
    _MODEL,
    _ENDPOINT_CONFIG,
    _UPDATE_ENDPOINT,
    _INVOKE_MODEL,
    _CUSTOMIZE,
    _CUSTOMIZE_SYNC,
    _PII,
    _CLASSIFIER,
)
"""The rows of these services."""
