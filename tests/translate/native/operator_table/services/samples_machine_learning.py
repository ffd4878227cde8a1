"""Samples of SageMaker, Bedrock and Comprehend."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from tests.translate.native.operator_table.services.sample import ACCOUNT, START, Sample

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/jobs"
_INPUT = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train"}}}
_CHANNEL = {"ChannelName": "train", **_INPUT}
_BUCKET = {"HeadBucket": {}, "HeadObject": {}, "ListObjectsV2": {"Contents": [{"Key": "train/1"}]}}
_UNKNOWN = ClientError({"Error": {"Code": "ValidationException", "Message": "no such job"}}, "Describe")
_RESOURCES = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
_STOP = {"MaxRuntimeInSeconds": 3600}


def _arn(resource: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{resource}"


def _answers(kind: str, *, first: list[Any] | None = None, **description: Any) -> dict[str, Any]:
    """What SageMaker answers for a job that ends at once."""
    arn = {f"{kind}JobArn": _arn(f"{kind.lower()}-job/one")}
    described = arn | {f"{kind}JobName": "one", f"{kind}JobStatus": "Completed"} | description
    return _BUCKET | {f"Create{kind}Job": arn, f"Describe{kind}Job": [*(first or []), described]}


_TRAINING = {
    "TrainingJobName": "one",
    "RoleArn": _ROLE,
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "InputDataConfig": [_CHANNEL],
    "OutputDataConfig": {"S3OutputPath": "s3://data/models"},
    "ResourceConfig": _RESOURCES,
    "StoppingCondition": _STOP,
    "HyperParameters": {"Depth": "3"},
}
_TRANSFORM = {
    "TransformJobName": "one",
    "ModelName": "model",
    "TransformInput": _INPUT,
    "TransformOutput": {"S3OutputPath": "s3://data/out"},
    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
}
_TRANSFORMED = _answers("Transform", ModelName="model") | {
    "DescribeModel": {"ModelName": "model", "ModelArn": _arn("model/model"), "CreationTime": START}
}
_PROCESSING = {
    "ProcessingJobName": "one",
    "RoleArn": _ROLE,
    "AppSpecification": {"ImageUri": "image"},
    "ProcessingResources": {"ClusterConfig": _RESOURCES},
    "StoppingCondition": _STOP,
}
_TUNING = {
    "HyperParameterTuningJobName": "one",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
    },
    "TrainingJobDefinition": {
        "RoleArn": _ROLE,
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "InputDataConfig": [_CHANNEL],
        "OutputDataConfig": {"S3OutputPath": "s3://data/models"},
        "ResourceConfig": _RESOURCES,
        "StoppingCondition": _STOP,
    },
}
_ENDPOINT = {
    "UpdateEndpoint": {"EndpointArn": _arn("endpoint/live")},
    "DescribeEndpoint": {"EndpointArn": _arn("endpoint/live"), "EndpointName": "live"},
    "DescribeEndpointConfig": {"EndpointConfigArn": _arn("endpoint-config/one"), "CreationTime": START},
}

_CUSTOMIZE = {
    "JobName": "tune",
    "CustomModelName": "ours",
    "RoleArn": _ROLE,
    "BaseModelIdentifier": "amazon.titan-text-lite-v1",
    "TrainingDataConfig": {"S3Uri": "s3://data/train.jsonl"},
    "OutputDataConfig": {"S3Uri": "s3://data/out"},
    "HyperParameters": {"epochCount": "1"},
    "CustomizationType": "FINE_TUNING",
    "JobTags": [{"Key": "team", "Value": "sales"}],
}
_JOB_ARN = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:model-customization-job/tune"
_CUSTOMIZED = {
    "CreateModelCustomizationJob": {
        "jobArn": _JOB_ARN,
        "ResponseMetadata": {"HTTPStatusCode": 201, "HTTPHeaders": {}, "RequestId": "r-1"},
    },
    "GetModelCustomizationJob": {"jobArn": _JOB_ARN, "jobName": "tune", "status": "Completed"},
}

_DOCUMENTS = {"S3Uri": "s3://data/documents"}
_PII = {
    "InputDataConfig": _DOCUMENTS,
    "OutputDataConfig": {"S3Uri": "s3://data/out"},
    "DataAccessRoleArn": _ROLE,
    "LanguageCode": "en",
    "Mode": "ONLY_REDACTION",
    "JobName": "redact",
    "RedactionConfig": {"PiiEntityTypes": ["ALL"], "MaskMode": "MASK", "MaskCharacter": "*"},
}
_CLASSIFIER = {
    "DocumentClassifierName": "kinds",
    "InputDataConfig": _DOCUMENTS,
    "OutputDataConfig": {"S3Uri": "s3://data/out"},
    "DataAccessRoleArn": _ROLE,
    "LanguageCode": "en",
    "Mode": "MULTI_CLASS",
    "VersionName": "v1",
}
_CLASSIFIER_ARN = f"arn:aws:comprehend:us-east-1:{ACCOUNT}:document-classifier/kinds"

SAMPLES = (
    Sample("sagemaker:createTrainingJob", _TRAINING, _answers("Training")),
    Sample("sagemaker:createTrainingJob.sync", _TRAINING, _answers("Training")),
    Sample("sagemaker:createTransformJob", _TRANSFORM, _TRANSFORMED),
    Sample("sagemaker:createTransformJob.sync", _TRANSFORM, _TRANSFORMED),
    Sample("sagemaker:createProcessingJob", _PROCESSING, _answers("Processing", first=[_UNKNOWN])),
    Sample("sagemaker:createProcessingJob.sync", _PROCESSING, _answers("Processing", first=[_UNKNOWN])),
    Sample("sagemaker:createHyperParameterTuningJob", _TUNING, _answers("HyperParameterTuning")),
    Sample("sagemaker:createHyperParameterTuningJob.sync", _TUNING, _answers("HyperParameterTuning")),
    Sample(
        "sagemaker:createModel",
        {"ModelName": "model", "ExecutionRoleArn": _ROLE, "PrimaryContainer": {"Image": "image"}},
        {
            "CreateModel": {"ModelArn": _arn("model/model")},
            "DescribeModel": {"ModelName": "model", "ModelArn": _arn("model/model"), "CreationTime": START},
        },
    ),
    Sample(
        "sagemaker:createEndpointConfig",
        {
            "EndpointConfigName": "one",
            "ProductionVariants": [{"VariantName": "all", "ModelName": "model", "InitialInstanceCount": 1}],
        },
        {"CreateEndpointConfig": {"EndpointConfigArn": _arn("endpoint-config/one")}} | _ENDPOINT,
    ),
    Sample("sagemaker:updateEndpoint", {"EndpointName": "live", "EndpointConfigName": "one"}, _ENDPOINT),
    Sample(
        "bedrock:invokeModel",
        {
            "ModelId": "amazon.titan-text-lite-v1",
            "Body": {"inputText": "Hello", "n": 1},
            "ContentType": "application/json",
            "Accept": "application/json",
        },
        {"InvokeModel": {"body": b'{"results": [{"outputText": "Hi"}]}', "contentType": "application/json"}},
        {"body": '{"inputText": "Hello", "n": 1}'},
    ),
    Sample("bedrock:createModelCustomizationJob", _CUSTOMIZE, _CUSTOMIZED),
    Sample("bedrock:createModelCustomizationJob.sync", _CUSTOMIZE, _CUSTOMIZED),
    Sample(
        "aws-sdk:comprehend:startPiiEntitiesDetectionJob",
        _PII,
        {"StartPiiEntitiesDetectionJob": {"JobId": "job-1", "JobStatus": "SUBMITTED"}},
    ),
    Sample(
        "aws-sdk:comprehend:createDocumentClassifier",
        _CLASSIFIER,
        {"CreateDocumentClassifier": {"DocumentClassifierArn": _CLASSIFIER_ARN}},
    ),
)
