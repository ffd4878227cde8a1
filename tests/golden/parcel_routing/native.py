"""Which way a parcel goes

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime

from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

DECLARE = "arn:aws:lambda:eu-central-1:123456789012:function:declare"
LABEL = "arn:aws:lambda:eu-central-1:123456789012:function:label"


def error_name(error):
    match error.args:
        case [_, {"Payload": payload}]:  # of LambdaInvokeFunctionOperator
            return json.loads(payload).get("errorType", "Lambda.Unknown")
    return type(error).__name__


def push_error(context):
    error = context["exception"]
    context["ti"].xcom_push(key="error", value={"Error": error_name(error), "Cause": str(error)})


with DAG(
    dag_id="parcel_routing",
    description="Which way a parcel goes",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):

    @task.branch(task_id="Weigh")
    def weigh(params):
        if params["kilograms"] <= 2:
            return "Letter_box"
        if params["kilograms"] <= 30:
            return "Zone"
        return "Weigh_to_Freight"

    @task(task_id="Letter_box")
    def letter_box():
        return "letter"

    letter_box_task = letter_box()

    @task.branch(task_id="Zone")
    def zone(params):
        if params["country"] == "CH":
            return "Van"
        if params["country"].startswith("D") or "express" in params:
            return "Night_train"
        return "Freight"

    zone_task = zone()

    @task(task_id="Van")
    def van():
        return "van"

    van_task = van()

    @task(task_id="Night_train")
    def night_train():
        return "train"

    night_train_task = night_train()

    weigh_to_freight = EmptyOperator(task_id="Weigh_to_Freight")

    @task(task_id="Freight", trigger_rule="none_failed_min_one_success")
    def freight():
        return "freight"

    freight_task = freight()

    @task(task_id="Customs_payload", trigger_rule="none_failed_min_one_success")
    def customs_payload(ti, params):
        night_train = ti.xcom_pull(task_ids="Night_train")
        service = night_train if night_train is not None else ti.xcom_pull(task_ids="Freight")
        return {**params, "service": service}

    customs = LambdaInvokeFunctionOperator(
        task_id="Customs",
        function_name=DECLARE,
        payload="{{ ti.xcom_pull(task_ids='Customs_payload') | tojson }}",
        on_failure_callback=push_error,
    )

    @task.branch(task_id="Customs_failed", trigger_rule="one_failed")
    def customs_failed(ti):
        error = (ti.xcom_pull(task_ids="Customs", key="error") or {}).get("Error")
        if error == "Customs.Forbidden":
            return "Return_to_sender"
        raise AirflowFailException(f"No handler is for the error of Customs: {error}")

    customs_failed_task = customs_failed()

    @task(task_id="Return_to_sender")
    def return_to_sender():
        return True

    @task(task_id="Label_payload", trigger_rule="one_success")
    def label_payload(ti, params):
        letter_box = ti.xcom_pull(task_ids="Letter_box")
        van = ti.xcom_pull(task_ids="Van")
        night_train = ti.xcom_pull(task_ids="Night_train")
        freight = ti.xcom_pull(task_ids="Freight")
        customs = ti.xcom_pull(task_ids="Customs")
        if letter_box is not None:
            return {**params, "service": letter_box}
        if van is not None:
            return {**params, "service": van}
        if customs is not None:
            service = night_train if night_train is not None else freight
            return {**params, "service": service, "declaration": json.loads(customs)}
        service = night_train if night_train is not None else freight
        return {
            **params,
            "service": service,
            "refusal": ti.xcom_pull(task_ids="Customs", key="error"),
            "returned": ti.xcom_pull(task_ids="Return_to_sender"),
        }

    label_payload_task = label_payload()

    label = LambdaInvokeFunctionOperator(
        task_id="Label",
        function_name=LABEL,
        payload="{{ ti.xcom_pull(task_ids='Label_payload') | tojson }}",
    )

    weigh() >> [letter_box_task, zone_task, weigh_to_freight]
    zone_task >> [van_task, night_train_task, freight_task]
    weigh_to_freight >> freight_task
    [night_train_task, freight_task] >> customs_payload() >> customs
    customs >> [customs_failed_task, label_payload_task]
    customs_failed_task >> return_to_sender() >> label_payload_task
    [letter_box_task, van_task] >> label_payload_task >> label
