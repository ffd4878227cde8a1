"""The sales pipeline as a DAG of the amazon provider's operators."""

import json
from datetime import datetime, timedelta

from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowFailException
from airflow.providers.amazon.aws.hooks.glue import GlueJobHook
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.providers.amazon.aws.sensors.glue import GlueJobSensor

ALERTS = "arn:aws:sns:us-east-1:123456789012:pipeline-alerts"

with DAG("sales_by_operators", schedule=None, start_date=datetime(2025, 1, 1), params={"bucket": "", "key": ""}):

    @task.branch(task_id="ValidateInputFile")
    def validate_input_file(ti=None, params=None):
        payload = json.dumps({"bucket": params["bucket"], "key": params["key"]})
        answer = LambdaHook().invoke_lambda(function_name="ValidateS3File", payload=payload)
        result = json.loads(answer["Payload"].read())
        if "FunctionError" not in answer:
            ti.xcom_push("file", result)
            return "RunGlueTransform"
        if result["errorType"] != "FileNotFoundError":
            raise AirflowFailException(result["errorMessage"])
        ti.xcom_push("error", result["errorType"])
        return "NotifyFailure"

    run_glue_transform = GlueJobOperator(
        task_id="RunGlueTransform",
        job_name="sales-bronze-to-silver",
        script_args={
            "--run_date": "{{ ti.xcom_pull(task_ids='ValidateInputFile', key='file').run_date }}",
            "--input_path": "{{ ti.xcom_pull(task_ids='ValidateInputFile', key='file').input_path }}",
        },
        wait_for_completion=False,
        retries=2,
        retry_delay=timedelta(seconds=60),
    )
    wait_for_glue = GlueJobSensor(
        task_id="wait_for_glue",
        job_name="sales-bronze-to-silver",
        run_id="{{ ti.xcom_pull(task_ids='RunGlueTransform') }}",
        poke_interval=60,
        mode="reschedule",
    )

    @task
    def describe_run(job_run):
        run = GlueJobHook().conn.get_job_run(JobName="sales-bronze-to-silver", RunId=job_run)["JobRun"]
        return json.dumps(run, default=str)

    description = describe_run(run_glue_transform.output)
    check_data_quality = LambdaInvokeFunctionOperator(
        task_id="CheckDataQuality", function_name="CheckDataQuality", payload=description
    )

    @task.branch(task_id="QualityPassed")
    def quality_passed(answer):
        return "RunGoldAggregation" if json.loads(answer)["quality_score"] > 0.95 else "NotifyQualityFailure"

    run_gold_aggregation = AthenaOperator(
        task_id="RunGoldAggregation",
        query="INSERT INTO gold_daily_revenue SELECT ...",
        database="default",
        workgroup="pipeline-workgroup",
        deferrable=True,
    )
    notify_success = SnsPublishOperator(
        task_id="NotifySuccess", target_arn=ALERTS, message="Daily sales pipeline completed successfully"
    )
    notify_failure = SnsPublishOperator(
        task_id="NotifyFailure",
        target_arn=ALERTS,
        message="Pipeline failed: {{ ti.xcom_pull(task_ids='ValidateInputFile', key='error') }}",
    )
    notify_quality_failure = SnsPublishOperator(
        task_id="NotifyQualityFailure",
        target_arn=ALERTS,
        message="Quality check failed. Score: "
        "{{ macros.json.loads(ti.xcom_pull(task_ids='CheckDataQuality')).quality_score }}",
    )

    validate_input_file() >> [run_glue_transform, notify_failure]
    run_glue_transform >> wait_for_glue >> description >> check_data_quality
    quality_passed(check_data_quality.output) >> [run_gold_aggregation, notify_quality_failure]
    run_gold_aggregation >> notify_success
