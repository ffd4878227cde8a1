"""The sales pipeline in a real Airflow, whose Glue job fails twice: what log, links and rendered fields show of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import boto3
import pytest

from tests.aws.lambda_functions import LambdaFunctions
from tests.aws.moto import REGION
from tests.aws.scripted import ScriptedAws
from tests.aws.server import serve
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run
from tests.fixtures.whole_airflow.real_airflow_dags import source_of

DAGS = Path(__file__).parents[2] / "dags"
INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
GLUE = "https://console.aws.amazon.com/gluestudio/home?region=us-east-1#/job/sales-bronze-to-silver/run/jr_{}"
TASKS = "dags/sales_story/tasks"
ARGUMENTS = {"--run_date": "2025", "--input_path": "s3://b"}
OF_STATES = re.compile("State |Next: |The execution ")


ASK = """
from airflow import DAG
from sfn_provider.operators.state_machine import TaskStateOperator

with DAG("ask_person", schedule=None):
    TaskStateOperator(
        task_id="ask",
        resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        parameters={"QueueUrl.$": "$.queue", "MessageBody.$": "$$.Task.Token"},
        end=True,
    )
"""


def definition() -> str:
    """The pipeline, with a Retry that is for jobs that fail, and soon."""
    text = (DAGS / "sales_pipeline.asl.json").read_text().replace(":123456:", ":123456789012:")
    return text.replace("Glue.AWSGlueException", "States.TaskFailed").replace(
        '"IntervalSeconds": 60', '"IntervalSeconds": 3'
    )


def glue_that_fails_twice() -> ScriptedAws:
    """Script three runs of the job; each poll finds it ended, the third time with success."""
    scripted_aws = ScriptedAws()
    runs = [{"JobRunId": f"jr_{number}"} for number in (1, 2, 3)]
    scripted_aws.script("StartJobRun", *runs)

    def describe(number: int) -> dict[str, Any]:
        failed = {"JobRunState": "FAILED", "ErrorMessage": "no\nworkers"}
        return {"JobRun": {"Id": f"jr_{number}", **(failed if number < 3 else {"JobRunState": "SUCCEEDED"})}}

    # The triggerer polls it, then the worker.
    scripted_aws.script("GetJobRun", *(describe(number) for number in (1, 1, 2, 2, 3, 3)))
    return scripted_aws


def attempt(number: int, delay: int | None = None) -> list[str]:
    """The lines of an attempt; of one that fails and is retried after so many seconds, or of the last one."""
    state, job = "State 'RunGlueTransform'", f"Glue job run jr_{number} of sales-bronze-to-silver"
    again = f", attempt {number}" if number > 1 else ""
    begin = [f"{state} calls glue:startJobRun.sync{again}", f"{state} has started {job}: {GLUE.format(number)}"]
    if delay is None:
        return [*begin, f"{state}: {job} has succeeded after N s", "Next: state 'CheckDataQuality'"]
    cause = f'{{"Id":"jr_{number}","JobRunState":"FAILED","ErrorMessage":"no\\nworkers"}}'
    return [
        *begin,
        f"{state}: {job} has failed with States.TaskFailed after N s",
        f"{state}, attempt {number}, has failed with States.TaskFailed; "
        f"it is retried in {delay} s (retry {number} of 2 of Retry[0]); cause: {cause}",
    ]


@pytest.fixture(scope="module")
def services(empty_moto_server: str, lambda_functions: LambdaFunctions) -> None:
    """What the other states call."""
    athena, sns = (boto3.client(name, endpoint_url=empty_moto_server, region_name=REGION) for name in ("athena", "sns"))
    athena.create_work_group(Name="pipeline-workgroup")
    sns.create_topic(Name="pipeline-alerts")
    lambda_functions.add("ValidateS3File", lambda payload: payload | {"run_date": "2025", "input_path": "s3://b"})
    lambda_functions.add("CheckDataQuality", lambda _: {"quality_score": 0.97})


@pytest.fixture(scope="module")
def people(empty_moto_server: str) -> Any:
    """The queue by which people are asked."""
    sqs = boto3.resource("sqs", endpoint_url=empty_moto_server, region_name=REGION)
    return sqs.create_queue(QueueName="people")


@pytest.fixture(scope="module")
def runs(real_airflow_process: RealAirflow, services: None, people: Any) -> Iterator[dict[str, Run]]:
    """A run of each DAG."""
    airflow, glue = real_airflow_process, glue_that_fails_twice()
    airflow.ensure()
    with serve(glue) as glue.url:
        airflow.set_connection("glue", glue.url)
        task_id = 'task_id="RunGlueTransform",'
        source = source_of(definition(), "sales_story").replace(task_id, f'{task_id} aws_conn_id="glue",')
        airflow.add_dags({"sales_story": source, "ask_person": ASK})
        story = airflow.trigger("sales_story", INPUT)
        yield {"sales_story": story, "ask_person": airflow.trigger("ask_person", {"queue": people.url})}


def lines(run: Run, task_id: str) -> list[str]:
    """What a task's log says of its states, in order; on Airflow 3 its lines are JSON."""
    texts = [
        json.loads(line)["event"] if line.startswith("{") else line.partition("} INFO - ")[2]
        for line in run.log(task_id).splitlines()
    ]
    return [re.sub(r"after (?:\d+ min )?[0-9.]+ m?s", "after N s", text) for text in texts if OF_STATES.match(text)]


