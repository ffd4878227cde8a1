"""The links to the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import XCom
from sfn_provider.get_provider_info import get_provider_info
from sfn_provider.links.aws_console import AwsConsoleLink
from sfn_provider.links.step_function import (
    MapRunDetailsLink,
    StateMachineDetailsLink,
    StateMachineExecutionsDetailsLink,
    StepFunctionsConsoleLink,
)
from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator
from tests.fixtures.airflow.airflow_home import run_dag, xcom
from tests.fixtures.airflow.task_contexts import context_of
from tests.fixtures.session.versions import AIRFLOW

MACHINE = "arn:{}:states:{}:123456789012:stateMachine:Orders"


@dataclass(frozen=True)
class Case:
    """A partition, a region in it, and the console's host."""

    partition: str
    region: str
    host: str


@pytest.mark.parametrize(
    "case",
    [
        Case("aws", "eu-central-1", "console.aws.amazon.com"),
        Case("aws-cn", "cn-north-1", "console.amazonaws.cn"),
        Case("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
        Case("aws-eusc", "eusc-de-east-1", "console.amazonaws-eusc.eu"),
        Case("aws-iso", "us-iso-east-1", "console.c2shome.ic.gov"),
        Case("aws-iso-b", "us-isob-east-1", "console.sc2shome.sgov.gov"),
        Case("aws-iso-e", "eu-isoe-west-1", "console.csphome.adc-e.uk"),
        Case("aws-iso-f", "us-isof-south-1", "console.csphome.hci.ic.gov"),
    ],
    ids=lambda case: case.partition,
)
def test_every_partition_has_its_console(case: Case) -> None:
    operator = StepFunctionStartExecutionOperator(task_id="start", state_machine_arn="arn")
    context = context_of(operator)
    arn = MACHINE.format(case.partition, case.region)
    StateMachineDetailsLink.persist(context, operator, case.region, case.partition, state_machine_arn=arn)
    stored = context["ti"].xcoms["_state_machine_details"]
    escaped = arn.replace(":", "%3A")
    assert StateMachineDetailsLink().format_link(**stored) == (
        f"https://{case.host}/states/home?region={case.region}#/statemachines/view/{escaped}"
    )


def test_botocore_knows_no_partition_without_a_console() -> None:
    import boto3

    partitions = boto3.session.Session().get_available_partitions()
    assert [name for name in partitions if StateMachineDetailsLink.get_aws_domain(name) is None] == []


@pytest.mark.parametrize(
    "fields",
    [{}, {"region_name": "us-east-1", "aws_domain": None, "execution_arn": "arn"}],
    ids=["nothing", "unknown partition"],
)
def test_without_all_it_needs_there_is_no_link(fields: dict[str, Any]) -> None:
    assert StateMachineExecutionsDetailsLink().format_link(**fields) == ""


EXPRESS = "arn:aws:states:eu-west-3:123456789012:express:Orders:one:4f5a"
MAP_RUN = "arn:aws-cn:states:cn-north-1:123456789012:mapRun:Orders/Lines:77aa"
EXECUTION = "arn:aws-us-gov:states:us-gov-west-1:123456789012:execution:Orders:one"


@dataclass(frozen=True)
class Page:
    """What a task stored in a region and partition that are not the ARN's, and the page that the link shows."""

    id: str
    link: StepFunctionsConsoleLink
    stored: dict[str, Any]
    address: str


PAGES = [
    Page(
        "standard",
        StateMachineExecutionsDetailsLink(),
        {"execution_arn": EXECUTION},
        "https://console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#/v2/executions/details/"
        + EXECUTION.replace(":", "%3A"),
    ),
    Page(
        "express",
        StateMachineExecutionsDetailsLink(),
        {"execution_arn": EXPRESS, "start_date": 1742004000000},
        "https://console.aws.amazon.com/states/home?region=eu-west-3#/express-executions/details/"
        + EXPRESS.replace(":", "%3A")
        + "?startDate=1742004000000",
    ),
    Page(
        "map run",
        MapRunDetailsLink(),
        {"map_run_arn": MAP_RUN},
        "https://console.amazonaws.cn/states/home?region=cn-north-1#/map-runs/executions/"
        + MAP_RUN.replace(":", "%3A").replace("/", "%2F"),
    ),
    Page(
        "no arn",
        StateMachineDetailsLink(),
        {"state_machine_arn": "Orders"},
        "https://console.aws.amazon.com/states/home?region=us-east-1#/statemachines/view/Orders",
    ),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.id)
def test_region_and_console_are_those_of_the_arn(page: Page) -> None:
    stored = {"region_name": "us-east-1", "aws_domain": "aws.amazon.com", **page.stored}
    assert page.link.format_link(**stored) == page.address


def test_a_link_that_cannot_be_stored_fails_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    operator = StepFunctionStartExecutionOperator(task_id="start", state_machine_arn="arn")
    context = context_of(operator)
    monkeypatch.setattr(type(context["ti"]), "xcom_push", _refuse)
    StateMachineDetailsLink.persist(context, operator, "us-east-1", "aws", state_machine_arn="arn")


@pytest.mark.skipif(AIRFLOW < (3,), reason="Airflow 2 builds a link when it shows a page")
@pytest.mark.parametrize("do_xcom_push", [True, False])
def test_a_link_is_there_while_the_task_runs(do_xcom_push: bool) -> None:
    operator = StepFunctionStartExecutionOperator(task_id="start", state_machine_arn="", do_xcom_push=do_xcom_push)
    context = context_of(operator)
    StateMachineDetailsLink.persist_for(operator, context, state_machine_arn=MACHINE.format("aws", "eu-west-1"))
    shown = context["ti"].xcoms.get(StateMachineDetailsLink().xcom_key, "")
    assert shown.startswith("https://console.aws.amazon.com/states/home?region=eu-west-1#") is do_xcom_push


def test_a_link_that_cannot_be_read_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(XCom, "get_value", _refuse)
    key: Any = None
    operator = StepFunctionStartExecutionOperator(task_id="start", state_machine_arn="arn")
    assert StateMachineDetailsLink().get_link(operator, ti_key=key) == ""


def _refuse(*args: Any, **kwargs: Any) -> None:
    raise OSError("no database")


def test_every_link_is_registered() -> None:
    registered = get_provider_info()["extra-links"]
    links = [StateMachineDetailsLink, StateMachineExecutionsDetailsLink, MapRunDetailsLink, AwsConsoleLink]
    assert registered == [f"{link.__module__}.{link.__qualname__}" for link in links]


def test_a_dag_run_has_its_links(airflow_db: None, pending_machine: str) -> None:
    with DAG("links", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        operator = StepFunctionStartExecutionOperator(
            task_id="start", state_machine_arn=pending_machine, name="one", wait_for_completion=False
        )
    run = run_dag(dag)
    home = "https://console.aws.amazon.com/states/home?region=us-east-1#"
    arn = "arn%3Aaws%3Astates%3Aus-east-1%3A123456789012%3A"
    [instance] = run.get_task_instances()
    found = {
        # Airflow 3 shows what the task has stored, Airflow 2 asks the link.
        link.name: xcom(run, "start", link.xcom_key)
        if AIRFLOW >= (3,)
        else link.get_link(operator, ti_key=instance.key)
        for link in operator.operator_extra_links
    }
    assert found == {
        "State Machine Details": f"{home}/statemachines/view/{arn}stateMachine%3AMachine",
        "State Machine Executions Details": f"{home}/v2/executions/details/{arn}execution%3AMachine%3Aone",
    }
