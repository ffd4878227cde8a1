"""Daily Sales Data Pipeline

Made from the Step Functions definition sales_pipeline.asl.json.
"""

import json
from datetime import UTC, datetime, timedelta

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

VALIDATE_S3_FILE = "arn:aws:lambda:us-east-1:123456:function:ValidateS3File"
CHECK_DATA_QUALITY = "arn:aws:lambda:us-east-1:123456:function:CheckDataQuality"
PIPELINE_ALERTS = "arn:aws:sns:us-east-1:123456:pipeline-alerts"

with DAG(
    dag_id="sales_pipeline",
    description="Daily Sales Data Pipeline",
    doc_md=__doc__,
    schedule="0 2 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={
        "run_date": "2025-03-15",
        "bucket": "your-data-bucket",
        "key": "bronze/sales/2025/03/15/sales.csv",
        "input_path": "s3://your-data-bucket/bronze/sales/2025/03/15/",
    },
):
    validate_input_file = LambdaInvokeFunctionOperator(
        task_id="ValidateInputFile",
        function_name=VALIDATE_S3_FILE,
        payload='{"bucket": {{ params.bucket | tojson }}, "key": {{ params.key | tojson }}}',
    )
    run_glue_transform = GlueJobOperator(
        task_id="RunGlueTransform",
        job_name="sales-bronze-to-silver",
        script_args={
            "--run_date": "{{ macros.json.loads(ti.xcom_pull(task_ids='ValidateInputFile')).run_date }}",
            "--input_path": "{{ macros.json.loads(ti.xcom_pull(task_ids='ValidateInputFile')).input_path }}",
        },
        waiter_max_attempts=525600,
        deferrable=True,
        retries=2,
        retry_delay=timedelta(minutes=1),
        retry_exponential_backoff=2,
    )
    check_data_quality = LambdaInvokeFunctionOperator(
        task_id="CheckDataQuality",
        function_name=CHECK_DATA_QUALITY,
        payload=(
            '{"Id": {{ ti.xcom_pull(task_ids="RunGlueTransform") | tojson }}, "JobName": '
            '"sales-bronze-to-silver", "JobRunState": "SUCCEEDED"}'
        ),
    )

    @task.branch(task_id="QualityPassed")
    def quality_passed(result):
        return "RunGoldAggregation" if json.loads(result)["quality_score"] > 0.95 else "NotifyQualityFailure"

    run_gold_aggregation = AthenaOperator(
        task_id="RunGoldAggregation",
        query="INSERT INTO gold_daily_revenue SELECT ...",
        workgroup="pipeline-workgroup",
        deferrable=True,
    )
    notify_success = SnsPublishOperator(
        task_id="NotifySuccess",
        target_arn=PIPELINE_ALERTS,
        message="Daily sales pipeline completed successfully",
    )
    notify_quality_failure = SnsPublishOperator(
        task_id="NotifyQualityFailure",
        target_arn=PIPELINE_ALERTS,
        message=(
            "Quality check failed. Score: "
            "{{ macros.json.loads(ti.xcom_pull(task_ids='CheckDataQuality')).quality_score }}"
        ),
    )

    @task(task_id="NotifyFailure", trigger_rule="one_failed")
    def notify_failure():
        raise AirflowFailException("States.Runtime: there is no member 'error' in {Error, Cause}")

    validate_input_file >> [run_glue_transform, notify_failure()]
    (
        run_glue_transform
        >> check_data_quality
        >> quality_passed(check_data_quality.output)
        >> [run_gold_aggregation, notify_quality_failure]
    )
    run_gold_aggregation >> notify_success
