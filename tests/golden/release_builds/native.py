"""Builds a release, tests it in another state machine, and writes down what came of it

Made from the Step Functions definition machine.asl.json.
"""

import json
import time
from datetime import UTC, datetime, timedelta

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

RELEASE_TESTS = "arn:aws:states:us-east-1:123456789012:stateMachine:release-tests"
FIND_AUTHOR = "arn:aws:lambda:us-east-1:123456789012:function:find-author"
TELL_RELEASE = "arn:aws:lambda:us-east-1:123456789012:function:tell-release"


def error_name(error):
    match error.args:
        case [{"errorType": name}]:  # of a Lambda function
            return name
    return type(error).__name__


def invoke_function(name, payload):
    response = LambdaHook().invoke_lambda(function_name=name, payload=json.dumps(payload))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer)
    return answer


def attributes(values):
    return {name: attribute(value) for name, value in values.items()}


def attribute(value):
    match value:
        case str():
            return {"S": value}
        case {"M": values}:
            return {"M": attributes(values)}
        case {"L": values}:
            return {"L": [attribute(value) for value in values]}
    return value


with DAG(
    dag_id="release_builds",
    description="Builds a release, tests it in another state machine, and writes down what came of it",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):

    @task(task_id="Build")
    def build(params):
        codebuild = AwsBaseHook(client_type="codebuild").conn
        response = codebuild.start_build(projectName="releases", sourceVersion=params["commit"])
        while True:
            job = codebuild.batch_get_builds(ids=[response["build"]["id"]])["builds"][0]
            if job["buildStatus"] == "SUCCEEDED":
                break
            if job["buildStatus"] in ("FAILED", "FAULT", "STOPPED", "TIMED_OUT"):
                raise RuntimeError(f"The job has ended as {job['buildStatus']}")
            time.sleep(30)
        return job["buildNumber"]

    build_task = build()

    @task.branch(task_id="Which_tests")
    def which_tests(params):
        return "Which_tests_to_Write_down" if params["urgent"] is True else "Run_the_tests"

    @task(task_id="Run_the_tests")
    def run_the_tests(result, run_id):
        stepfunctions = AwsBaseHook(client_type="stepfunctions").conn
        response = stepfunctions.start_execution(
            stateMachineArn=RELEASE_TESTS,
            input=json.dumps(
                {"build": result, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": run_id},
                separators=(",", ":"),
                ensure_ascii=False,
            ),
        )
        while True:
            job = stepfunctions.describe_execution(executionArn=response["executionArn"])
            if job["status"] == "SUCCEEDED":
                break
            if job["status"] in ("ABORTED", "FAILED", "TIMED_OUT"):
                raise RuntimeError(f"The job has ended as {job['status']}")
            time.sleep(30)
        job["output"] = json.loads(job["output"])
        return job["output"]["failures"]

    run_the_tests_task = run_the_tests(build_task)

    @task.branch(task_id="Any_failures")
    def any_failures(result, ti):
        chosen = "Find_who_broke_it" if result > 0 else "Write_down"
        ti.xcom_push(key="chosen", value=chosen)
        return chosen

    @task(
        task_id="Find_who_broke_it",
        retries=2,
        retry_delay=timedelta(seconds=1),
        retry_exponential_backoff=2.0,
    )
    def find_who_broke_it(result, run_the_tests_result, params):
        try:
            return invoke_function(
                name=FIND_AUTHOR,
                payload={
                    **params,
                    "build": {"number": result},
                    "tests": {"failures": run_the_tests_result},
                },
            )
        except Exception as error:
            if error_name(error) == "NoSuchCommit":
                raise AirflowFailException(str(error)) from error
            raise

    find_who_broke_it_task = find_who_broke_it(build_task, run_the_tests_task)

    @task(task_id="Not_released")
    def not_released(result):
        raise AirflowFailException(f"TestsFailed: {result['name']}")

    which_tests_to_write_down = EmptyOperator(task_id="Which_tests_to_Write_down")

    @task(task_id="Write_down", trigger_rule="none_failed_min_one_success")
    def write_down(params):
        dynamodb = AwsBaseHook(client_type="dynamodb").conn
        dynamodb.put_item(
            TableName="releases",
            Item={"commit": attribute(params["commit"]), "details": {"M": attributes(params["details"])}},
        )

    write_down_task = write_down()

    @task(task_id="Tell_payload")
    def tell_payload(result, ti, params):
        if ti.xcom_pull(task_ids="Any_failures", key="chosen") == "Write_down":
            return {
                **params,
                "build": {"number": result},
                "tests": {"failures": ti.xcom_pull(task_ids="Run_the_tests")},
            }
        return {**params, "build": {"number": result}}

    tell = LambdaInvokeFunctionOperator(
        task_id="Tell",
        function_name=TELL_RELEASE,
        payload="{{ ti.xcom_pull(task_ids='Tell_payload') | tojson }}",
    )

    build_task >> which_tests() >> [run_the_tests_task, which_tests_to_write_down]
    run_the_tests_task >> any_failures(run_the_tests_task) >> [find_who_broke_it_task, write_down_task]
    find_who_broke_it_task >> not_released(find_who_broke_it_task)
    which_tests_to_write_down >> write_down_task
    write_down_task >> tell_payload(build_task) >> tell
