"""Lists the actions of the optimized integrations, with the patterns in which each can be called.

Step Functions refuses others at creation, as "not recognized".

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from sfn_provider.asl.resources import Resource

_TEXT = """
apigateway: invoke.waitForTaskToken
athena: getQueryExecution getQueryResults startQueryExecution.sync stopQueryExecution
batch: submitJob.sync
bedrock: createModelCustomizationJob.sync invokeModel.waitForTaskToken
bedrockagentcore: invokeHarness
codebuild: batchDeleteBuilds batchGetReports deleteBuildBatch retryBuildBatch.sync startBuild.sync
  startBuildBatch.sync stopBuild stopBuildBatch
databrew: startJobRun.sync
dynamodb: deleteItem getItem putItem updateItem
ecs: runTask.sync.waitForTaskToken
eks: call.waitForTaskToken createCluster.sync createFargateProfile.sync createNodegroup.sync deleteCluster.sync
  deleteFargateProfile.sync deleteNodegroup.sync runJob.sync.waitForTaskToken
elasticmapreduce: addStep.sync cancelStep createCluster.sync modifyInstanceFleetByName modifyInstanceGroupByName
  setClusterTerminationProtection terminateCluster.sync
emr-containers: createVirtualCluster deleteVirtualCluster.sync startJobRun.sync
emr-serverless: cancelJobRun.sync createApplication.sync deleteApplication.sync startApplication.sync startJobRun.sync
  stopApplication.sync
events: putEvents.waitForTaskToken
glue: startJobRun.sync
http: invoke
lambda: invoke.waitForTaskToken
mediaconvert: createJob.sync
sagemaker: createEndpoint createEndpointConfig createModel updateEndpoint createHyperParameterTuningJob.sync
  createLabelingJob.sync createProcessingJob.sync createTrainingJob.sync createTransformJob.sync
sns: publish.waitForTaskToken
sqs: sendMessage.waitForTaskToken
states: startExecution.sync.sync:2.waitForTaskToken
"""


def _read(text: str) -> dict[str, dict[str, frozenset[str]]]:
    """Return the patterns by service and action."""
    actions: dict[str, dict[str, frozenset[str]]] = {}
    service = ""
    for word in text.split():
        if word.endswith(":") and "." not in word:
            service = word.removesuffix(":")
            continue
        action, *patterns = word.split(".")
        actions.setdefault(service, {})[action] = frozenset(("request_response", *patterns))
    return actions


OPTIMIZED_ACTIONS = _read(_TEXT)
"""The patterns with which an action can be called, by service and action."""


def has_pattern(resource: Resource) -> bool:
    """Return whether there is such an integration, with such a pattern; every action of the AWS SDK is one here."""
    if resource.kind == "aws-sdk":
        return not resource.pattern.startswith("sync")
    return resource.pattern in OPTIMIZED_ACTIONS.get(str(resource.service), {}).get(str(resource.action), ())