def links(run: Run, task_id: str) -> dict[str, Any]:
    """The links that Airflow gives for a task instance."""
    place = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/links"
    given = run.airflow.call("GET", place)
    return dict(given.get("extra_links", given))


def test_the_log_alone_tells_the_story(runs: dict[str, Run]) -> None:
    run = runs["sales_story"]
    run.wait_for_task("RunGlueTransform", "deferred")
    shown = links(run, "RunGlueTransform")
    assert shown["Glue job run"] in [GLUE.format(number) for number in (1, 2, 3)], "while it waits"
    assert run.wait(240) == "success", run.story()
    assert lines(run, "ValidateInputFile") == [
        "State 'ValidateInputFile' calls lambda:invoke, Lambda function ValidateS3File: "
        "https://console.aws.amazon.com/lambda/home?region=us-east-1#/functions/ValidateS3File",
        "State 'ValidateInputFile': lambda:invoke has answered after N s",
        "Next: state 'RunGlueTransform'",
    ]
    assert lines(run, "RunGlueTransform") == [*attempt(1, delay=3), *attempt(2, delay=6), *attempt(3)]
    assert lines(run, "QualityPassed") == [
        "State 'QualityPassed?' goes on to 'RunGoldAggregation': Choices[0] matches: "
        "$.quality_score NumericGreaterThan 0.95; $.quality_score = 0.97"
    ]
    assert lines(run, "NotifySuccess")[-1] == "The execution ends with success"
    assert links(run, "RunGlueTransform") == {"Glue job run": GLUE.format(3)}
    rendered = run.task("RunGlueTransform")["rendered_fields"]
    assert rendered == {"parameters": {"JobName": "sales-bronze-to-silver", "Arguments": ARGUMENTS}}
    short_call = run.task("ValidateInputFile")["rendered_fields"]  # Airflow 3 stores them when the task has ended
    assert short_call == {"parameters": {name: INPUT[name] for name in ("bucket", "key")}}
    retries = run.xcom("RunGlueTransform", "retries")
    assert [(retry["attempt"], retry["error"], retry["delay"]) for retry in retries] == [
        (1, "States.TaskFailed", 3.0),
        (2, "States.TaskFailed", 6.0),
    ]
    operators = {task["task_id"]: task["operator_name"] for task in run.airflow.call("GET", TASKS)["tasks"]}
    assert operators["RunGlueTransform"] == "glue:startJobRun.sync"
    assert operators["QualityPassed"] == "Choice"
    page = Site(run).get()
    # The DAG's tasks beside the machine's states: of each two did not run.
    assert (page.count('class="node ran"'), page.count('class="node idle"')) == (12, 4)


class Site:
    """A run's page, beside those of Airflow: the session of one browser."""

    def __init__(self, run: Run) -> None:
        self._url = f"{run.airflow.server}/state-machines/dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}"
        self._opener = build_opener(HTTPCookieProcessor())

    def get(self, fields: dict[str, str] | None = None) -> str:
        """The page; after a form with these fields was sent, where there are any."""
        data = None if fields is None else urlencode(fields).encode()
        with self._opener.open(self._url, data, timeout=60) as response:
            return str(response.read().decode())


def test_a_person_answers_on_the_page_of_the_run(runs: dict[str, Run], people: Any) -> None:
    run = runs["ask_person"]
    run.wait_for_task("ask", "deferred")
    page = Site(run)
    form = next(part for part in page.get().split("<form") if 'value="approve"' in part)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    [message] = people.receive_messages(WaitTimeSeconds=1)
    assert "signature" in fields and message.body not in form
    assert "Waiting for an answer" not in page.get(fields | {"action": "approve", "output": '{"by": "a person"}'})
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == {"by": "a person"}
