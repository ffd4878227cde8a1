""" "Closing" an account: it is kept for '''ten years''', and then C:/accounts is
emptied. Nothing here is {{ a template }}, and nothing ends a docstring: /''' or
'''.

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.yaml
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    FailStateOperator,
    SucceedStateOperator,
    WaitStateOperator,
)

with DAG(
    dag_id="account_closing",
    description=(
        '"Closing" an account: it is kept for """ten years""", and then C:\\accounts '
        "is emptied.\nNothing here is {{ a template }}, and nothing ends a docstring: "
        "\\\"\"\" or '''.\n"
    ),
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    owes_money = ChoiceStateOperator(
        task_id="Owes_money",
        task_display_name="Owes money?",
        state_name="Owes money?",
        comment="A debt stays with the account until it is paid, which may take a while, so this state comes before all others.",
        choices=[
            {
                "Variable": "$.debt",
                "NumericGreaterThan": 0,
                "Next": "Debt",
                "Comment": "Money first",
            },
        ],
        default="Let the notice run",
    )

    debt = FailStateOperator(
        task_id="Debt",
        comment="Somebody has to call them",
        error="Debt",
        cause="The account has debts.\nCall them.\n",
    )

    let_the_notice_run = WaitStateOperator(
        task_id="Let_the_notice_run",
        task_display_name="Let the notice run",
        state_name="Let the notice run",
        comment="# fmt: off",
        timestamp_path="$.notice_ends",
        next="Closed",
    )

    closed = SucceedStateOperator(
        task_id="Closed",
        comment="Done.",
        input_path=None,
    )

    owes_money >> [debt, let_the_notice_run]
    let_the_notice_run >> closed
