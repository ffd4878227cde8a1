"""The state machine photo_albums.

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.sdk import DAG, task
from sfn_provider.operators.states import StatesOperator
from tenacity import Retrying, stop_after_attempt, wait_exponential

SHRINK = "arn:aws:lambda:eu-central-1:123456789012:function:shrink"
TAG = "arn:aws:lambda:eu-central-1:123456789012:function:tag"


def invoke_function(name, payload):
    response = LambdaHook().invoke_lambda(function_name=name, payload=json.dumps(payload))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer)
    return answer


with DAG(
    dag_id="photo_albums",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):

    @task(task_id="Each_album_items")
    def each_album_items(params):
        return params["albums"]

    each_album_items_task = each_album_items()

    @task(task_id="Each_album", max_active_tis_per_dagrun=4)
    def each_album(item, ti, params):
        results = []
        for entry in item["photos"]:
            for attempt in Retrying(
                stop=stop_after_attempt(4), wait=wait_exponential(multiplier=1), reraise=True
            ):
                with attempt:
                    shrink = invoke_function(SHRINK, entry)
            results.append(shrink)
        return {"album": item, "place": ti.map_index, "size": params["size"], "thumbnails": results}

    each_album_task = each_album.expand(item=each_album_items_task)

    @task(task_id="Each_album_results", trigger_rule="none_failed_min_one_success")
    def each_album_results(results):
        return list(results or [])

    each_album_results_task = each_album_results(each_album_task)

    each_file_in_the_bucket = StatesOperator(
        task_id="Each_file_in_the_bucket",
        states={
            "Each file in the bucket": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:listObjectsV2",
                    "Parameters": {"Bucket": "photos", "Prefix.$": "$.prefix"},
                },
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                    "StartAt": "Tag",
                    "States": {"Tag": {"Type": "Task", "Resource": TAG, "End": True}},
                },
                "ItemBatcher": {"MaxItemsPerBatch": 50},
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket": "photos", "Prefix": "tags"},
                },
                "ToleratedFailurePercentage": 2.5,
                "Label": "Files",
                "End": True,
            },
        },
        input="{{ dict(params, albums=ti.xcom_pull(task_ids='Each_album_results')) | tojson }}",
    )

    each_album_items_task >> [each_album_task, each_album_results_task]
    each_album_task >> each_album_results_task
    each_album_results_task >> each_file_in_the_bucket
