"""Lists which differences of parameters mean the same, and which an operator makes of its own.

A rule says of one operation what its author knows from the API's reference or from the operator's source. A difference
that no rule explains is a difference.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sfn_provider.asl.scope import MISSING, Json

RuleKind = Literal["equal", "addition"]
"""``equal``: it means the same to the service. ``addition``: an operator sends it of its own, the machine does not."""

Explains = Callable[[Json, Json], bool]
"""Whether a rule explains two values: of the machine and of the DAG, MISSING for none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Explains a difference at one place of an operation's parameters.

    Args:
        service: boto3's name of the service; ``*`` for all.
        operation: the operation; a pattern with ``*``.
        location: JSON pointer to the member; each part may be a pattern with ``*``.
        kind: what the difference is.
        explains: whether it explains the two values.
        why: the reason, with its source, as the end of a sentence.
    """

    service: str
    operation: str
    location: str
    kind: RuleKind
    explains: Explains
    why: str

    def applies(self, service: str, operation: str, location: str) -> bool:
        """Return whether the rule is about a member."""
        return (
            self.service in ("*", service)
            and fnmatch.fnmatchcase(operation, self.operation)
            and _fits(location.split("/"), self.location.split("/"))
        )


def _fits(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    return len(parts) == len(patterns) and all(map(fnmatch.fnmatchcase, parts, patterns))


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Rewrites an operation's parameters into another form that means the same, before they are compared.

    Args:
        service: boto3's name of the service.
        operation: the operation.
        change: gives the parameters in the other form, or the same object where they have it already.
        why: the reason, with its source, as the end of a sentence.
    """

    service: str
    operation: str
    change: Callable[[Mapping[str, Json]], Mapping[str, Json]]
    why: str


def default(value: Json) -> Explains:
    """Explain that one side leaves out what the service takes by default."""
    return lambda machine, dag: (machine is MISSING and dag == value) or (dag is MISSING and machine == value)


def added(*values: Json) -> Explains:
    """Explain that the DAG alone has a member, with one of some values, or with any where none are named."""
    return lambda machine, dag: machine is MISSING and dag is not MISSING and (not values or dag in values)


def starts_with(prefix: str) -> Explains:
    """Explain that the DAG alone has a text that begins in a certain way."""
    return lambda machine, dag: machine is MISSING and isinstance(dag, str) and dag.startswith(prefix)


def empty(machine: Json, dag: Json) -> bool:
    """Explain that one side has an empty object or list where the other has none."""
    return (machine is MISSING and dag in ({}, [])) or (dag is MISSING and machine in ({}, []))


def same_resource(machine: Json, dag: Json) -> bool:
    """Explain that one side names a resource by its ARN, the other by the name in that ARN."""
    if not isinstance(machine, str) or not isinstance(dag, str):
        return False
    arn, name = (machine, dag) if machine.startswith("arn:") else (dag, machine)
    resource = arn.split(":", 5)[-1]
    return arn.startswith("arn:") and not name.startswith("arn:") and name == resource.partition("/")[2]


def same_bus(machine: Json, dag: Json) -> bool:
    """Explain the name of EventBridge's default bus."""
    return default("default")(machine, dag) or same_resource(machine, dag)


def _topic(parameters: Mapping[str, Json]) -> Mapping[str, Json]:
    target = parameters.get("TargetArn")
    if not isinstance(target, str) or "TopicArn" in parameters or target.split(":")[2:3] != ["sns"]:
        return parameters
    if ":endpoint/" in target:  # a phone is no topic
        return parameters
    return {("TopicArn" if name == "TargetArn" else name): value for name, value in parameters.items()}


def _default_message(parameters: Mapping[str, Json]) -> Mapping[str, Json]:
    if parameters.get("MessageStructure") != "json":
        return parameters
    try:
        messages = json.loads(parameters.get("Message", ""))
    except (TypeError, ValueError):
        return parameters
    if not isinstance(messages, dict) or list(messages) != ["default"]:
        return parameters
    rest = {name: value for name, value in parameters.items() if name != "MessageStructure"}
    return rest | {"Message": messages["default"]}


