"""Daily Sales Data Pipeline

An Airflow DAG that does what the AWS Step Functions state machine of
sales_pipeline.asl.json does. Each task is one state. A task chooses the one that comes
next by its name; the others are skipped. Where the names and the edges disagree,
Airflow refuses the file and shows why. Trigger it with the execution's input as the
run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import ChoiceStateOperator, TaskStateOperator

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
    tags=["step-functions"],
):
    validate_input_file = TaskStateOperator(
        task_id="ValidateInputFile",
        resource="arn:aws:lambda:us-east-1:123456:function:ValidateS3File",
        parameters={"bucket.$": "$.bucket", "key.$": "$.key"},
        catch=[{"ErrorEquals": ["FileNotFoundError"], "Next": "NotifyFailure"}],
        next="RunGlueTransform",
    )

    run_glue_transform = TaskStateOperator(
        task_id="RunGlueTransform",
        resource="arn:aws:states:::glue:startJobRun.sync",
        parameters={
            "JobName": "sales-bronze-to-silver",
            "Arguments": {
                "--run_date.$": "$.run_date",
                "--input_path.$": "$.input_path",
            },
        },
        retry=[
            {
                "ErrorEquals": ["Glue.AWSGlueException"],
                "IntervalSeconds": 60,
                "MaxAttempts": 2,
                "BackoffRate": 2,
            },
        ],
        next="CheckDataQuality",
    )

    check_data_quality = TaskStateOperator(
        task_id="CheckDataQuality",
        resource="arn:aws:lambda:us-east-1:123456:function:CheckDataQuality",
        next="QualityPassed?",
    )

    quality_passed = ChoiceStateOperator(
        task_id="QualityPassed",
        task_display_name="QualityPassed?",
        state_name="QualityPassed?",
        choices=[
            {
                "Variable": "$.quality_score",
                "NumericGreaterThan": 0.95,
                "Next": "RunGoldAggregation",
            },
        ],
        default="NotifyQualityFailure",
    )

    run_gold_aggregation = TaskStateOperator(
        task_id="RunGoldAggregation",
        resource="arn:aws:states:::athena:startQueryExecution.sync",
        parameters={
            "QueryString": "INSERT INTO gold_daily_revenue SELECT ...",
            "WorkGroup": "pipeline-workgroup",
        },
        next="NotifySuccess",
    )

    notify_success = TaskStateOperator(
        task_id="NotifySuccess",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:us-east-1:123456:pipeline-alerts",
            "Message": "Daily sales pipeline completed successfully",
        },
        end=True,
    )

    notify_quality_failure = TaskStateOperator(
        task_id="NotifyQualityFailure",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:us-east-1:123456:pipeline-alerts",
            "Message.$": "States.Format('Quality check failed. Score: {}', $.quality_score)",
        },
        end=True,
    )

    notify_failure = TaskStateOperator(
        task_id="NotifyFailure",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:us-east-1:123456:pipeline-alerts",
            "Message.$": "States.Format('Pipeline failed: {}', $.error)",
        },
        end=True,
    )

    validate_input_file >> [run_glue_transform, notify_failure]
    run_glue_transform >> check_data_quality
    check_data_quality >> quality_passed
    quality_passed >> [run_gold_aggregation, notify_quality_failure]
    run_gold_aggregation >> notify_success
