"""The names of executions: which tries, clears, mapped tasks and runs find the execution of another one."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from sfn_provider._compat import (
    AirflowFailException,
)
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.fixtures.airflow.task_contexts import context_of
from tests.fixtures.calls.started_execution import start_operator


def test_the_name_is_the_same_in_every_try_and_another_one_for_each_map_index(orders: ScriptedAws) -> None:
    operator = start_operator(wait_for_completion=False)
    for fields in ({"try_number": 1}, {"try_number": 2}, {"map_index": 0}, {"map_index": 1}):
        operator.execute(context_of(operator, **fields))
    names = [body["name"] for body in orders.bodies("StartExecution")]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_a_clear_and_a_run_created_again_have_other_names_and_a_siblings_clear_has_not(orders: ScriptedAws) -> None:
    operator = start_operator(wait_for_completion=False)
    first = context_of(operator)
    cleared = {**first, "ti": replace(first["ti"], max_tries=1)}
    created_again = {**first, "dag_run": replace(first["dag_run"], start_date=datetime.now(UTC) + timedelta(hours=1))}
    sibling_cleared = {**first, "dag_run": replace(first["dag_run"], clear_number=1)}
    for context in (first, cleared, created_again, sibling_cleared):
        operator.execute(context)
    names = [body["name"] for body in orders.bodies("StartExecution")]
    assert names[0] == names[3]
    assert len(set(names)) == 3


def test_a_name_of_the_users_own_is_kept(orders: ScriptedAws) -> None:
    operator = start_operator(name="one", wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == "one"


@pytest.mark.parametrize("try_number", [1, 2])
def test_a_constant_name_does_not_pass_yesterdays_result_off_as_todays(
    stepfunctions: SharedStepFunctions, pending_machine: str, try_number: int
) -> None:
    arn = stepfunctions.start_execution(pending_machine, name="nightly", seconds_ago=86_400)
    stepfunctions.end_execution(arn, "SUCCEEDED")
    operator = start_operator(pending_machine, name="nightly", wait_for_completion=False)
    with pytest.raises(
        AirflowFailException,
        match=r"name: .*, before this DAG run started, or was cleared: it is another .*clear.*{{ ti.max_tries }}",
    ):
        operator.execute(context_of(operator, try_number=try_number))


@pytest.mark.parametrize(
    ("max_tries", "try_number", "problem"),
    [(1, 1, "first try"), (1, 2, None), (3, 3, "first try"), (3, 4, None)],
    ids=["first", "retry", "first after a clear", "retry after a clear"],
)
@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_a_constant_name_does_not_take_what_another_run_has_started_meanwhile(
    stepfunctions: SharedStepFunctions,
    pending_machine: str,
    max_tries: int,
    try_number: int,
    problem: str | None,
    status: str,
) -> None:
    operator = start_operator(pending_machine, name="nightly", wait_for_completion=False, retries=1)
    context = context_of(operator, max_tries=max_tries, try_number=try_number)
    context["dag_run"].start_date = datetime.now(UTC) - timedelta(hours=1)
    arn = stepfunctions.start_execution(pending_machine, name="nightly", seconds_ago=300)
    if status != "RUNNING":
        stepfunctions.end_execution(arn, status)
    with pytest.raises(AirflowFailException, match=problem) if problem else nullcontext():
        assert operator.execute(context) == arn


def test_mapped_tasks_of_one_name_do_not_take_one_execution_for_all(pending_machine: str) -> None:
    for index, error in [(0, None), (1, "with another input: .*{{ ti.map_index }}")]:
        operator = start_operator(
            pending_machine, name="nightly", state_machine_input={"i": index}, wait_for_completion=False
        )
        with pytest.raises(AirflowFailException, match=error) if error else nullcontext():
            operator.execute(context_of(operator, map_index=index))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (
            "nightly",
            "with another input: it is another task's or run's, or from before a clear",
        ),  # it may be another run's
        ("nightly-scheduled__2025-03-15T02:00:00+00:00", None),  # its input may differ from try to try
    ],
    ids=["constant", "of the run"],
)
def test_a_retry_takes_no_execution_of_another_input_unless_the_name_is_the_runs(
    pending_machine: str, name: str, error: str | None
) -> None:
    first = start_operator(pending_machine, name=name, state_machine_input={"try": 1}, wait_for_completion=False)
    arn = first.execute(context_of(first, max_tries=1))
    retry = start_operator(
        pending_machine, name=name, state_machine_input={"try": 2}, wait_for_completion=False, retries=1
    )
    with pytest.raises(AirflowFailException, match=error) if error else nullcontext():
        assert retry.execute(context_of(retry, max_tries=1, try_number=2)) == arn


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("nightly-scheduled__2025-03-15T02:00:00+00:00", "nightly-scheduled__2025-03-15T02-00-00+00-00"),
        ("Größe 1/2", "Größe-1-2"),
        ("n" * 81, f"{'n' * 67}-{sha256(b'n' * 81).hexdigest()[:12]}"),
    ],
    ids=["run id", "other characters", "too long"],
)
def test_a_name_with_a_run_id_is_one_that_aws_permits(orders: ScriptedAws, name: str, sent: str) -> None:
    operator = start_operator(name=name, wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == sent


def test_a_number_out_of_a_native_template_is_a_name(orders: ScriptedAws) -> None:
    operator = start_operator(name=20250315, wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == "20250315"


@pytest.mark.parametrize("field", ["data_interval_end", "logical_date"])
def test_a_cleared_run_knows_its_execution_by_a_name_of_ones_own(
    stepfunctions: SharedStepFunctions, pending_machine: str, field: str
) -> None:
    operator = start_operator(pending_machine, name="nightly-0315", wait_for_completion=False, retries=1)
    cleared = context_of(operator, max_tries=2)
    cleared["dag_run"].clear_number = 1
    setattr(cleared["dag_run"], field, datetime.now(UTC) + timedelta(hours=4))  # the interval ends later today
    arn = operator.execute(cleared)
    assert operator.execute({**cleared, "ti": replace(cleared["ti"], try_number=3)}) == arn
    stepfunctions.end_execution(arn, "FAILED")
    assert operator.execute({**cleared, "ti": replace(cleared["ti"], try_number=3)}) == f"{arn}-2"


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_retry_takes_the_finished_executions_output(
    stepfunctions: SharedStepFunctions, pending_machine: str, deferrable: bool
) -> None:
    first = start_operator(pending_machine, wait_for_completion=False)
    stepfunctions.end_execution(first.execute(context_of(first)), "SUCCEEDED", output='"done"')
    second = start_operator(pending_machine, deferrable=deferrable, return_output=True)
    assert second.execute(context_of(second, try_number=2)) == "done"
    stepfunctions.assert_execution(pending_machine)  # the only one


def test_a_retry_of_a_failed_execution_does_as_told(stepfunctions: SharedStepFunctions, pending_machine: str) -> None:
    first = start_operator(pending_machine, wait_for_completion=False)
    arn = first.execute(context_of(first))
    stepfunctions.end_execution(arn, "FAILED")
    anew = start_operator(pending_machine, wait_for_completion=False)
    assert anew.execute(context_of(anew, try_number=2)) == f"{arn}-2"
    final = start_operator(pending_machine, on_failed_execution="fail")
    with pytest.raises(AirflowFailException, match=r"Orders\.Bad"):
        final.execute(context_of(final, try_number=2))
