"""The state machine site_checks.

Made from the Step Functions definition machine.asl.json.
"""

from datetime import UTC, datetime

from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.sdk import DAG
from sfn_provider.operators.states import StatesOperator

PAGES = "arn:aws:lambda:eu-central-1:123456789012:function:pages"
CERTIFICATES = "arn:aws:lambda:eu-central-1:123456789012:function:certificates"
NIGHT_SHIFT = "arn:aws:sns:eu-central-1:123456789012:night-shift"

with DAG(
    dag_id="site_checks",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):
    check_everything = StatesOperator(
        task_id="Check_everything",
        states={
            "Check everything": {
                "Type": "Parallel",
                "Branches": [
                    {
                        "StartAt": "Check pages",
                        "States": {"Check pages": {"Type": "Task", "Resource": PAGES, "End": True}},
                    },
                    {
                        "Comment": "Certificates end when nobody looks",
                        "StartAt": "Check certificates",
                        "States": {
                            "Check certificates": {"Type": "Task", "Resource": CERTIFICATES, "Next": "Sort"},
                            "Sort": {"Type": "Pass", "OutputPath": "$.sorted", "End": True},
                        },
                    },
                ],
                "ResultPath": "$.checks",
                "ResultSelector": {"pages.$": "$[0]", "certificates.$": "$[1]"},
                "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 2}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Wake somebody", "ResultPath": "$.broken"}],
                "Next": "All fine",
            },
        },
        input="{{ params | tojson }}",
        next_tasks={"All fine": None, "Wake somebody": "Wake_somebody"},
    )
    wake_somebody = SnsPublishOperator(
        task_id="Wake_somebody",
        target_arn=NIGHT_SHIFT,
        message="{{ ti.xcom_pull(task_ids='Check_everything').broken.Cause }}",
    )

    check_everything >> wake_somebody
