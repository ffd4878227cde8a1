"""Prices the orders of a day, and tells the shop

Made from the Step Functions definition machine.asl.json.
"""

import json
import time
from datetime import UTC, datetime

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException
from tenacity import Retrying, stop_after_attempt, wait_exponential

LIST = "arn:aws:lambda:us-east-1:123456789012:function:list"
APPROVE = "arn:aws:lambda:us-east-1:123456789012:function:approve"
NEWS = "arn:aws:sns:us-east-1:123456789012:news"


def invoke_function(name, payload):
    response = LambdaHook().invoke_lambda(function_name=name, payload=json.dumps(payload))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer)
    return answer


with DAG(
    dag_id="order_prices",
    description="Prices the orders of a day, and tells the shop",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):
    list_ = LambdaInvokeFunctionOperator(
        task_id="List",
        function_name=LIST,
        payload="{{ params | tojson }}",
    )

    @task(task_id="Each_order_items")
    def each_order_items(result):
        return json.loads(result)["orders"]

    each_order_items_task = each_order_items(list_.output)

    @task(task_id="Each_order", max_active_tis_per_dagrun=3)
    def each_order(item, params):
        dynamodb = AwsBaseHook(client_type="dynamodb").conn
        # What it costs today
        try:
            for attempt in Retrying(
                stop=stop_after_attempt(3), wait=wait_exponential(multiplier=2), reraise=True
            ):
                with attempt:
                    price = invoke_function("price", {"id": item["id"]})
        except Exception:
            euros = 0
        else:
            if price["euros"] > 100:
                invoke_function(APPROVE, {"id": item["id"], "euros": price["euros"]})
                time.sleep(5)
                euros = price["euros"]
            elif item["kind"] == "gift":
                raise AirflowFailException("Gift: gifts are free")
            else:
                euros = price["euros"]
        # The table has the last price of each order
        dynamodb.put_item(
            TableName="orders",
            Item={"id": {"S": item["id"]}, "euros": {"N": f"{euros}"}, "run": {"S": params["run"]}},
        )
        return {"euros": euros}

    each_order_task = each_order.expand(item=each_order_items_task)

    @task(task_id="Each_order_results", trigger_rule="none_failed_min_one_success")
    def each_order_results(results):
        return list(results or [])

    each_order_results_task = each_order_results(each_order_task)

    tell = SnsPublishOperator(
        task_id="Tell",
        target_arn=NEWS,
        message=(
            "{{ macros.json.dumps(ti.xcom_pull(task_ids='Each_order_results'), separators=(',', ':'), "
            "ensure_ascii=false) }}"
        ),
    )

    list_ >> each_order_items_task >> [each_order_task, each_order_results_task]
    each_order_task >> each_order_results_task
    each_order_results_task >> tell
