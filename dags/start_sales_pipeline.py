"""Start the sales pipeline's state machine every night and wait for it.

Two tasks, one after the other:

1. ``start_execution`` starts the state machine and ends at once. Its result is the execution's ARN.
2. ``wait_for_execution`` waits until that execution has ended. It waits in Airflow's triggerer, so that it takes up no
   worker meanwhile. It succeeds when the execution does; otherwise it fails, and its log says which state failed and
   why. The execution's output is in its XCom ``output``.

One task would do: without ``wait_for_completion=False`` the first one waits by itself, and has the output in its XCom
``output``. Two tasks show in the graph how far things are, and a retry of the second only looks again.

What to set, under Admin > Variables (each has a default, see below):

- ``sales_pipeline_state_machine_arn``: the state machine
- ``sales_pipeline_bucket``: the bucket with the day's file

The credentials are those of the Airflow connection ``aws_default``; without such a connection, those of the machine.
They need ``states:StartExecution``, ``states:DescribeExecution``, ``states:GetExecutionHistory``,
``states:StopExecution`` and, for the failed items of a Map, ``states:ListExecutions``.

To try it without AWS, where ``sfn-provider serve SalesPipeline=dags/sales_pipeline.asl.json`` runs on the same machine,
Airflow's environment needs one line::

    AIRFLOW_CONN_AWS_DEFAULT='aws://local:local@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A8083&region_name=us-east-1'
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow import DAG

from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator
from sfn_provider.sensors.step_function import StepFunctionExecutionSensor

# Templates: when a task runs, Airflow fills in what is between {{ and }}. var.value.get reads a Variable, or takes the
# default behind it.
STATE_MACHINE_ARN = (
    "{{ var.value.get('sales_pipeline_state_machine_arn',"
    " 'arn:aws:states:us-east-1:123456789012:stateMachine:SalesPipeline') }}"
)
BUCKET = "{{ var.value.get('sales_pipeline_bucket', 'your-data-bucket') }}"

# The day that a run is for: on Airflow 3 the day on which it starts, on Airflow 2 the day before. Airflow 3 has runs
# without a date of their own, too: they are for the day on which they start.
DAY = "(dag_run.logical_date or dag_run.run_after)"
FOLDER = "bronze/sales/{{ " + DAY + ".strftime('%Y/%m/%d') }}"

with DAG(
    dag_id="start_sales_pipeline",
    description="Start the sales pipeline's state machine and wait for it",
    doc_md=__doc__,
    schedule="0 2 * * *",  # every day at 02:00 UTC
    start_date=datetime(2025, 3, 1, tzinfo=UTC),
    catchup=False,  # nights before the DAG was switched on are not made up for
    max_active_runs=1,
    # A retry never starts the pipeline twice: it finds the execution that the first try has started.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    tags=["step-functions", "sales"],
) as dag:
    start_execution = StepFunctionStartExecutionOperator(
        task_id="start_execution",
        state_machine_arn=STATE_MACHINE_ARN,
        state_machine_input={
            "run_date": "{{ " + DAY + " | ds }}",  # as 2025-03-15
            "bucket": BUCKET,
            "key": f"{FOLDER}/sales.csv",
            "input_path": f"s3://{BUCKET}/{FOLDER}/",
        },
        wait_for_completion=False,
    )

    wait_for_execution = StepFunctionExecutionSensor(
        task_id="wait_for_execution",
        execution_arn=start_execution.output,  # the ARN that start_execution returns; makes this task the second one
        deferrable=True,
        poke_interval=10,  # seconds between two looks at the execution
        timeout=timedelta(hours=6).total_seconds(),  # longer than the pipeline ever takes
    )
