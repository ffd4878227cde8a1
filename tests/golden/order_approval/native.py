"""A large order waits for a person, a small one does not

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.sdk import DAG, task
from sfn_provider.operators.states import StatesOperator

CHECK_STOCK = "arn:aws:lambda:eu-west-1:123456789012:function:check-stock"
BOOK_CARRIER = "arn:aws:lambda:eu-west-1:123456789012:function:book-carrier"
PRINT_LABEL = "arn:aws:lambda:eu-west-1:123456789012:function:print-label"
ORDERS = "arn:aws:sns:eu-west-1:123456789012:orders"


def invoke_function(name, payload):
    response = LambdaHook().invoke_lambda(function_name=name, payload=json.dumps(payload))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer)
    return answer


with DAG(
    dag_id="order_approval",
    description="A large order waits for a person, a small one does not",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):
    check_stock = LambdaInvokeFunctionOperator(
        task_id="Check_stock",
        function_name=CHECK_STOCK,
        payload='{"items": {{ params["items"] | tojson }}}',
    )

    # The answer comes by the token, or not at all
    ask_for_approval = StatesOperator(
        task_id="Ask_for_approval",
        states={
            "Ask for approval": {
                "Type": "Task",
                "Comment": "The answer comes by the token, or not at all",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {
                    "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/approvals",
                    "MessageBody": {
                        "token.$": "$$.Task.Token",
                        "order.$": "$.order",
                        "free.$": "$.stock.free",
                    },
                },
                "ResultPath": "$.approval",
                "TimeoutSeconds": 86400,
                "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Remind", "ResultPath": "$.error"}],
                "Next": "Book carrier",
            },
        },
        input="{{ dict(params, stock=macros.json.loads(ti.xcom_pull(task_ids='Check_stock'))) | tojson }}",
        next_tasks={"Book carrier": "Book_carrier", "Remind": "Remind"},
    )

    book_carrier = LambdaInvokeFunctionOperator(
        task_id="Book_carrier",
        function_name=BOOK_CARRIER,
        payload=(
            '{"order": {{ ti.xcom_pull(task_ids="Ask_for_approval").order | tojson }}, "by": '
            '{{ ti.xcom_pull(task_ids="Ask_for_approval").approval.name | tojson }}}'
        ),
    )

    @task(task_id="Count_labels")
    def count_labels(result, book_carrier_result):
        carrier = json.loads(book_carrier_result)
        while True:
            count_labels = invoke_function(
                name=PRINT_LABEL,
                payload={"order": result["order"], "number": carrier["number"]},
            )
            if count_labels["left"] > 0:
                carrier = count_labels
            else:
                return {**result, "carrier": count_labels}

    announce = SnsPublishOperator(
        task_id="Announce",
        target_arn=ORDERS,
        message=(
            "Order {{ ti.xcom_pull(task_ids='Count_labels').order }} leaves with "
            "{{ ti.xcom_pull(task_ids='Count_labels').carrier.number }}"
        ),
    )
    remind = SnsPublishOperator(
        task_id="Remind",
        target_arn=ORDERS,
        message=(
            "Nobody has approved order {{ ti.xcom_pull(task_ids='Ask_for_approval').order }}: "
            "{{ ti.xcom_pull(task_ids='Ask_for_approval').error.Error }}"
        ),
    )

    check_stock >> ask_for_approval >> [book_carrier, remind]
    book_carrier >> count_labels(ask_for_approval.output, book_carrier.output) >> announce
