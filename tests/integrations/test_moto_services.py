"""Integrations of services that moto has, over HTTP with real parameters: successes, errors, shapes of results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from tests.aws.moto import ACCOUNT, REGION
from tests.fixtures.calls.task_calls import Answer, without_metadata
from tests.fixtures.session.versions import from_boto3

ROLE = f"arn:aws:iam::{ACCOUNT}:role/work"
Run = Callable[..., Any]


@pytest.fixture
def run(aws: str, submit: Callable[..., Answer], caller: Caller) -> Run:
    """Run a task to its end: its result without the metadata of HTTP."""

    def run(resource: str, **arguments: Any) -> Any:
        answer = submit(resource, arguments)
        for _ in range(6):
            if isinstance(answer, Completed):
                return without_metadata(answer.result)
            answer = caller.poll(answer.job)
        raise AssertionError(f"{resource} goes on: {answer}")

    return run


def refusal(run: Run, resource: str, **arguments: Any) -> str:
    with pytest.raises(StatesError) as caught:
        run(resource, **arguments)
    assert "; Status Code: 4" in (caught.value.cause or "")
    return str(caught.value.error)


def test_eks(run: Run) -> None:
    cluster = {"Name": "blue", "RoleArn": ROLE, "ResourcesVpcConfig": {"SubnetIds": ["subnet-1"]}}
    made = run("eks:createCluster.sync", **cluster)["Cluster"]
    assert (made["Name"], made["Status"]) == ("blue", "ACTIVE")
    assert made["Endpoint"].startswith("https://")
    assert made["CertificateAuthority"]["Data"]
    assert isinstance(made["CreatedAt"], int), "milliseconds"
    assert refusal(run, "eks:createCluster.sync", **cluster) == "EKS.ResourceInUseException"
    nodes = {"ClusterName": "blue", "NodegroupName": "nodes"}
    group = run("eks:createNodegroup.sync", **nodes, Subnets=["subnet-1"], NodeRole=ROLE)["Nodegroup"]
    assert (group["NodegroupName"], group["Status"]) == ("nodes", "ACTIVE")
    profile = {"ClusterName": "blue", "FargateProfileName": "small"}
    selectors = [{"Namespace": "shop"}]
    small = run("eks:createFargateProfile.sync", **profile, PodExecutionRoleArn=ROLE, Selectors=selectors)
    assert small["FargateProfile"]["Selectors"] == selectors
    assert run("eks:deleteFargateProfile.sync", **profile)["FargateProfile"]["FargateProfileName"] == "small"
    assert run("eks:deleteNodegroup.sync", **nodes)["Nodegroup"]["NodegroupName"] == "nodes"
    assert run("eks:deleteCluster.sync", Name="blue")["Cluster"]["Name"] == "blue", "done when it is gone"
    assert refusal(run, "eks:deleteCluster", Name="blue") == "EKS.ResourceNotFoundException"


def test_emr_on_eks(run: Run, submit: Callable[..., Answer], caller: Caller) -> None:
    run("eks:createCluster", Name="blue", RoleArn=ROLE, ResourcesVpcConfig={})
    provider = {"Type": "EKS", "Id": "blue", "Info": {"EksInfo": {"Namespace": "shop"}}}
    virtual = run("emr-containers:createVirtualCluster", Name="v", ContainerProvider=provider)
    assert sorted(virtual) == ["Arn", "Id", "Name"]
    work = {"ExecutionRoleArn": ROLE, "ReleaseLabel": "emr-6.2.0-latest"}
    work |= {"JobDriver": {"SparkSubmitJobDriver": {"EntryPoint": "s3://shop/count.py"}}}
    answer = submit("emr-containers:startJobRun.sync", work | {"VirtualClusterId": virtual["Id"]})
    assert isinstance(answer, Submitted)
    assert isinstance(caller.poll(answer.job), Submitted)
    caller.cancel(answer.job)
    with pytest.raises(StatesError, match=r'^States\.TaskFailed: .*"State":"CANCELLED"'):
        caller.poll(answer.job)
    unknown = refusal(run, "emr-containers:startJobRun.sync", **work, VirtualClusterId="none")
    assert unknown == "EMRContainers.ResourceNotFoundException"
    ended = run("emr-containers:deleteVirtualCluster.sync", Id=virtual["Id"])
    assert (ended["Id"], ended["State"]) == (virtual["Id"], "TERMINATED")


def test_emr_serverless(run: Run) -> None:
    made = run("emr-serverless:createApplication.sync", Name="a", Type="SPARK", ReleaseLabel="emr-7.1.0")
    application = {"ApplicationId": made["ApplicationId"]}
    assert run("emr-serverless:startApplication.sync", **application)["State"] == "STARTED"
    work = application | {"ExecutionRoleArn": ROLE, "JobDriver": {"SparkSubmit": {"EntryPoint": "s3://shop/count.py"}}}
    done = run("emr-serverless:startJobRun.sync", **work)
    assert (done["ApplicationId"], done["State"]) == (made["ApplicationId"], "SUCCESS")
    started = run("emr-serverless:startJobRun", **work)
    assert sorted(started) == ["ApplicationId", "Arn", "JobRunId"]
    cancelled = run("emr-serverless:cancelJobRun.sync", **application, JobRunId=started["JobRunId"])
    assert cancelled["State"] == "CANCELLED"
    assert run("emr-serverless:stopApplication.sync", **application)["State"] == "STOPPED"
    assert run("emr-serverless:deleteApplication.sync", **application)["State"] == "TERMINATED"
    unknown = refusal(run, "emr-serverless:deleteApplication", ApplicationId="none")
    assert unknown == "EMRServerless.ResourceNotFoundException"


def test_emr_clusters(run: Run) -> None:
    groups = [{"Name": "Core", "InstanceRole": "MASTER", "InstanceType": "m5.large", "InstanceCount": 1}]
    instances = {"KeepJobFlowAliveWhenNoSteps": True, "InstanceGroups": groups}
    made = run("elasticmapreduce:createCluster.sync", Name="c", Instances=instances, JobFlowRole="r", ServiceRole="s")
    cluster = {"ClusterId": made["ClusterId"]}
    assert made["Cluster"]["Status"]["State"] == "WAITING"
    assert run("elasticmapreduce:setClusterTerminationProtection", **cluster, TerminationProtected=True) == {}
    resized = {"InstanceGroupName": "Core", "InstanceGroup": {"InstanceCount": 3}}
    assert run("elasticmapreduce:modifyInstanceGroupByName", **cluster, **resized) == {}
    seen = boto3.client("emr", region_name=REGION)
    group = seen.list_instance_groups(ClusterId=made["ClusterId"])["InstanceGroups"][0]
    assert group["RequestedInstanceCount"] == 3
    assert seen.describe_cluster(ClusterId=made["ClusterId"])["Cluster"]["TerminationProtected"] is True
    with pytest.raises(StatesError, match=r"^EMR\.InvalidRequestException: .* has no InstanceGroup with the name 'No'"):
        run("elasticmapreduce:modifyInstanceGroupByName", **cluster, **resized | {"InstanceGroupName": "No"})
    run("elasticmapreduce:setClusterTerminationProtection", **cluster, TerminationProtected=False)
    ended = run("elasticmapreduce:terminateCluster.sync", **cluster)
    assert ended["Cluster"]["Status"]["State"] == "TERMINATED"


MACHINES = {"InstanceCount": 1, "InstanceType": "ml.m5.large"}
SOURCE = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://shop/in"}}}


def test_sagemaker_endpoints(run: Run) -> None:
    model = run("sagemaker:createModel", ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})
    assert model == {"ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/m"}
    variant = {"VariantName": "a", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    config = run("sagemaker:createEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant])
    assert list(config) == ["EndpointConfigArn"]
    assert list(run("sagemaker:createEndpoint", EndpointName="e", EndpointConfigName="c")) == ["EndpointArn"]
    unknown = refusal(run, "sagemaker:createEndpoint", EndpointName="e2", EndpointConfigName="none")
    assert unknown == "SageMaker.AmazonSageMakerException"


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (
            "Training",
            {
                "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "i"},
                "RoleArn": ROLE,
                "OutputDataConfig": {"S3OutputPath": "s3://shop/out"},
                "ResourceConfig": {"VolumeSizeInGB": 1, **MACHINES},
                "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            },
        ),
        (
            "Transform",
            {
                "ModelName": "m",
                "TransformInput": SOURCE,
                "TransformOutput": {"S3OutputPath": "s3://shop/out"},
                "TransformResources": MACHINES,
            },
        ),
        (
            "Processing",
            {
                "ProcessingResources": {"ClusterConfig": {"VolumeSizeInGB": 1, **MACHINES}},
                "AppSpecification": {"ImageUri": "i"},
                "RoleArn": ROLE,
            },
        ),
        (
            "HyperParameterTuning",
            {
                "HyperParameterTuningJobConfig": {
                    "Strategy": "Bayesian",
                    "ResourceLimits": {"MaxParallelTrainingJobs": 1},
                }
            },
        ),
    ],
    ids=["training", "transform", "processing", "tuning"],
)
def test_sagemaker_jobs(run: Run, kind: str, arguments: dict[str, Any]) -> None:
    named = {f"{kind}JobName": "job"}
    done = run(f"sagemaker:create{kind}Job.sync", **named, **arguments)
    assert (done[f"{kind}JobName"], done[f"{kind}JobStatus"]) == ("job", "Completed")
    assert done[f"{kind}JobArn"].startswith(f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:")
    # moto does not know that names are taken; a field that is missing it does.
    with pytest.raises(StatesError, match=r"^States\.Runtime: .*required but was missing"):
        run(f"sagemaker:create{kind}Job.sync", **arguments)


@from_boto3(1, 40, reason="does not know all errors of the call")
def test_bedrock_customisation(run: Run) -> None:
    for bucket in ("shop-in", "shop-out"):
        boto3.client("s3", region_name=REGION).create_bucket(Bucket=bucket)
    work = {
        "JobName": "tune",
        "CustomModelName": "ours",
        "RoleArn": ROLE,
        "BaseModelIdentifier": "amazon.titan-text-lite-v1",
        "TrainingDataConfig": {"S3Uri": "s3://shop-in/t.jsonl"},
        "OutputDataConfig": {"S3Uri": "s3://shop-out/"},
        "HyperParameters": {"epochCount": "1"},
    }
    assert list(run("bedrock:createModelCustomizationJob", **work)) == ["JobArn"]
    again = refusal(run, "bedrock:createModelCustomizationJob", **work)
    assert again == "Bedrock.ResourceInUseException"


def test_codebuild(run: Run) -> None:
    boto3.client("codebuild", region_name=REGION).create_project(
        name="shop",
        source={"type": "S3", "location": "b/p"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=ROLE,
    )
    done = run("codebuild:startBuild.sync", ProjectName="shop")
    assert done["Build"]["BuildStatus"] == "SUCCEEDED"
    started = run("codebuild:startBuild", ProjectName="shop")["Build"]
    assert run("codebuild:stopBuild", Id=started["Id"])["Build"]["BuildStatus"] == "STOPPED"
    assert refusal(run, "codebuild:startBuild", ProjectName="none") == "CodeBuild.ResourceNotFoundException"
