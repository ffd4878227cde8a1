"""The state machine hourly_cleanup.

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime, timedelta

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import TaskStateOperator

with DAG(
    dag_id="hourly_cleanup",
    doc_md=__doc__,
    schedule=timedelta(hours=1),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    dagrun_timeout=timedelta(seconds=1800),
    params={"patience": 900},
    tags=["step-functions"],
):
    delete_what_is_old = TaskStateOperator(
        task_id="Delete_what_is_old",
        task_display_name="Delete what is old",
        state_name="Delete what is old",
        resource="arn:aws:states:::ecs:runTask.sync",
        credentials={"RoleArn": "arn:aws:iam::123456789012:role/cleanup"},
        parameters={
            "LaunchType": "FARGATE",
            "Cluster": "jobs",
            "TaskDefinition": "cleanup:7",
        },
        timeout_seconds_path="$.patience",
        heartbeat_seconds=60,
        end=True,
    )
