""" "Closing" an account: it is kept for '''ten years''', and then C:/accounts is emptied. Nothing here is
{{ a template }}, and nothing ends a docstring: /''' or '''.

Made from the Step Functions definition machine.asl.yaml.
"""

from datetime import UTC, datetime

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

with DAG(
    dag_id="account_closing",
    description=(
        '"Closing" an account: it is kept for """ten years""", and then C:\\accounts is emptied.\nNothing '
        "here is {{ a template }}, and nothing ends a docstring: \\\"\"\" or '''.\n"
    ),
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):
    # A debt stays with the account until it is paid, which may take a while, so this state comes before all
    # others.
    @task.branch(task_id="Owes_money")
    def owes_money(params):
        return "Debt" if params["debt"] > 0 else "Let_the_notice_run"

    # Somebody has to call them
    @task(task_id="Debt")
    def debt():
        raise AirflowFailException("Debt: The account has debts.\nCall them.\n")

    # # fmt: off
    let_the_notice_run = DateTimeSensorAsync(
        task_id="Let_the_notice_run",
        target_time="{{ params.notice_ends }}",
    )

    owes_money() >> [debt(), let_the_notice_run]
