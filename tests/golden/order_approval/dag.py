"""A large order waits for a person, a small one does not

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import LoopOperator, TaskStateOperator

with DAG(
    dag_id="order_approval",
    description="A large order waits for a person, a small one does not",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    check_stock = TaskStateOperator(
        task_id="Check_stock",
        task_display_name="Check stock",
        state_name="Check stock",
        resource="arn:aws:lambda:eu-west-1:123456789012:function:check-stock",
        parameters={"items.$": "$.items"},
        result_path="$.stock",
        next="Ask for approval",
    )

    ask_for_approval = TaskStateOperator(
        task_id="Ask_for_approval",
        task_display_name="Ask for approval",
        state_name="Ask for approval",
        comment="The answer comes by the token, or not at all",
        resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        parameters={
            "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/approvals",
            "MessageBody": {
                "token.$": "$$.Task.Token",
                "order.$": "$.order",
                "free.$": "$.stock.free",
            },
        },
        result_path="$.approval",
        timeout_seconds=86400,
        catch=[
            {
                "ErrorEquals": ["States.Timeout"],
                "Next": "Remind",
                "ResultPath": "$.error",
            },
        ],
        next="Book carrier",
    )

    book_carrier = TaskStateOperator(
        task_id="Book_carrier",
        task_display_name="Book carrier",
        state_name="Book carrier",
        resource="arn:aws:lambda:eu-west-1:123456789012:function:book-carrier",
        parameters={"order.$": "$.order", "by.$": "$.approval.name"},
        result_path="$.carrier",
        next="Count labels",
    )

    # Loop of Count labels, All printed?
    count_labels_loop = LoopOperator(
        task_id="Count_labels_loop",
        task_display_name="Count labels loop",
        states={
            "Count labels": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:print-label",
                "Parameters": {"order.$": "$.order", "number.$": "$.carrier.number"},
                "ResultPath": "$.carrier",
                "Next": "All printed?",
            },
            "All printed?": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Variable": "$.carrier.left",
                        "NumericGreaterThan": 0,
                        "Next": "Count labels",
                    },
                ],
                "Default": "Announce",
            },
        },
    )

    announce = TaskStateOperator(
        task_id="Announce",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:orders",
            "Message.$": "States.Format('Order {} leaves with {}', $.order, $.carrier.number)",
        },
        end=True,
    )

    remind = TaskStateOperator(
        task_id="Remind",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:orders",
            "Message.$": "States.Format('Nobody has approved order {}: {}', $.order, $.error.Error)",
        },
        end=True,
    )

    check_stock >> ask_for_approval
    ask_for_approval >> [book_carrier, remind]
    book_carrier >> count_labels_loop
    count_labels_loop >> announce
