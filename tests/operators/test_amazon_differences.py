"""Rows of docs/differences.md, tried on the amazon provider's classes and on these."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from types import ModuleType
from typing import Any

import pytest

from sfn_provider._compat import AirflowException
from tests.aws.scripted import ScriptedAws
from tests.aws.server import Answer, ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of
from tests.operators.test_amazon_replacement import AMAZON, DOCUMENTED, PAGE, PREFIXES

pytestmark = pytest.mark.skipif([version(AMAZON)] != DOCUMENTED, reason=f"the page is about {AMAZON} {DOCUMENTED}")

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
STARTED = {"executionArn": ARN, "startDate": 1.0}
RUNNING = {"executionArn": ARN, "stateMachineArn": MACHINE, "status": "RUNNING", "startDate": 1.0}
PENDING = RUNNING | {"status": "PENDING_REDRIVE"}
SUCCEEDED = RUNNING | {"status": "SUCCEEDED", "stopDate": 2.0, "output": '{"n": 1}'}
FAILED = RUNNING | {"status": "FAILED", "stopDate": 2.0, "error": "Orders.Bad", "cause": "no stock"}
TIMED_OUT = RUNNING | {"status": "TIMED_OUT", "stopDate": 2.0}
DENIED = ErrorResponse("AccessDeniedException", "not authorized")


@dataclass
class Package:
    """One of the two packages, with AWS as a test scripts it."""

    prefix: str
    aws: ScriptedAws

    def module(self, kind: str) -> ModuleType:
        return importlib.import_module(f"{self.prefix}.{kind}.step_function")

    def script(self, **answers: Answer) -> None:
        """Script an answer for each action, ``start="..."`` for StartExecution; the history is empty."""
        for action, answer in {"Start": STARTED, **answers}.items():
            self.aws.script(f"{action}Execution", answer)
        self.aws.script("GetExecutionHistory", {"events": []})

    def run(self, name: str, method: str = "execute", /, **arguments: Any) -> Any:
        """Run an operator or sensor. Returns its result, or its error as text, and keeps its XComs in ``xcoms``."""
        kind = "sensors" if name.endswith("Sensor") else "operators"
        operator = getattr(self.module(kind), name)(task_id="task", **arguments)
        context = context_of(operator)
        try:
            return getattr(operator, method)(context)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        finally:
            self.xcoms = context["ti"].xcoms

    def start(self, **arguments: Any) -> Any:
        return self.run("StepFunctionStartExecutionOperator", state_machine_arn=MACHINE, **arguments)

    def read(self) -> Any:
        return self.run("StepFunctionGetExecutionOutputOperator", execution_arn=ARN)

    def poke(self) -> Any:
        return self.run("StepFunctionExecutionSensor", "poke", execution_arn=ARN)

    def event(self, **arguments: Any) -> Any:
        """Run the trigger. Returns the payload of its event."""
        trigger = self.module("triggers").StepFunctionsExecutionCompleteTrigger(
            execution_arn=ARN, waiter_delay=0, waiter_max_attempts=3, aws_conn_id="aws_default", **arguments
        )

        async def first() -> Any:
            return await anext(aiter(trigger.run()))

        return asyncio.run(first()).payload


def wait(package: Package) -> Any:
    package.script(Describe=SUCCEEDED)
    return package.start(), package.aws.actions()[:2]


def start_with_a_list(package: Package) -> Any:
    package.script(Describe=SUCCEEDED)
    package.start(state_machine_input=[1])
    return [body.get("input") for body in package.aws.bodies("StartExecution")]


def start_with_a_date(package: Package) -> Any:
    package.script(Describe=SUCCEEDED)
    result = package.start(state_machine_input={"day": datetime(2025, 3, 15, tzinfo=UTC)})
    return [body.get("input") for body in package.aws.bodies("StartExecution")] or result


def redrive_as_a_template_says(package: Package) -> Any:
    package.script(Describe=SUCCEEDED, Redrive={"redriveDate": 1.0})
    package.start(name="one", is_redrive_execution="False")
    return package.aws.actions()[0]


def redrive_what_has_succeeded(package: Package) -> Any:
    package.script(Describe=SUCCEEDED, Redrive=ErrorResponse("ExecutionNotRedrivable", "it has succeeded"))
    return package.start(name="one", is_redrive_execution=True)


def redrive_by_an_alias(package: Package) -> Any:
    package.script(Redrive={"redriveDate": 1.0})
    hook = package.module("hooks").StepFunctionHook()
    hook.start_execution(f"{MACHINE}:prod", "one", is_redrive_execution=True)
    return package.aws.bodies("RedriveExecution")[0]["executionArn"]


def redrive_without_a_name(package: Package) -> Any:
    return package.start(is_redrive_execution=True)


def retry_with_the_same_name(package: Package) -> Any:
    package.script(Start=ErrorResponse("ExecutionAlreadyExists", "taken"), Describe=SUCCEEDED | {"startDate": 4e9})
    return package.start(name="one")


def read_what(description: Answer) -> Callable[[Package], Any]:
    def scenario(package: Package) -> Any:
        package.script(Describe=description)
        return package.read()

    return scenario


def poke_what(description: Answer) -> Callable[[Package], Any]:
    def scenario(package: Package) -> Any:
        package.script(Describe=description)
        return package.poke(), package.xcoms.get("output", "no XCom")

    return scenario


def soft_fail_with(answer: Answer) -> Callable[[Package], Any]:
    def scenario(package: Package) -> Any:
        package.script(Describe=answer)
        return package.run("StepFunctionExecutionSensor", execution_arn=ARN, soft_fail=True)

    return scenario


def poke_without_xcoms(package: Package) -> Any:
    package.script(Describe=SUCCEEDED)
    package.run("StepFunctionExecutionSensor", "poke", execution_arn=ARN, do_xcom_push=False)
    return package.xcoms


def event_of(description: Answer) -> Callable[[Package], Any]:
    def scenario(package: Package) -> Any:
        package.script(Describe=description, List={"executions": []})
        event = package.event()
        return event["status"], event.get("message") or event.get("execution_status")

    return scenario


def refuse_the_start(package: Package) -> Any:
    package.script(Start=DENIED)
    return package.start()


def pass_an_output(package: Package) -> Any:
    package.script(Describe=ErrorResponse("InvalidArn", "invalid"))
    result = package.run("StepFunctionGetExecutionOutputOperator", execution_arn='{"n": 1}')
    return package.aws.actions(), result


def pass_the_region(package: Package) -> Any:
    try:
        operator = package.module("operators").StepFunctionStartExecutionOperator(
            task_id="task", state_machine_arn=MACHINE, region="eu-west-1"
        )
    except (TypeError, AirflowException):
        return "refused"
    return operator.region_name


def link_to_another_partition(package: Package) -> Any:
    link = package.module("links").StateMachineExecutionsDetailsLink()
    arn = ARN.replace("aws", "aws-unknown")
    domain = link.get_aws_domain("aws-unknown")
    return link.format_link(region_name="x", aws_domain=domain, execution_arn=arn).partition("/states")[0]


def link_to_another_region(package: Package) -> Any:
    link = package.module("links").StateMachineExecutionsDetailsLink()
    fields = {"region_name": "eu-west-1", "aws_domain": "aws.amazon.com", "execution_arn": ARN}
    return link.format_link(**fields).partition("region=")[2].partition("#")[0]


@dataclass(frozen=True)
class Case:
    """A row of the page.

    Args:
        row: its first cell.
        scenario: what is done with a package.
        theirs: what comes of it with the amazon provider. A text that ends in ``...`` is the beginning.
        ours: what comes of it here.
    """

    row: str
    scenario: Callable[[Package], Any]
    theirs: Any
    ours: Any


ALREADY = "ExecutionAlreadyExists: An error occurred (ExecutionAlreadyExists)..."
SENSOR_FAILED = "Step Function sensor failed. State Machine Output: None"

CASES = [
    Case("the wait", wait, (ARN, ["StartExecution"]), (ARN, ["StartExecution", "DescribeExecution"])),
    Case("`state_machine_input`", start_with_a_list, [None], ["[1]"]),
    Case("`state_machine_input`", start_with_a_date, "TypeError: ...", ['{"day": "2025-03-15T00:00:00+00:00"}']),
    Case("`is_redrive_execution`", redrive_as_a_template_says, "RedriveExecution", "StartExecution"),
    Case(
        "a redrive of an execution that runs or has succeeded",
        redrive_what_has_succeeded,
        "ExecutionNotRedrivable: An error occurred (ExecutionNotRedrivable)...",
        ARN,
    ),
    Case(
        "a redrive by the ARN of a version or an alias",
        redrive_by_an_alias,
        ARN.replace("Orders:", "Orders:prod:"),
        ARN,
    ),
    Case(
        "a redrive without `name`",
        redrive_without_a_name,
        "AirflowFailException: ('Execution name is required to start RedriveExecution for %s.', ...",
        f"AirflowFailException: task: is_redrive_execution: which execution of {MACHINE}? Give its name",
    ),
    Case("a retry", retry_with_the_same_name, ALREADY, ARN),
    Case("a failed execution", read_what(FAILED), "Orders.Bad", "Orders.Bad"),
    Case("a failed execution", read_what(TIMED_OUT), None, None),
    Case(
        "a running execution", read_what(RUNNING), None, f"AirflowException: {ARN} is RUNNING and has no output yet..."
    ),
    Case(
        "an output that is no JSON",
        read_what(SUCCEEDED | {"output": "n"}),
        "JSONDecodeError: Expecting value...",
        f"JSONDecodeError: The output of {ARN} is no JSON...",
    ),
    Case(
        "a failed execution",
        poke_what(FAILED),
        (f"AirflowException: {SENSOR_FAILED}", "no XCom"),
        (f"StepFunctionExecutionFailed: {SENSOR_FAILED}\nExecution {ARN} ended as FAILED...", "no XCom"),
    ),
    Case("`soft_fail`", soft_fail_with(FAILED), f"AirflowException: {SENSOR_FAILED}", "AirflowSkipException: ..."),
    Case("`soft_fail`", soft_fail_with(DENIED), "ClientError: ...", "AirflowFailException: AWS refuses..."),
    Case("XCom `output`", poke_without_xcoms, {"output": {"n": 1}}, {}),
    Case("`PENDING_REDRIVE`", poke_what(PENDING), (True, None), (False, "no XCom")),
    Case("XCom `output`", poke_what(SUCCEEDED | {"output": "null"}), (True, None), (True, "no XCom")),
    Case(
        "XCom `output`",
        poke_what(SUCCEEDED | {"output": "n"}),
        ("JSONDecodeError: Expecting value...", "no XCom"),
        (True, "n"),
    ),
    Case(
        "the event of an execution that did not succeed",
        event_of(FAILED),
        ("error", "Step function failed: FAILED - Orders.Bad - no stock..."),
        ("success", "FAILED"),
    ),
    Case("`TIMED_OUT`", event_of(TIMED_OUT), ("error", "Waiter error: max attempts reached"), ("success", "TIMED_OUT")),
    Case(
        '`"status": "error"`',
        event_of(RUNNING),
        ("error", "Waiter error: max attempts reached"),
        ("error", f"Execution {ARN} is RUNNING after 3 looks at it (waiter_max_attempts); it goes on."),
    ),
    Case(
        "a missing permission",
        refuse_the_start,
        "ClientError: An error occurred (AccessDeniedException)...",
        "AirflowFailException: AWS refuses states:StartExecution...",
    ),
    Case(
        "`execution_arn`",
        pass_an_output,
        (["DescribeExecution"], "InvalidArn: An error occurred (InvalidArn)..."),
        ([], "AirflowFailException: task: execution_arn: '{\"n\": 1}' is not the ARN of an execution..."),
    ),
    Case("`region=...`", pass_the_region, None, "refused"),
    Case("partitions", link_to_another_partition, "https://console.None", ""),
    Case("region and console", link_to_another_region, "eu-west-1", "us-east-1"),
]


def matches(found: Any, expected: Any) -> bool:
    """Compare, where a text that ends in ``...`` is the beginning."""
    if isinstance(expected, tuple):
        return isinstance(found, tuple) and all(matches(*each) for each in zip(found, expected, strict=True))
    if isinstance(expected, str) and expected.endswith("..."):
        return isinstance(found, str) and found.startswith(expected[:-3])
    return bool(found == expected)


@pytest.mark.parametrize("prefix", PREFIXES, ids=["amazon provider", "here"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.row}, {case.scenario.__name__}")
def test_it_is_as_the_page_says(scripted_aws: ScriptedAws, case: Case, prefix: str) -> None:
    assert f"\n| {case.row} |" in PAGE
    found = case.scenario(Package(prefix, scripted_aws))
    expected = case.ours if prefix == "sfn_provider" else case.theirs
    assert matches(found, expected), found
