"""The state machine three_loops.

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import (
    FailStateOperator,
    LoopOperator,
    SucceedStateOperator,
    TaskStateOperator,
)

with DAG(
    dag_id="three_loops",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    # Loop of Take a page, Has more pages?
    take_a_page_loop = LoopOperator(
        task_id="Take_a_page_loop",
        task_display_name="Take a page loop",
        states={
            "Take a page": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:page",
                "Next": "Has more pages?",
            },
            "Has more pages?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.next", "IsPresent": True, "Next": "Take a page"},
                ],
                "Default": "Report",
            },
        },
    )

    report = TaskStateOperator(
        task_id="Report",
        resource="arn:aws:lambda:eu-central-1:123456789012:function:report",
        next="Ask a person",
    )

    # Loop of Ask a person, Let a day pass
    ask_a_person_loop = LoopOperator(
        task_id="Ask_a_person_loop",
        task_display_name="Ask a person loop",
        states={
            "Ask a person": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:ask",
                "Catch": [
                    {
                        "ErrorEquals": ["NobodyThere"],
                        "Next": "Let a day pass",
                        "ResultPath": "$.error",
                    },
                ],
                "Next": "Answered?",
            },
            "Let a day pass": {
                "Type": "Wait",
                "SecondsPath": "$.patience",
                "Next": "Ask a person",
            },
        },
    )

    # Loop of Answered?, Wait for mail
    answered_loop = LoopOperator(
        task_id="Answered_loop",
        task_display_name="Answered? loop",
        states={
            "Answered?": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Variable": "$.answer",
                        "StringEquals": "again",
                        "Next": "Wait for mail",
                    },
                    {"Variable": "$.answer", "StringEquals": "no", "Next": "Refused"},
                ],
                "Default": "Retry until stored",
            },
            "Wait for mail": {"Type": "Wait", "Seconds": 600, "Next": "Answered?"},
        },
    )

    refused = FailStateOperator(
        task_id="Refused",
        error="Refused",
    )

    # Loop of Retry until stored
    retry_until_stored_loop = LoopOperator(
        task_id="Retry_until_stored_loop",
        task_display_name="Retry until stored loop",
        state_name="Retry until stored",
        states={
            "Retry until stored": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:store",
                "Catch": [
                    {
                        "ErrorEquals": ["States.ALL"],
                        "Next": "Retry until stored",
                        "ResultPath": None,
                    },
                ],
                "Next": "Stored",
            },
        },
    )

    stored = SucceedStateOperator(
        task_id="Stored",
    )

    take_a_page_loop >> report
    report >> ask_a_person_loop
    ask_a_person_loop >> answered_loop
    answered_loop >> [refused, retry_until_stored_loop]
    retry_until_stored_loop >> stored
