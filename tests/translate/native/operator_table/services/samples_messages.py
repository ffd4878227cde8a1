"""Samples of Lambda, SNS, SQS, EventBridge and Step Functions."""

from __future__ import annotations

from tests.translate.native.operator_table.services.sample import ACCOUNT, START, Sample

_FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:Check"
_INVOKED = {"Invoke": {"StatusCode": 200, "ExecutedVersion": "1", "Payload": b'{"quality_score": 0.97}'}}
_TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"
_PUBLISHED = {"Publish": {"MessageId": "m-1", "SequenceNumber": "100"}}
_QUEUE = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/orders"
_SENT = {
    "SendMessage": {
        "MessageId": "m-1",
        "SequenceNumber": "100",
        "MD5OfMessageBody": "d41d8cd98f00b204e9800998ecf8427e",
        "MD5OfMessageAttributes": "d41d8cd98f00b204e9800998ecf8427f",
    }
}
_MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:Orders"
_EXECUTION = f"arn:aws:states:us-east-1:{ACCOUNT}:execution:Orders:first"
_STARTED = {"StartExecution": {"executionArn": _EXECUTION, "startDate": START}}
_ENDED = _STARTED | {
    "DescribeExecution": {
        "executionArn": _EXECUTION,
        "stateMachineArn": _MACHINE,
        "status": "SUCCEEDED",
        "startDate": START,
        "output": '{"total": 3}',
    }
}

_INVOCATION = {
    "FunctionName": "Check",
    "Payload": {"bucket": "data", "keys": ["a", 1, None]},
    "InvocationType": "RequestResponse",
    "Qualifier": "live",
    "LogType": "None",
    "ClientContext": "e30=",
}
_MESSAGE = {
    "TopicArn": _TOPIC,
    "Message": "Quality check failed",
    "Subject": "Sales",
    "MessageAttributes": {"stage": {"DataType": "String", "StringValue": "gold"}},
}
_MESSAGE_SENT = {"TargetArn": _TOPIC, "Message": '{"default": "Quality check failed"}'}
_BODY = {
    "QueueUrl": _QUEUE,
    "MessageBody": {"order": 7},
    "MessageAttributes": {"size": {"DataType": "Number", "StringValue": "1.50"}},
    "DelaySeconds": 5,
    "MessageGroupId": "orders",
}
_ENTRY = {"Source": "sales", "DetailType": "Order", "Detail": {"order": 7}, "EventBusName": "default"}
_START = {"StateMachineArn": _MACHINE, "Name": "first", "Input": {"order": 7}}

SAMPLES = (
    Sample("lambda:invoke", _INVOCATION, _INVOKED),
    Sample("lambda:invoke", {"FunctionName": "Check"}, _INVOKED, name="without payload"),
    Sample("lambda:invoke", {"FunctionName": "Check", "Payload": "text"}, _INVOKED, name="text"),
    Sample("lambda", {"FunctionName": _FUNCTION, "Payload": {"key": "a"}}, _INVOKED),
    Sample("aws-sdk:lambda:invoke", {"FunctionName": "Check", "Payload": {"key": "a"}}, _INVOKED),
    Sample("sns:publish", _MESSAGE, _PUBLISHED, _MESSAGE_SENT),
    Sample(
        "sns:publish",
        {"TargetArn": _TOPIC, "Message": {"score": 0.5}},
        _PUBLISHED,
        {"Message": '{"default": "{\\"score\\":0.5}"}'},
        name="object",
    ),
    Sample(
        "sns:publish",
        {"TopicArn": f"{_TOPIC}.fifo", "Message": "m", "MessageGroupId": "g", "MessageDeduplicationId": "d"},
        _PUBLISHED,
        {"TargetArn": f"{_TOPIC}.fifo", "Message": '{"default": "m"}'},
        name="fifo",
        since=(9, 12),
    ),
    Sample("aws-sdk:sns:publish", _MESSAGE, _PUBLISHED, _MESSAGE_SENT),
    Sample("sqs:sendMessage", _BODY, _SENT),
    Sample("sqs:sendMessage", {"QueueUrl": _QUEUE, "MessageBody": "text"}, _SENT, name="text", since=(9, 22)),
    Sample(
        "sqs:sendMessage",
        {"QueueUrl": f"{_QUEUE}.fifo", "MessageBody": "m", "MessageGroupId": "g", "MessageDeduplicationId": "d"},
        _SENT,
        name="fifo",
        since=(9, 22),
    ),
    Sample("aws-sdk:sqs:sendMessage", _BODY, _SENT),
    Sample(
        "events:putEvents",
        {"Entries": [_ENTRY, _ENTRY | {"Detail": '{"order": 8}'}]},
        {"PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": "e-1"}, {"EventId": "e-2"}]}},
    ),
    Sample("states:startExecution", _START, _STARTED),
    Sample("states:startExecution", {"StateMachineArn": _MACHINE, "Input": "[1]"}, _STARTED, name="unnamed"),
    Sample("aws-sdk:sfn:startExecution", _START, _STARTED),
    Sample("states:startExecution.sync", _START, _ENDED),
    Sample("states:startExecution.sync:2", _START, _ENDED),
)