def _function(parameters: Mapping[str, Json]) -> Mapping[str, Json]:
    """The function by its name, and its version or alias as Qualifier."""
    name = parameters.get("FunctionName")
    if not isinstance(name, str):
        return parameters
    parts = name.split(":")
    own, qualifier = (parts[6], parts[7:]) if name.startswith("arn:") and len(parts) > 6 else (parts[0], parts[1:])
    named = {"Qualifier": qualifier[0]} if qualifier and "Qualifier" not in parameters else {}
    changed = {**parameters, "FunctionName": own, **named}
    return parameters if changed == parameters else changed


REWRITES: Final = (
    Rewrite("sns", "Publish", _topic, 
            "SnsPublishOperator names a topic as TargetArn, which is its TopicArn (API of Publish)"),
    Rewrite(
        "sns",
        "Publish",
        _default_message,
        "SnsPublishOperator sends MessageStructure json with the message as default, which every subscriber gets "
        "(API of Publish)",
    ),
    Rewrite(
        "lambda",
        "Invoke",
        _function,
        "a function's ARN, with a version or alias behind it, is its name and Qualifier (API of Invoke); "
        "account and region are the connection's",
    ),
)  # fmt: skip
"""Other forms of the same parameters."""

_ECS_DEFAULT = "without one, RunTask starts one task (API of RunTask)"

