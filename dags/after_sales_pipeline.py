"""Run when an execution of the sales pipeline's state machine ends, whoever has started it.

Nothing here waits in a worker: Airflow's triggerer watches the state machine, and each execution that ends is an event
of the asset ``sales_pipeline_ended``. The task below reads the event: which execution, how it ended, and when.

Airflow 3.0 or newer is needed. On Airflow 2 this file has no DAG.

What to set, as environment variable of the triggerer and of the DAG processor (it has a default, see below):

- ``SALES_PIPELINE_STATE_MACHINE_ARN``: the state machine

The credentials are those of the Airflow connection ``aws_default``; without such a connection, those of the machine.
They need ``states:ListExecutions``.
"""

from __future__ import annotations

import os

from airflow import __version__ as airflow_version

# A watcher is read with the file, before any run: templates and Airflow's Variables have no place in it.
STATE_MACHINE_ARN = os.environ.get(
    "SALES_PIPELINE_STATE_MACHINE_ARN", "arn:aws:states:us-east-1:123456789012:stateMachine:SalesPipeline"
)

if int(airflow_version.partition(".")[0]) >= 3:
    from airflow.sdk import DAG, Asset, AssetWatcher, task

    from sfn_provider.triggers.execution_events import StepFunctionExecutionEventTrigger

    sales_pipeline_ended = Asset(
        "sales_pipeline_ended",
        watchers=[
            AssetWatcher(
                name="sales_pipeline_watcher",
                trigger=StepFunctionExecutionEventTrigger(
                    state_machine_arn=STATE_MACHINE_ARN,
                    statuses=["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
                    poll_interval=60,  # seconds between two looks at what has ended
                ),
            )
        ],
    )

    @task
    def report(triggering_asset_events: dict | None = None) -> list[str]:
        """Say how each execution ended that this run is for: there is more than one if several ended at once."""
        ended = [event.extra["payload"] for events in (triggering_asset_events or {}).values() for event in events]
        lines = [f"{each['name']} ended as {each['status']} at {each['stop_date']}" for each in ended]
        print("\n".join(lines) or "This run was started by hand: no execution has ended.")
        return lines

    with DAG(
        dag_id="after_sales_pipeline",
        description="Run when an execution of the sales pipeline ends",
        doc_md=__doc__,
        schedule=[sales_pipeline_ended],
        catchup=False,
        tags=["step-functions", "sales"],
    ) as dag:
        report()
