"""The state machine three_loops.

Made from the Step Functions definition machine.asl.json.
"""

from datetime import UTC, datetime

from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException
from sfn_provider.operators.states import StatesOperator

PAGE = "arn:aws:lambda:eu-central-1:123456789012:function:page"
REPORT = "arn:aws:lambda:eu-central-1:123456789012:function:report"
ASK = "arn:aws:lambda:eu-central-1:123456789012:function:ask"
STORE = "arn:aws:lambda:eu-central-1:123456789012:function:store"

with DAG(
    dag_id="three_loops",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):
    take_a_page = StatesOperator(
        task_id="Take_a_page",
        states={
            "Take a page": {"Type": "Task", "Resource": PAGE, "Next": "Has more pages?"},
            "Has more pages?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.next", "IsPresent": True, "Next": "Take a page"}],
                "Default": "Report",
            },
        },
        input="{{ params | tojson }}",
    )
    report = LambdaInvokeFunctionOperator(
        task_id="Report",
        function_name=REPORT,
        payload="{{ ti.xcom_pull(task_ids='Take_a_page') | tojson }}",
    )
    ask_a_person = StatesOperator(
        task_id="Ask_a_person",
        states={
            "Ask a person": {
                "Type": "Task",
                "Resource": ASK,
                "Catch": [
                    {"ErrorEquals": ["NobodyThere"], "Next": "Let a day pass", "ResultPath": "$.error"},
                ],
                "Next": "Answered?",
            },
            "Let a day pass": {"Type": "Wait", "SecondsPath": "$.patience", "Next": "Ask a person"},
        },
        input="{{ ti.xcom_pull(task_ids='Report') }}",
    )
    answered = StatesOperator(
        task_id="Answered",
        states={
            "Answered?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.answer", "StringEquals": "again", "Next": "Wait for mail"},
                    {"Variable": "$.answer", "StringEquals": "no", "Next": "Refused"},
                ],
                "Default": "Retry until stored",
            },
            "Wait for mail": {"Type": "Wait", "Seconds": 600, "Next": "Answered?"},
        },
        input="{{ ti.xcom_pull(task_ids='Ask_a_person') | tojson }}",
        next_tasks={"Refused": "Refused", "Retry until stored": "Retry_until_stored"},
    )

    @task(task_id="Refused")
    def refused():
        raise AirflowFailException("Refused")

    retry_until_stored = StatesOperator(
        task_id="Retry_until_stored",
        states={
            "Retry until stored": {
                "Type": "Task",
                "Resource": STORE,
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Retry until stored", "ResultPath": None}],
                "Next": "Stored",
            },
        },
        input="{{ ti.xcom_pull(task_ids='Answered') | tojson }}",
    )

    take_a_page >> report >> ask_a_person >> answered >> [refused(), retry_until_stored]
