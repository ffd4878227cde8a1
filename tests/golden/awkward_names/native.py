"""The state machine awkward_names.

Made from the Step Functions definition machine.asl.json.
"""

from datetime import UTC, datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG(
    dag_id="awkward_names",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):
    what_really = EmptyOperator(task_id="What_Really")
