"""Sums up an order in {% JSONata %} and {{ nothing else }}

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
    FailStateOperator,
    PassStateOperator,
    SucceedStateOperator,
    TaskStateOperator,
    WaitStateOperator,
)

with DAG(
    dag_id="order_totals",
    description="Sums up an order in {% JSONata %} and {{ nothing else }}",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    keep_the_order = PassStateOperator(
        task_id="Keep_the_order",
        task_display_name="Keep the order",
        state_name="Keep the order",
        query_language="JSONata",
        assign={
            "order": "{% $states.input %}",
            "discount": 0.05,
            "currencies": ["CHF", "EUR"],
        },
        next="Large order?",
    )

    large_order = ChoiceStateOperator(
        task_id="Large_order",
        task_display_name="Large order?",
        state_name="Large order?",
        query_language="JSONata",
        choices=[
            {
                "Condition": "{% $sum($order.lines.(price * pieces)) > 1000 %}",
                "Next": "Price",
                "Assign": {"discount": "{% $discount * 2 %}"},
                "Output": "{% {'large': true} %}",
            },
        ],
        default="Price",
    )

    price = TaskStateOperator(
        task_id="Price",
        query_language="JSONata",
        resource="arn:aws:states:::lambda:invoke",
        arguments={
            "FunctionName": "price",
            "Payload": {
                "total": "{% $sum($order.lines.(price * pieces)) * (1 - $discount) %}",
                "note": 'say "thanks"',
            },
        },
        output="{% $states.result.Payload %}",
        retry=[{"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 6}],
        catch=[
            {
                "ErrorEquals": ["States.QueryEvaluationError"],
                "Next": "Cannot price",
                "Output": {"why": "{% $states.errorOutput.Cause %}"},
            },
        ],
        next="Cool off",
    )

    cool_off = WaitStateOperator(
        task_id="Cool_off",
        task_display_name="Cool off",
        state_name="Cool off",
        query_language="JSONata",
        seconds="{% $count($order.lines) %}",
        next="Priced",
    )

    priced = SucceedStateOperator(
        task_id="Priced",
        query_language="JSONata",
        output={"order": "{% $order.number %}", "price": "{% $states.input %}"},
    )

    cannot_price = FailStateOperator(
        task_id="Cannot_price",
        task_display_name="Cannot price",
        state_name="Cannot price",
        query_language="JSONata",
        error="Pricing",
        cause="{% 'order ' & $order.number %}",
    )

    keep_the_order >> large_order
    large_order >> price
    price >> [cool_off, cannot_price]
    cool_off >> priced
