"""What MWAA Serverless charges of a workflow's run: every start of a task, with the numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.cli.output.granularity_report import report_object, report_text
from sfn_provider.compare.cost.workflow_usage import VisitTime, WorkflowUsage, count_restarts, measure_workflow
from sfn_provider.translate import translate
from sfn_provider.translate.serverless.style import WayName
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.golden import DAGS

GLUE = "arn:aws:states:::glue:startJobRun.sync"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:work"
JOB = {"Type": "Task", "Resource": GLUE, "Parameters": {"JobName": "j"}}
BRANCH = machine(
    {"A": choose("$.a", {"x": "B"}, "C"), "B": call("D", Parameters={}), "C": call("D", Parameters={}), "D": END}
)
RETRIED = machine({"J": {**JOB, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}], "End": True}})
JOBS_SIDE_BY_SIDE = {"Type": "Parallel", "Branches": [RETRIED, machine({"K": {**JOB, "End": True}})], "End": True}
PARALLEL = machine(
    {"P": {"Type": "Parallel", "Branches": [machine({"L": call()}), machine({"R": call()})], "Next": "Z"}, "Z": END}
)


def visit(state: str, type: str = "Task", seconds: float = 0.0, **fields: Any) -> VisitTime:
    resource = fields.pop("resource", LAMBDA if type == "Task" else "")
    given = {"depth": 0, "calls": 1 if type == "Task" else 0, "calling": 0.0, "failed": False, **fields}
    return VisitTime(state, type, resource, seconds=seconds, **given)


CHOSEN = [visit("A", "Choice"), visit("B", calling=90.0), visit("D", "Pass")]
CASES: dict[str, tuple[Any, WayName, list[VisitTime], WorkflowUsage]] = {
    "a task that is not chosen starts with own code": (
        BRANCH,
        "code",
        CHOSEN,
        WorkflowUsage((0.0, 90.0, 0.0, 0.0), idle=1),
    ),
    "behind a failure nothing starts": (
        BRANCH,
        "code",
        [visit("A", "Choice"), visit("C", failed=True)],
        WorkflowUsage((0.0, 0.0, 0.0), idle=1),
    ),
    "a task that is skipped does not start": (BRANCH, "operators", CHOSEN[:2], WorkflowUsage((0.0, 90.0))),
    # A cycle takes 60 + 45 s: the job of 300 s has ended when the third one looks.
    "a sensor looks once a cycle": (
        machine({"J": {**JOB, "End": True}}),
        "operators",
        [visit("J", calling=300.0, resource=GLUE)],
        WorkflowUsage((0.0, 0.0, 0.0, 0.0), cycles=3),
    ),
    "a job of a mock is looked for once": (
        machine({"J": {**JOB, "End": True}}),
        "operators",
        [visit("J", resource=GLUE)],
        WorkflowUsage((0.0, 0.0), cycles=1),
    ),
    "a job with a Retry holds its task": (
        RETRIED,
        "operators",
        [visit("J", calls=2, calling=300.0, resource=GLUE)],
        WorkflowUsage((150.0, 150.0)),
    ),
    "own code is started again at the end of a wait": (
        machine({"W": {"Type": "Wait", "Seconds": 600, "End": True}}),
        "code",
        [visit("W", "Wait", 600.0)],
        WorkflowUsage((0.0, 0.0), cycles=1),
    ),
    "own code is started again before a retry": (
        machine({"A": call()}),
        "code",
        [visit("A", calls=3, calling=6.0)],
        WorkflowUsage((6.0, 0.0, 0.0), cycles=2),
    ),
    "branches are one task": (
        PARALLEL,
        "code",
        [
            visit("P", "Parallel", 5.0),
            visit("L", calling=4.0, depth=1),
            visit("R", calling=5.0, depth=1, failed=True),
            visit("Z", "Pass"),
        ],
        WorkflowUsage((9.0, 0.0)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_starts_of_a_run(case: str) -> None:
    definition, way, visits, expected = CASES[case]
    made = translate(definition, dag_id="w", target="mwaa-serverless", way=way)
    assert made.workflow is not None and made.workflow.way == way
    assert measure_workflow(made, visits) == expected


@pytest.mark.parametrize(
    ("definition", "restarts"),
    [
        (BRANCH, 0),
        (machine({"W": {"Type": "Wait", "Seconds": 2, "Next": "J"}, "J": {**JOB, "End": True}}), 1),
        (machine({"W": {"Type": "Wait", "SecondsPath": "$.s", "Next": "J"}, "J": {**JOB, "End": True}}), 2),
        (machine({"A": choose("$.a", {"x": "J"}, "K"), "J": {**JOB, "Next": "K"}, "K": {**JOB, "End": True}}), 2),
        (machine({"A": choose("$.a", {"x": "J"}, "K"), "J": {**JOB, "End": True}, "K": {**JOB, "End": True}}), 1),
        (machine({"P": JOBS_SIDE_BY_SIDE}), 2),
    ],
    ids=["none", "short wait", "wait and job", "in a row", "one of two", "in a parallel"],
)
def test_restarts_on_the_way_with_most_of_them(definition: Any, restarts: int) -> None:
    plan = translate(definition, dag_id="w", target="mwaa-serverless", way="code").plan
    assert count_restarts(plan) == restarts


def test_the_report_of_a_workflow_charges_what_the_report_of_compare_does() -> None:
    """The sales pipeline: eight tasks start, two of them unchosen, and each of two jobs is looked for once."""
    made = translate((DAGS / "sales_pipeline.asl.json").read_text(), dag_id="w", target="mwaa-serverless", way="code")
    shown = report_object(made, "us-east-1")["granularities"]
    assert [(row["tasks"], row["run_tasks"], row["starts"]) for row in shown] == [
        ("state", 6, 10),
        ("segment", 3, 5),
        ("machine", 1, 3),
    ]
    assert [row["serverless"] for row in shown] == [pytest.approx(row["starts"] * 4 / 3, abs=0.001) for row in shown]
    assert "the tasks that are not chosen" in report_text(made, "us-east-1")


def test_own_code_polls_a_job_as_its_integration_does() -> None:
    made = translate(machine({"J": {**JOB, "End": True}}), dag_id="w", target="mwaa-serverless", way="code")
    short, long = (measure_workflow(made, [visit("J", calling=at, resource=GLUE)]) for at in (0.0, 3600.0))
    assert (short.cycles, len(short.starts)) == (1, 2)
    # A poll takes its interval and 45 s: between 5 s at first and a minute at most.
    assert 3600 / 105 <= long.cycles <= 3600 / 50
