"""The state machine site_checks.

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import (
    ParallelStateOperator,
    SucceedStateOperator,
    TaskStateOperator,
)

with DAG(
    dag_id="site_checks",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    check_everything = ParallelStateOperator(
        task_id="Check_everything",
        task_display_name="Check everything",
        state_name="Check everything",
        branches=[
            {
                "StartAt": "Check pages",
                "States": {
                    "Check pages": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:pages",
                        "End": True,
                    },
                },
            },
            {
                "Comment": "Certificates end when nobody looks",
                "StartAt": "Check certificates",
                "States": {
                    "Check certificates": {
                        "Type": "Task",
                        "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:certificates",
                        "Next": "Sort",
                    },
                    "Sort": {"Type": "Pass", "OutputPath": "$.sorted", "End": True},
                },
            },
        ],
        result_path="$.checks",
        result_selector={"pages.$": "$[0]", "certificates.$": "$[1]"},
        retry=[
            {"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 2},
        ],
        catch=[
            {
                "ErrorEquals": ["States.ALL"],
                "Next": "Wake somebody",
                "ResultPath": "$.broken",
            },
        ],
        next="All fine",
    )

    wake_somebody = TaskStateOperator(
        task_id="Wake_somebody",
        task_display_name="Wake somebody",
        state_name="Wake somebody",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:night-shift",
            "Message.$": "$.broken.Cause",
        },
        next="All fine",
    )

    all_fine = SucceedStateOperator(
        task_id="All_fine",
        task_display_name="All fine",
        state_name="All fine",
    )

    check_everything >> [all_fine, wake_somebody]
    wake_somebody >> all_fine
