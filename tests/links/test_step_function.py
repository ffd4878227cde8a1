"""The links to the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow import DAG

from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator
from tests.fixtures.airflow_home import run_dag, xcom
from tests.fixtures.tasks import context_of

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


def test_a_dag_run_has_its_links(airflow_db: None, make_machine: Any) -> None:
    with DAG("links", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        operator = StepFunctionStartExecutionOperator(
            task_id="start", state_machine_arn=make_machine(), name="one", wait_for_completion=False
        )
    run = run_dag(dag)
    home = "https://console.aws.amazon.com/states/home?region=us-east-1#"
    arn = "arn%3Aaws%3Astates%3Aus-east-1%3A123456789012%3A"
    assert {link.name: xcom(run, "start", link.xcom_key) for link in operator.operator_extra_links} == {
        "State Machine Details": f"{home}/statemachines/view/{arn}stateMachine%3AMachine",
        "State Machine Executions Details": f"{home}/v2/executions/details/{arn}execution%3AMachine%3Aone",
    }
