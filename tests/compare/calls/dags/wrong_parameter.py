"""The sales pipeline as a DAG that gives the job another path."""

import json
import time
from datetime import datetime, timedelta

from airflow.decorators import dag, task
from airflow.exceptions import AirflowFailException

ALERTS = "arn:aws:sns:us-east-1:123456789012:pipeline-alerts"


def client(service):
    import boto3

    return boto3.client(service, region_name="us-east-1")


def invoke(function, payload):
    answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload))
    return json.loads(answer["Payload"].read()), "FunctionError" in answer


def publish(message):
    client("sns").publish(TopicArn=ALERTS, Message=message)


@dag(dag_id="sales_with_wrong_parameter", schedule=None, start_date=datetime(2025, 1, 1))
def sales_pipeline():
    @task(multiple_outputs=False)
    def validate(dag_run=None):
        payload = {"bucket": dag_run.conf["bucket"], "key": dag_run.conf["key"]}
        result, failed = invoke("ValidateS3File", payload)
        if failed and result["errorType"] != "FileNotFoundError":
            raise AirflowFailException(result["errorMessage"])
        return result

    @task.branch
    def is_there(file):
        return "notify_failure" if "errorType" in file else "start_transform"

    @task(retries=2, retry_delay=timedelta(seconds=60))
    def start_transform(file):
        arguments = {"--run_date": file["run_date"], "--input_path": file["input_path"].rstrip("/")}
        return client("glue").start_job_run(JobName="sales-bronze-to-silver", Arguments=arguments)["JobRunId"]

    @task(multiple_outputs=False)
    def wait_for_transform(job_run):
        while True:
            run = client("glue").get_job_run(JobName="sales-bronze-to-silver", RunId=job_run)["JobRun"]
            if run["JobRunState"] == "SUCCEEDED":
                return run
            if run["JobRunState"] != "RUNNING":
                raise AirflowFailException(run["JobRunState"])
            time.sleep(30)

    @task
    def check_quality(run):
        result, failed = invoke("CheckDataQuality", run)
        if failed:
            raise AirflowFailException(result["errorMessage"])
        return result["quality_score"]

    @task.branch
    def is_good(score):
        return "aggregate" if score > 0.95 else "notify_quality_failure"

    @task
    def aggregate():
        athena = client("athena")
        query = "INSERT INTO gold_daily_revenue SELECT ..."
        started = athena.start_query_execution(QueryString=query, WorkGroup="pipeline-workgroup")
        while True:
            found = athena.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
            state = found["QueryExecution"]["Status"]["State"]
            if state == "SUCCEEDED":
                return
            if state != "RUNNING":
                raise AirflowFailException(state)
            time.sleep(10)

    @task
    def notify_success():
        publish("Daily sales pipeline completed successfully")

    @task
    def notify_failure(file):
        publish(f"Pipeline failed: {file['errorType']}")

    @task
    def notify_quality_failure(score):
        publish(f"Quality check failed. Score: {score}")

    file = validate()
    transform = start_transform(file)
    is_there(file) >> [transform, notify_failure(file)]
    score = check_quality(wait_for_transform(transform))
    aggregated = aggregate()
    is_good(score) >> [aggregated, notify_quality_failure(score)]
    aggregated >> notify_success()


sales_pipeline()
