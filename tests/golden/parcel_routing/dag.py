"""Which way a parcel goes

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    PassStateOperator,
    TaskStateOperator,
)

with DAG(
    dag_id="parcel_routing",
    description="Which way a parcel goes",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    weigh = ChoiceStateOperator(
        task_id="Weigh",
        choices=[
            {
                "Variable": "$.kilograms",
                "NumericLessThanEquals": 2,
                "Next": "Letter box",
            },
            {"Variable": "$.kilograms", "NumericLessThanEquals": 30, "Next": "Zone"},
        ],
        default="Freight",
    )

    letter_box = PassStateOperator(
        task_id="Letter_box",
        task_display_name="Letter box",
        state_name="Letter box",
        result_path="$.service",
        result="letter",
        next="Label",
    )

    zone = ChoiceStateOperator(
        task_id="Zone",
        choices=[
            {"Variable": "$.country", "StringEquals": "CH", "Next": "Van"},
            {
                "Or": [
                    {"Variable": "$.country", "StringMatches": "D*"},
                    {"Variable": "$.express", "IsPresent": True},
                ],
                "Next": "Night train",
            },
        ],
        default="Freight",
    )

    van = PassStateOperator(
        task_id="Van",
        result_path="$.service",
        result="van",
        next="Label",
    )

    night_train = PassStateOperator(
        task_id="Night_train",
        task_display_name="Night train",
        state_name="Night train",
        result_path="$.service",
        result="train",
        next="Customs",
    )

    freight = PassStateOperator(
        task_id="Freight",
        result_path="$.service",
        result="freight",
        next="Customs",
    )

    customs = TaskStateOperator(
        task_id="Customs",
        resource="arn:aws:lambda:eu-central-1:123456789012:function:declare",
        result_path="$.declaration",
        catch=[
            {
                "ErrorEquals": ["Customs.Forbidden"],
                "Next": "Return to sender",
                "ResultPath": "$.refusal",
            },
        ],
        next="Label",
    )

    return_to_sender = PassStateOperator(
        task_id="Return_to_sender",
        task_display_name="Return to sender",
        state_name="Return to sender",
        result_path="$.returned",
        result=True,
        next="Label",
    )

    label = TaskStateOperator(
        task_id="Label",
        resource="arn:aws:lambda:eu-central-1:123456789012:function:label",
        end=True,
    )

    weigh >> [letter_box, zone, freight]
    letter_box >> label
    zone >> [van, night_train, freight]
    van >> label
    night_train >> customs
    freight >> customs
    customs >> [label, return_to_sender]
    return_to_sender >> label
