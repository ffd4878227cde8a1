"""The state machine three_loops.

Made from the Step Functions definition machine.asl.json.
"""

import json
import time
from datetime import UTC, datetime

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

PAGE = "arn:aws:lambda:eu-central-1:123456789012:function:page"
REPORT = "arn:aws:lambda:eu-central-1:123456789012:function:report"
ASK = "arn:aws:lambda:eu-central-1:123456789012:function:ask"
STORE = "arn:aws:lambda:eu-central-1:123456789012:function:store"


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


with DAG(
    dag_id="three_loops",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):

    @task(task_id="Take_a_page")
    def take_a_page(params):
        data = params
        while True:
            take_a_page = invoke_function(PAGE, data)
            if "next" in take_a_page:
                data = take_a_page
            else:
                return take_a_page

    report = LambdaInvokeFunctionOperator(
        task_id="Report",
        function_name=REPORT,
        payload="{{ ti.xcom_pull(task_ids='Take_a_page') | tojson }}",
    )

    @task(task_id="Ask_a_person")
    def ask_a_person(result):
        data = json.loads(result)
        while True:
            try:
                ask_a_person = invoke_function(ASK, data)
            except Exception as error:
                if error_name(error) == "NobodyThere":
                    error_2 = error_name(error)
                    cause = str(error)
                else:
                    raise
            else:
                return ask_a_person
            time.sleep(data["patience"])
            data = {**data, "error": {"Error": error_2, "Cause": cause}}

    ask_a_person_task = ask_a_person(report.output)

    @task(task_id="Answered")
    def answered(result):
        while True:
            if result["answer"] == "again":
                pass
            elif result["answer"] == "no":
                return {"next": "Refused", "output": result}
            else:
                return {"next": "Retry until stored", "output": result}
            time.sleep(600)

    answered_task = answered(ask_a_person_task)

    @task.branch(task_id="Answered_exits")
    def answered_exits(result):
        return "Refused" if result["next"] == "Refused" else "Retry_until_stored"

    @task(task_id="Refused")
    def refused():
        raise AirflowFailException("Refused")

    @task(task_id="Retry_until_stored")
    def retry_until_stored(result):
        while True:
            try:
                invoke_function(STORE, result["output"])
            except Exception:
                pass
            else:
                return

    (
        take_a_page()
        >> report
        >> ask_a_person_task
        >> answered_task
        >> answered_exits(answered_task)
        >> [refused(), retry_until_stored(answered_task)]
    )
