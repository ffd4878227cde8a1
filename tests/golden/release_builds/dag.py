"""Builds a release, tests it in another state machine, and writes down what came of it

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    FailStateOperator,
    TaskStateOperator,
)

with DAG(
    dag_id="release_builds",
    description=(
        "Builds a release, tests it in another state machine, and writes down what "
        "came of it"
    ),
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    build = TaskStateOperator(
        task_id="Build",
        resource="arn:aws:states:::codebuild:startBuild.sync",
        parameters={"ProjectName": "releases", "SourceVersion.$": "$.commit"},
        result_path="$.build",
        result_selector={"number.$": "$.Build.BuildNumber"},
        next="Which tests?",
    )

    which_tests = ChoiceStateOperator(
        task_id="Which_tests",
        task_display_name="Which tests?",
        state_name="Which tests?",
        choices=[{"Variable": "$.urgent", "BooleanEquals": True, "Next": "Write down"}],
        default="Run the tests",
    )

    run_the_tests = TaskStateOperator(
        task_id="Run_the_tests",
        task_display_name="Run the tests",
        state_name="Run the tests",
        resource="arn:aws:states:::states:startExecution.sync:2",
        parameters={
            "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:release-tests",
            "Input": {
                "build.$": "$.build.number",
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
            },
        },
        result_path="$.tests",
        result_selector={"failures.$": "$.Output.failures"},
        next="Any failures?",
    )

    any_failures = ChoiceStateOperator(
        task_id="Any_failures",
        task_display_name="Any failures?",
        state_name="Any failures?",
        choices=[
            {
                "Variable": "$.tests.failures",
                "NumericGreaterThan": 0,
                "Next": "Find who broke it",
            },
        ],
        default="Write down",
    )

    find_who_broke_it = TaskStateOperator(
        task_id="Find_who_broke_it",
        task_display_name="Find who broke it",
        state_name="Find who broke it",
        resource="arn:aws:lambda:us-east-1:123456789012:function:find-author",
        result_path="$.author",
        retry=[
            {"ErrorEquals": ["NoSuchCommit"], "MaxAttempts": 0},
            {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2},
        ],
        next="Not released",
    )

    not_released = FailStateOperator(
        task_id="Not_released",
        task_display_name="Not released",
        state_name="Not released",
        error="TestsFailed",
        cause_path="$.author.name",
    )

    write_down = TaskStateOperator(
        task_id="Write_down",
        task_display_name="Write down",
        state_name="Write down",
        resource="arn:aws:states:::dynamodb:putItem",
        parameters={
            "TableName": "releases",
            "Item": {"commit.$": "$.commit", "details": {"M.$": "$.details"}},
        },
        result_path=None,
        next="Tell",
    )

    tell = TaskStateOperator(
        task_id="Tell",
        resource="arn:aws:lambda:us-east-1:123456789012:function:tell-release",
        end=True,
    )

    build >> which_tests
    which_tests >> [write_down, run_the_tests]
    run_the_tests >> any_failures
    any_failures >> [find_who_broke_it, write_down]
    find_who_broke_it >> not_released
    write_down >> tell
