"""Replay the sales pipeline's last executions as a DAG every night, and fail where the DAG does anything else.

One task, ``replay_last_executions``:

1. It reads the last executions of the state machine from AWS. Nothing there is started or changed.
2. It runs the translated DAG on what each of them was given and was answered, in a private Airflow that it starts for
   itself and ends again, and compares the two, state by state.
3. It writes a report, one HTML page, to a folder or to S3. The task's log says where.
4. It fails if any execution differs, or if there was nothing to compare.

So a migration is proved night by night, on real data, before anything is switched over. After it the pipeline's own DAG
file can be compared instead of a fresh translation: set ``dag_file``.

What to set, as parameters of the DAG (Trigger with configuration) or here:

- ``state_machine_arn``: the state machine
- ``last``: how many of its last executions
- ``folder``: where reports go: a folder that the worker can write to, or ``s3://bucket/prefix``
- ``dag_file``: the DAG file to compare; empty for a fresh translation of the definition that each execution ran

What it needs: the credentials of the machine that it runs on, with ``states:ListExecutions``,
``states:DescribeStateMachineForExecution`` and ``states:GetExecutionHistory``, and ``s3:PutObject`` for a report in S3;
a temporary folder of some megabytes and half a gigabyte of memory for the private Airflow, which takes some ten seconds
to start. It never looks at the database of the Airflow that runs it.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow import DAG

try:
    from airflow.sdk import task
except ImportError:  # Airflow 2
    from airflow.decorators import task

log = logging.getLogger(__name__)

with DAG(
    dag_id="replay_sales_pipeline",
    description="Replay the sales pipeline's last executions as a DAG, and compare",
    doc_md=__doc__,
    schedule="0 6 * * *",  # every day at 06:00 UTC, when the pipeline of the night has ended
    start_date=datetime(2025, 3, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "state_machine_arn": "arn:aws:states:us-east-1:123456789012:stateMachine:SalesPipeline",
        "last": 10,
        "folder": "/tmp",
        "dag_file": "",
    },
    tags=["step-functions", "sales"],
) as dag:

    @task(execution_timeout=timedelta(hours=1))
    def replay_last_executions(state_machine_arn: str, last: str, report: str, dag_file: str) -> str:
        """Replay, compare and report; the report's place is the task's result."""
        # Imported here: a DAG file is read again and again, and this is needed once a night.
        from sfn_provider.compare.report import as_html
        from sfn_provider.compare.report.replay_reports import replay_last

        found = replay_last(state_machine_arn, int(last), dag_file=dag_file or None)
        link = write_report(report, as_html(found))
        log.info("%s The report: %s", found.verdict, link)
        if not found.agrees:
            raise RuntimeError(f"{found.verdict} The report: {link}")
        return report

    # Templates: when the task runs, Airflow fills in what is between {{ and }}. A run without a date has run_after.
    replay_last_executions(
        state_machine_arn="{{ params.state_machine_arn }}",
        last="{{ params.last }}",
        report="{{ params.folder }}/sales_pipeline-{{ (dag_run.logical_date or dag_run.run_after) | ds }}.html",
        dag_file="{{ params.dag_file }}",
    )


def write_report(place: str, html: str) -> str:
    """Write the report to a file or to S3; return a link to it."""
    if not place.startswith("s3://"):
        Path(place).write_text(html, encoding="utf-8")
        return Path(place).absolute().as_uri()
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    bucket, _, key = place.removeprefix("s3://").partition("/")
    S3Hook().load_string(html, key, bucket, replace=True)
    return f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={key}"
