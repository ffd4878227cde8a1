"""Lists the actions of the optimized integrations, and finds Tasks that name another.

Step Functions refuses such a Task at creation. The rule is not among those of `check`: a translation reports it as a
finding, so that the rest of the definition can be translated.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.lint_rules.definition_walk import DefinitionIndex, is_placeholder
from sfn_provider.asl.lint_rules.reporting import did_you_mean, error, join_words
from sfn_provider.asl.resources import Resource, parse_resource

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


def unknown_actions(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """The action of an optimized integration exists, and can wait as its pattern says."""
    for state in definition.of_type("Task"):
        text = state.fields.get("Resource")
        if isinstance(text, str) and not is_placeholder(text.partition(":states:::")[2]):
            resource = parse_resource(text)
            actions = OPTIMIZED_ACTIONS.get(str(resource.service))
            if resource.kind in ("optimized", "http:invoke") and actions is not None:
                yield from _problems(resource, actions, f"{state.at}/Resource")


def _problems(resource: Resource, actions: dict[str, frozenset[str]], at: str) -> Iterator[Diagnostic]:
    service, action = resource.service, str(resource.action)
    if action not in actions:
        hint = did_you_mean(action, actions, cutoff=0.8)
        message = (
            f"there is no optimized integration {service}:{action}{hint or '; there is ' + join_words(sorted(actions))}"
            f"; arn:aws:states:::aws-sdk:{service}:{action} calls any action"
        )
        yield error(message, at, "UNSUPPORTED_INTEGRATION")
    elif resource.pattern not in actions[action]:
        message = f"{service}:{action} has no .{resource.pattern}; leave it out, or poll for the end"
        yield error(message, at, "UNSUPPORTED_INTEGRATION")
