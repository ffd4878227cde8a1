"""Rows of Lambda, SNS, SQS, EventBridge and Step Functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sfn_provider.translate.native.operator_table.row import Argument, OlderProvider, OperatorRow, Returned
from sfn_provider.translate.native.operator_table.services.rows import attempts, constant, operator, untemplated

_INVOKE: Final = OperatorRow(
    "lambda:invoke",
    operator("lambda_function.LambdaInvokeFunctionOperator"),
    "Invoke",
    arguments={
        "FunctionName": Argument("function_name"),
        "Payload": Argument("payload", "json"),
        "InvocationType": Argument("invocation_type"),
        "Qualifier": Argument("qualifier"),
        "LogType": untemplated("log_type"),
        "ClientContext": untemplated("client_context"),
    },
    required=("FunctionName",),
    returns={"$.Payload": Returned("json")},
)

_LAMBDA: Final = (
    _INVOKE,
    replace(_INVOKE, resource="lambda", returns={"$": Returned("json")}),
    replace(_INVOKE, resource="aws-sdk:lambda:invoke", returns={"$.Payload": Returned()}),
)

_PUBLISH: Final = OperatorRow(
    "sns:publish",
    operator("sns.SnsPublishOperator"),
    "Publish",
    arguments={
        "TopicArn": Argument("target_arn"),
        "TargetArn": Argument("target_arn"),
        "Message": Argument("message", "text"),
        "Subject": Argument("subject"),
        "MessageAttributes": Argument("message_attributes", "string_attributes"),
        "MessageDeduplicationId": Argument("message_deduplication_id"),
        "MessageGroupId": Argument("message_group_id"),
    },
    required=("Message",),
    returns={
        "$.MessageId": Returned(path=("MessageId",)),
        "$.SequenceNumber": Returned(path=("SequenceNumber",), optional=True),
    },
    added={"MessageStructure": "json"},
    changed={
        "TopicArn": "It is sent as TargetArn, which takes topics, too.",
        "Message": "It is sent as the default of a JSON message: each subscriber receives the same text.",
    },
    older=(OlderProvider((9, 12), without=frozenset({"message_deduplication_id", "message_group_id"})),),
)

_SEND: Final = OperatorRow(
    "sqs:sendMessage",
    operator("sqs.SqsPublishOperator"),
    "SendMessage",
    arguments={
        "QueueUrl": Argument("sqs_queue"),
        "MessageBody": Argument("message_content", "text"),
        "MessageAttributes": Argument("message_attributes"),
        "DelaySeconds": Argument("delay_seconds"),
        "MessageGroupId": Argument("message_group_id"),
        "MessageDeduplicationId": Argument("message_deduplication_id"),
    },
    # Its own default is 0, which overrides the delay of the queue.
    constants={"delay_seconds": None},
    required=("QueueUrl", "MessageBody"),
    returns={
        "$.MessageId": Returned(path=("MessageId",)),
        "$.SequenceNumber": Returned(path=("SequenceNumber",), optional=True),
        "$.MD5OfMessageBody": Returned(path=("MD5OfMessageBody",)),
        "$.MD5OfMessageAttributes": Returned(path=("MD5OfMessageAttributes",), optional=True),
    },
    added={"MessageAttributes": {}},
    older=(
        OlderProvider((9, 22), constants={"delay_seconds": 0}, required=("DelaySeconds",)),
        OlderProvider((9, 8), without=frozenset({"message_deduplication_id"})),
    ),
)

_SDK_SEND: Final = replace(
    _SEND,
    resource="aws-sdk:sqs:sendMessage",
    returns={
        "$.MessageId": Returned(path=("MessageId",)),
        "$.SequenceNumber": Returned(path=("SequenceNumber",), optional=True),
        "$.Md5OfMessageBody": Returned(path=("MD5OfMessageBody",)),
        "$.Md5OfMessageAttributes": Returned(path=("MD5OfMessageAttributes",), optional=True),
    },
)

_PUT_EVENTS: Final = OperatorRow(
    "events:putEvents",
    operator("eventbridge.EventBridgePutEventsOperator"),
    "PutEvents",
    arguments={"Entries": Argument("entries", "event_entries"), "EndpointId": Argument("endpoint_id")},
    required=("Entries",),
    returns={"$.FailedEntryCount": constant(0)},
    lost=("The resources of the events do not have the ARNs of an execution and its state machine.",),
)

_START: Final = OperatorRow(
    "states:startExecution",
    operator("step_function.StepFunctionStartExecutionOperator"),
    "StartExecution",
    arguments={
        "StateMachineArn": Argument("state_machine_arn"),
        "Name": Argument("name"),
        "Input": Argument("state_machine_input", "text"),
    },
    constants={"deferrable": False},
    required=("StateMachineArn",),
    returns={"$.ExecutionArn": Returned()},
)

_START_SYNC: Final = replace(
    _START,
    resource="states:startExecution.sync",
    constants={"waiter_delay": 30, "waiter_max_attempts": attempts(30)},
    deferrable="deferrable",
    waits_only_deferred=True,
    returns={
        "$.ExecutionArn": Returned(),
        "$.StateMachineArn": Returned("argument", argument="state_machine_arn"),
        "$.Status": constant("SUCCEEDED"),
    },
    reads=("DescribeExecution",),
    outcomes={"TIMED_OUT": "waits"},
    lost=("The execution goes on where the task is stopped.",),
)

ROWS: Final = (
    *_LAMBDA,
    _PUBLISH,
    replace(_PUBLISH, resource="aws-sdk:sns:publish"),
    _SEND,
    _SDK_SEND,
    _PUT_EVENTS,
    _START,
    replace(_START, resource="aws-sdk:sfn:startExecution"),
    _START_SYNC,
    replace(_START_SYNC, resource="states:startExecution.sync:2"),
)
"""The rows of these services."""
