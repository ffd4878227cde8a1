"""States that a DAG says where only a part of them was: start times, computed arguments, ways, distributed Maps."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import dateutil.tz
import jinja2
import pytest

from sfn_provider.translate import Translation
from tests.translate.native.native_states import call, native, optimized

TIME = "$$.State.EnteredTime"


def choice(default: str, **targets: str) -> dict[str, Any]:
    rules = [{"Variable": "$.status", "StringEquals": status, "Next": target} for status, target in targets.items()]
    return {"Type": "Choice", "Choices": rules, "Default": default}


def reasons(made: Translation) -> dict[str, str]:
    return {found.state: found.why for found in made.findings if found.code == "STAYS_EXACT"}


PUT_TIME = {"TableName": "t", "Item": {"at": {"S.$": TIME}}}
SAY_TIME = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message.$": TIME}


def test_all_arguments_of_a_job_that_a_run_knows_are_an_object() -> None:
    parameters = {"JobName": "j", "Arguments.$": "$.arguments"}
    job = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": parameters, "End": True}
    source = native({"Job": job}).source
    assert "script_args=job_script_args_task" in source
    assert 'return params["arguments"]' in source


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (optimized("dynamodb:putItem", PUT_TIME, End=True), 'Item={"at": {"S": ti.start_date.isoformat()}}'),
        (optimized("sns:publish", SAY_TIME, End=True), 'message="{{ ti.start_date.isoformat() }}"'),
    ],
    ids=["a function", "an operator"],
)
def test_the_time_at_which_a_state_is_entered_is_the_start_of_its_task(state: dict[str, Any], line: str) -> None:
    made = native({"A": state})
    assert line in made.source
    assert [(found.code, found.state) for found in made.findings if found.code == "CONTEXT_OBJECT"] == [
        ("CONTEXT_OBJECT", "A")
    ]


def mapped(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {"StartAt": next(iter(body)), "States": body}
    return {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, **fields}


NOT_ITS_OWN: dict[str, tuple[dict[str, Any], str]] = {
    "of a Pass that is no task": (
        {
            "At": {"Type": "Pass", "Parameters": {"at.$": TIME}, "ResultPath": "$.at", "Next": "B"},
            "B": call("b", Parameters={"at.$": "$.at.at"}, Next="C"),
            "C": call("c", Parameters={}, End=True),
        },
        "At",
    ),
    "of an item": (
        {
            "Each": mapped({"I": call("i", Parameters={"at.$": TIME}, End=True)}) | {"Next": "C"},
            "C": call("c", Parameters={}, End=True),
        },
        "Each",
    ),
}


@pytest.mark.parametrize("case", NOT_ITS_OWN)
def test_another_time_stays_exact(case: str) -> None:
    states, state = NOT_ITS_OWN[case]
    made = native(states)
    assert "start_date.iso" not in made.source
    assert {entry.state: entry.how for entry in made.tasks}[state] == "exact"


def test_in_airflow_2_it_is_the_time_at_which_the_task_reads_it() -> None:
    now = "macros.datetime.now(macros.dateutil.tz.UTC).isoformat()"
    put = native({"A": optimized("dynamodb:putItem", PUT_TIME, End=True)}, "2.10.3").source
    say = native({"A": optimized("sns:publish", SAY_TIME, End=True)}, "2.10.3").source
    assert "def a(macros):" in put and f'Item={{"at": {{"S": {now}}}}}' in put
    assert f'message="{{{{ {now} }}}}"' in say
    written = jinja2.Template(f"{{{{ {now} }}}}").render(macros=SimpleNamespace(datetime=datetime, dateutil=dateutil))
    assert datetime.fromisoformat(written).utcoffset() == timedelta()


def test_an_argument_that_is_no_text_is_the_output_of_a_task() -> None:
    parameters = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d", "Parameters.$": "$.of.job"}
    made = native({"Job": optimized("batch:submitJob.sync", parameters, End=True)})
    assert 'def job_parameters(params):\n        return params["of"]["job"]\n' in made.source
    assert "parameters=job_parameters_task," in made.source
    assert "job_parameters_task >> job" in made.source
    assert not reasons(made)


def test_several_such_arguments_stay_exact() -> None:
    parameters = {
        "JobName": "j",
        "JobQueue": "q",
        "JobDefinition": "d",
        "Parameters.$": "$.parameters",
        "Tags.$": "$.tags",
        "ArrayProperties": {"Size.$": "$.size"},
    }
    made = native({"Job": optimized("batch:submitJob.sync", parameters, Next="B"), "B": call("b", End=True)})
    assert reasons(made)["Job"]


def catcher(path: str, *names: str) -> dict[str, Any]:
    return {"ErrorEquals": [*names], "ResultPath": path, "Next": "Tell"}


def test_the_name_of_an_error_says_which_catcher_has_taken_it() -> None:
    catch = [catcher("$.busy", "Busy", "Locked"), catcher("$.other", "States.ALL")]
    made = native({"A": call("a", Catch=catch, End=True), "Tell": call("tell", End=True)})
    assert not reasons(made)
    assert (
        '(a_error or {}).get("Error") in ("Busy", "Locked"):\n            return {**params, "busy": a_error}'
        in made.source
    )


def test_catchers_that_hand_over_the_same_need_no_name() -> None:
    catch = [catcher("$.error", "Busy"), catcher("$.error", "States.ALL")]
    made = native({"A": call("a", Catch=catch, End=True), "Tell": call("tell", End=True)})
    assert not reasons(made) and '"Error") ==' not in made.source


DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


def distributed(item: dict[str, Any], **fields: Any) -> dict[str, Any]:
    state = mapped({"I": call("i", **item, End=True)}, **fields)
    state["ItemProcessor"] |= DISTRIBUTED
    return {"Each": {**state, "Next": "B"}, "B": call("b", End=True)}


def test_a_distributed_map_of_items_in_the_input_is_a_mapped_task() -> None:
    made = native(distributed({}))
    assert not reasons(made) and ".expand(item=" in made.source
    assert "DISTRIBUTED_MAP" in {found.code for found in made.findings}


WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}
STAYS = {
    "whose results are written to S3": ({}, {"ResultWriter": WRITER}),
    "that tolerates failures": ({}, {"ToleratedFailurePercentage": 5}),
    "that tolerates a number of failures of the input": ({}, {"ToleratedFailureCountPath": "$.most"}),
    "of batches": ({}, {"ItemBatcher": {"MaxItemsPerBatch": 2}}),
    "whose items read their execution": ({"Parameters": {"id.$": "$$.Execution.Id"}}, {}),
    "whose items read the whole context": ({"Parameters": {"all.$": "$$"}}, {}),
}


@pytest.mark.parametrize("case", STAYS)
def test_other_distributed_maps_stay_exact(case: str) -> None:
    item, fields = STAYS[case]
    assert "Each" in reasons(native(distributed(item, **fields)))


def test_termination_protection_is_set_for_a_list_of_clusters() -> None:
    parameters = {"ClusterId.$": "$.id", "TerminationProtected": True}
    made = native({"Keep": optimized("elasticmapreduce:setClusterTerminationProtection", parameters, End=True)})
    assert 'emr.set_termination_protection(JobFlowIds=[params["id"]], TerminationProtected=True)' in made.source


def test_a_call_is_written_once_for_many_ways() -> None:
    put = {
        "TableName": "t",
        "Item": {"dynamodb": {"S.$": "$.x"}, "run_id": {"S.$": "$.y"}, "run": {"S.$": "$$.Execution.Id"}},
    }
    made = native(
        {
            "Which": choice("D", a="A", b="B", c="C"),
            **{name: call(name, Next="Put") for name in ("A", "B", "C", "D")},
            "Put": optimized("dynamodb:putItem", put, End=True),
        }
    )
    assert not reasons(made)
    body = made.source.partition("def put(")[2]
    assert body.count("dynamodb.put_item(") == 1 and 'dynamodb = AwsBaseHook(client_type="dynamodb").conn' in body
    assert '            dynamodb_2 = answer["x"]\n            run_id_2 = answer["y"]\n' in body
    assert '"dynamodb": {"S": dynamodb_2}, "run_id": {"S": run_id_2}, "run": {"S": run_id}' in " ".join(body.split())


FLAGS = [
    (
        optimized(
            "aws-sdk:glue:startDataQualityRulesetEvaluationRun",
            {
                "DataSource": {"GlueTable": {"DatabaseName": "d", "TableName": "t"}},
                "Role": "true",
                "RulesetNames": ["r"],
                "AdditionalRunOptions": {"CloudWatchMetricsEnabled": "true"},
            },
            End=True,
        ),
        ('Role="true"', '"CloudWatchMetricsEnabled": True'),
    ),
    (
        optimized("glue:startJobRun.sync", {"JobName": "j", "JobRunQueuingEnabled": "false"}, End=True),
        ('"JobRunQueuingEnabled": False',),
    ),
]


@pytest.mark.parametrize(("state", "lines"), FLAGS, ids=["a function", "an operator"])
def test_a_flag_that_is_a_text_is_what_boto3_takes(state: dict[str, Any], lines: tuple[str, ...]) -> None:
    made = native({"A": state})
    assert not reasons(made)
    assert [line for line in lines if line not in made.source] == []


def sdk(action: str, parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return optimized(f"aws-sdk:{action}", parameters, **fields)


def test_the_report_names_what_boto3_spells_otherwise_in_a_whole_result() -> None:
    made = native(
        {"A": sdk("ssm:getParameter", {"Name": "n"}, ResultPath="$.a", Next="B"), "B": call("b", End=True)},
    )
    assert not reasons(made)
    assert "json.loads(json.dumps(response, default=str))" in made.source  # LastModifiedDate
    why = "The whole result has names as boto3 spells them: ARN for Arn."
    assert [found.why for found in made.findings if found.code == "ATTRIBUTE_NAMES"] == [why]


def test_a_whole_result_with_many_other_names_stays_exact() -> None:
    parameters = {"ApplicationId": "a", "JobRunId": "j"}
    made = native({"A": sdk("emrserverless:getJobRun", parameters, Next="B"), "B": call("b", End=True)})
    assert list(reasons(made)) == ["A"]


@pytest.mark.parametrize("read", ["$.a.Parameter.Arn", "$.a.Parameter.Name"])
def test_such_a_result_stays_exact_where_the_states_of_an_item_name_what_is_spelled_otherwise(read: str) -> None:
    behind = {"B": call("b", Parameters={"read.$": read}, ResultPath=None, End=True)}
    body = {"A": sdk("ssm:getParameter", {"Name": "n"}, ResultPath="$.a", Next="B"), **behind}
    made = native({"M": mapped(body, Next="D"), "D": call("d", End=True)})
    assert list(reasons(made)) == (["M"] if read.endswith("Arn") else [])


def test_such_a_result_stays_exact_where_another_call_for_an_item_is_given_it() -> None:
    behind = {"B": call("b", End=True)}
    body = {"A": sdk("ssm:getParameter", {"Name": "n"}, ResultPath="$.a", Next="B"), **behind}
    made = native({"M": mapped(body, Next="D"), "D": call("d", Parameters={}, End=True)})
    assert list(reasons(made)) == ["M"]


@pytest.mark.parametrize("read", ["$.a.Parameter.Arn", "$.a.Parameter.Name"])
def test_such_a_result_stays_exact_where_a_state_that_stays_exact_names_it(read: str) -> None:
    filtered = {"all.$": "$.list[?(@.x)]", "read.$": read}
    made = native(
        {
            "A": sdk("ssm:getParameter", {"Name": "n"}, ResultPath="$.a", Next="P"),
            "P": {"Type": "Pass", "Parameters": filtered, "Next": "B"},
            "B": call("b", End=True),
        }
    )
    assert list(reasons(made)) == (["A", "P"] if read.endswith("Arn") else ["P"])


def test_a_result_that_is_always_there_is_not_read() -> None:
    whether = {
        "Type": "Choice",
        "Choices": [
            {
                "And": [
                    {"Variable": "$.job", "IsPresent": True},
                    {"Variable": "$.job.JobRun.State", "StringEquals": "SUCCESS"},
                ],
                "Next": "B",
            }
        ],
        "Default": "C",
    }
    made = native(
        {
            "A": sdk("emrserverless:getJobRun", {"ApplicationId": "a", "JobRunId": "j"}, ResultPath="$.job", Next="Q"),
            "Q": whether,
            "B": call("b", Parameters={}, End=True),
            "C": call("c", Parameters={}, End=True),
        }
    )
    assert not reasons(made)
    assert ')["jobRun"]["state"]' in made.source
    assert 'return "B" if result == "SUCCESS" else "C"' in made.source