RULES: Final = (
    *(Rule("*", "*", location, "equal", empty, "an empty object or list is none")
      for location in ("/*", "/containerOverrides/*", "/overrides/*", "/overrides/containerOverrides/*/*")),
    # Athena
    Rule("athena", "StartQueryExecution", "/QueryExecutionContext/Catalog", "equal", default("AwsDataCatalog"),
         "AthenaOperator names Athena's default catalog"),
    Rule("athena", "StartQueryExecution", "/QueryExecutionContext/Database", "addition", added("default"),
         "AthenaOperator must name a database; the machine leaves it to Athena, whose own is called default"),
    Rule("athena", "StartQueryExecution", "/WorkGroup", "equal", default("primary"),
         "primary is the workgroup of queries that name none (API of StartQueryExecution)"),
    # Batch
    Rule("batch", "SubmitJob", "/retryStrategy/attempts", "equal", default(1),
         "one attempt is what Batch does by default"),
    Rule("batch", "SubmitJob", "/jobQueue", "equal", same_resource, "a queue's name and its ARN are the same queue"),
    Rule("batch", "SubmitJob", "/jobDefinition", "equal", same_resource,
         "a job definition's name and its ARN are the same definition"),
    Rule("batch", "SubmitJob", "/propagateTags", "equal", default(False), "Batch propagates no tags by default"),
    # DynamoDB
    Rule("dynamodb", "*", "/TableName", "equal", same_resource, "a table's name and its ARN are the same table"),
    Rule("dynamodb", "*", "/ReturnValues", "equal", default("NONE"), "NONE is what DynamoDB takes by default"),
    # ECS
    Rule("ecs", "RunTask", "/cluster", "equal", same_resource, "a cluster's name and its ARN are the same cluster"),
    Rule("ecs", "RunTask", "/cluster", "equal", default("default"),
         "ECS takes the cluster default where none is named"),
    Rule("ecs", "RunTask", "/taskDefinition", "equal", same_resource,
         "a task definition's family and revision and its ARN are the same definition"),
    Rule("ecs", "RunTask", "/count", "equal", default(1), _ECS_DEFAULT),
    Rule("ecs", "RunTask", "/startedBy", "addition", added(), "EcsRunTaskOperator marks what it starts"),
    Rule("ecs", "RunTask", "/launchType", "addition", added("EC2"),
         "EcsRunTaskOperator names the launch type EC2 where the DAG names none; without one ECS "
         "takes the cluster's capacity providers, else EC2"),
    Rule("ecs", "RunTask", "/enableExecuteCommand", "equal", default(False), "ECS takes false where it is left out"),
    # Bedrock
    *(Rule("bedrock-runtime", "InvokeModel", f"/{name}", "equal", default("application/json"),
           "application/json is the default (API of InvokeModel)") for name in ("contentType", "accept")),
    # EventBridge
    Rule("events", "PutEvents", "/Entries/*/EventBusName", "equal", same_bus, "it is the same event bus"),
    # EMR
    Rule("emr", "AddJobFlowSteps", "/Steps/*/ActionOnFailure", "equal", default("CONTINUE"),
         "EMR goes on after a failed step by default"),
    # EMR Serverless
    Rule("emr-serverless", "StartJobRun", "/mode", "equal", default("BATCH"), "BATCH is the default mode"),
    Rule("emr-serverless", "StartJobRun", "/name", "addition", starts_with("emr_serverless_job_airflow"),
         "EmrServerlessStartJobOperator makes up a name where the DAG has none"),
    # Glue
    Rule("glue", "StartJobRun", "/Arguments/--airflow_task_uuid", "addition", added(),
         "GlueJobOperator adds it to find its run again after a crash; a script that refuses unknown arguments fails "
         "by it"),
    Rule("glue", "StartJobRun", "/JobRunQueuingEnabled", "equal", default(False), "Glue queues no runs by default"),
    # Lambda
    Rule("lambda", "Invoke", "/InvocationType", "equal", default("RequestResponse"),
         "RequestResponse is the default (API of Invoke)"),
    Rule("lambda", "Invoke", "/Payload", "equal", default("{}"), "a function without payload gets {}"),
    Rule("lambda", "Invoke", "/LogType", "equal", default("None"), "None is the default (API of Invoke)"),
    Rule("lambda", "Invoke", "/LogType", "addition", added("Tail"),
         "LambdaInvokeFunctionOperator asks for the end of the function's log, which the function does not notice"),
    Rule("lambda", "Invoke", "/Qualifier", "equal", default("$LATEST"), "$LATEST is what runs without a Qualifier"),
    Rule("lambda", "Invoke", "/ClientContext", "addition", added("", "bnVsbA==", "e30="),
         "the operator sends an empty client context"),
    # Managed Service for Apache Flink, RDS, Redshift Data
    Rule("kinesisanalyticsv2", "StopApplication", "/Force", "equal", default(False),
         "false is the default (API of StopApplication)"),
    Rule("rds", "StartExportTask", "/S3Prefix", "equal", default(""), "an empty prefix is none"),
    Rule("redshift-data", "*ExecuteStatement", "/WithEvent", "equal", default(False), "no event is sent by default"),
    # S3
    Rule("s3", "*", "/ChecksumAlgorithm", "addition", added(), "the SDK adds a checksum"),
    # SQS
    Rule("sqs", "SendMessage", "/DelaySeconds", "addition", added(0),
         "SqsPublishOperator sends a delay of 0, which overrides a delay that the queue has"),
    # Step Functions
    Rule("stepfunctions", "StartExecution", "/input", "equal", default("{}"), "an execution without input has {}"),
)  # fmt: skip
"""Differences that are explained; the first rule that explains one counts."""

RUN_NAMES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("ecs", "RunTask"): ("/clientToken",),
    ("emr-serverless", "StartJobRun"): ("/clientToken",),
    ("stepfunctions", "StartExecution"): ("/name",),
}
"""Members that may hold a name or token which the DAG's side makes up where the machine names none."""


def find_rule(service: str, operation: str, location: str, machine: Any, dag: Any) -> Rule | None:
    """Return the rule that explains a difference; None where there is none.

    Args:
        service: boto3's name of the service.
        operation: the operation.
        location: JSON pointer into the parameters.
        machine: the value on the machine's side; MISSING for none.
        dag: the value on the DAG's side; MISSING for none.
    """
    for rule in RULES:
        if rule.applies(service, operation, location) and rule.explains(machine, dag):
            return rule
    return None
