"""What Airflow's pages show of a translated DAG's task: links, rendered parameters, retries inside of it."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from sfn_provider._compat import XCom
from sfn_provider.engine.requests import CallTask
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Completed, Submitted
from sfn_provider.links.aws_console import AwsConsoleLink
from sfn_provider.operators.state_machine import LoopOperator, PassStateOperator, TaskStateOperator
from sfn_provider.runtime.display import task_display
from tests.fixtures.airflow.task_runs import Run
from tests.fixtures.calls.live_driver import FUNCTION, JOB, Clock, FakeCaller, deferral, resume, task
from tests.fixtures.session.versions import AIRFLOW

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller")

GLUE = "https://console.aws.amazon.com/gluestudio/home?region=eu-west-1#/job/load/run/{}"
LINK = "_link_glue_job_run"
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 60}]


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The rendered fields that the task sets, in order."""
    found: list[Any] = []
    monkeypatch.setattr(task_display, "set_rendered_fields", lambda _, fields: found.append(fields))
    return found


@pytest.fixture
def run() -> Run:
    return Run(conf={"name": "load", "password": "hunter2"})


def job(number: int) -> Submitted:
    return Submitted({"id": f"jr_{number}", "resource": JOB}, {"JobRunId": f"jr_{number}"}, 30.0)


def glue(**fields: Any) -> Any:
    arguments = {"JobName.$": "$.name", "Arguments": {"attempt.$": "$$.State.RetryCount", "password.$": "$.password"}}
    return task(resource=JOB, parameters=arguments, retry=RETRY, **fields)


def shown(attempt: int) -> dict[str, Any]:
    return {"parameters": {"JobName": "load", "Arguments": {"attempt": attempt, "password": "***"}}}


def test_the_link_is_there_while_the_task_waits_and_follows_retries(
    run: Run, fake_caller: FakeCaller, fake_clock: Clock, rendered: list[Any]
) -> None:
    fake_caller.answers["Call"] = [job(1), job(2)]
    fake_caller.polls = [StatesError("Busy", '{"token": "hunter2"}'), Completed(1)]
    waiting = deferral(glue(), run)
    assert run.xcoms["Call", LINK] == GLUE.format("jr_1")
    assert rendered == [shown(0)]
    fake_clock.now += 30
    waiting = deferral(glue(), run, waiting)
    retry = {"state": "Call", "attempt": 1, "error": "Busy", "cause": '{"token": "***"}', "delay": 60.0}
    assert run.xcoms["Call", "retries"] == [retry | {"at": "2025-03-15T02:01:40Z"}]
    fake_clock.now += 60
    waiting = deferral(glue(), run, waiting)
    assert run.xcoms["Call", LINK] == GLUE.format("jr_2")
    assert rendered[-1] == shown(1)
    fake_clock.now += 30
    resume(glue(), run, waiting)
    assert rendered[-1] == shown(1)
    assert len(run.xcoms["Call", "retries"]) == 1


def test_a_link_is_stored_once_over_deferrals(run: Run, fake_caller: FakeCaller, fake_clock: Clock) -> None:
    fake_caller.answers["Call"], fake_caller.polls = [job(1)], [job(1), Completed(1)]
    waiting = deferral(glue(), run)
    del run.xcoms["Call", LINK]
    fake_clock.now += 30
    waiting = deferral(glue(), run, waiting)
    assert ("Call", LINK) not in run.xcoms, "Airflow keeps XComs over a deferral"


def test_the_next_try_shows_again_what_airflow_has_removed(
    run: Run, fake_caller: FakeCaller, fake_clock: Clock, rendered: list[Any]
) -> None:
    fake_caller.answers["Call"], fake_caller.polls = [job(1), job(2)], [StatesError("Busy", None), job(2)]
    waiting = deferral(glue(), run)
    for seconds in (30, 60):
        fake_clock.now += seconds
        waiting = deferral(glue(), run, waiting)
    run.xcoms.clear()
    rendered.clear()
    run.try_number = 2
    deferral(glue(), run)
    assert run.xcoms["Call", LINK] == GLUE.format("jr_2")
    assert [retry["attempt"] for retry in run.xcoms["Call", "retries"]] == [1]
    assert rendered == [shown(1)]


@pytest.mark.parametrize("resets", [True, False], ids=["Airflow 2", "Airflow 3"])
def test_rendered_fields_are_set_again_where_airflow_sets_them_at_each_start(
    resets: bool,
    run: Run,
    fake_caller: FakeCaller,
    fake_clock: Clock,
    rendered: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_display, "fields_to_render", lambda *names: names if resets else ())
    fake_caller.answers["Call"], fake_caller.polls = [job(1)], [Completed(1)]
    waiting = deferral(glue(), run)
    fake_clock.now += 30
    resume(glue(), run, waiting)
    assert rendered == [shown(0)] * (2 if resets else 1)


def test_a_task_of_several_states_shows_the_parameters_of_each(
    run: Run, fake_caller: FakeCaller, fake_clock: Clock, rendered: list[Any]
) -> None:
    states = {
        "One": {"Type": "Task", "Resource": FUNCTION, "Next": "Two"},
        "Two": {
            "Type": "Task",
            "Resource": FUNCTION,
            "Parameters": {"n": 2},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Next"}],
            "Next": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 60, "Next": "One"},
    }
    fake_caller.answers |= {"One": [Completed({"n": 1})], "Two": [Completed(2)]}
    deferral(task(LoopOperator, states=states), run)
    one = {"name": "load", "password": "***"}
    assert rendered[-1] == {"parameters": {"One": one, "Two": {"n": 2}}}
    assert run.xcoms["Call", "_link_lambda_function"].endswith("/functions/work")


def test_a_task_token_is_not_shown() -> None:
    call = CallTask("1", "Call", FUNCTION, {"answer": ["by tok/en=="], "n": 1}, token="tok/en==")
    assert task_display.masked_parameters(call) == {"answer": ["by ***"], "n": 1}


LONG: dict[str, Any] = {
    "a text": {"text": "x" * 4070, "password": "hunter2-hunter2"},
    "a very long text": {"text": "x" * 200_000, "password": "hunter2-hunter2"},
    "many items": {"items": [{"password": "hunter2-hunter2"}] * 100_000},
    "many keys": {f"password{number}": "hunter2-hunter2" for number in range(100_000)},
}


@pytest.mark.parametrize("name", LONG)
def test_long_parameters_are_cut_after_they_are_masked(name: str) -> None:
    text = task_display.masked_parameters(CallTask("1", "Call", FUNCTION, LONG[name]))
    assert isinstance(text, str)
    assert len(text) == 4096 and text.endswith("...") and "hunter" not in text


def test_what_airflow_cannot_show_does_not_fail_the_task(
    run: Run, fake_caller: FakeCaller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionError("Airflow is not there")

    monkeypatch.setattr(task_display, "set_rendered_fields", refuse)
    monkeypatch.setattr(TaskStateOperator, "log", logging.getLogger("task"), raising=False)  # Airflow 3 logs elsewhere
    fake_caller.answers["Call"] = [Completed(1)]
    assert run.execute(task()) == 1
    told = [record.getMessage() for record in caplog.records if "pages" in record.getMessage()]
    assert told == ["Airflow's pages do not show 'parameters' of this task: Airflow is not there"]


def test_the_link_of_a_running_task_needs_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    made = task()
    made.console_addresses = {"_link_batch_job": "https://here"}
    asked: list[Any] = []
    monkeypatch.setattr(XCom, "get_value", lambda **arguments: asked.append(arguments))
    assert AwsConsoleLink("Batch job").get_link(made, ti_key=None) == "https://here"  # type: ignore[arg-type]
    assert asked == []
    assert AwsConsoleLink("ECS task").get_link(made, ti_key=None) == ""  # type: ignore[arg-type]
    assert [arguments["key"] for arguments in asked] == ["_link_ecs_task"]


def test_a_link_whose_xcom_cannot_be_read_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ConnectionError("the database is not there")

    monkeypatch.setattr(XCom, "get_value", refuse)
    assert AwsConsoleLink("ECS task").get_link(PassStateOperator(task_id="a"), ti_key=None) == ""  # type: ignore[arg-type]


def test_a_task_that_calls_nothing_shows_nothing(run: Run, rendered: list[Any]) -> None:
    run.execute(task(PassStateOperator))
    assert rendered == []
    assert {key for _, key in run.xcoms} == {"return_value", "token"}


@pytest.mark.parametrize("stores", [True, False], ids=["Airflow 3", "Airflow 2"])
def test_a_link_is_stored_at_the_end_where_airflow_does_not(
    stores: bool, run: Run, fake_caller: FakeCaller, rendered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_display, "stores_links_at_end", lambda: stores)
    fake_caller.answers["Call"] = [Completed(1)]
    made = task()
    run.execute(made)
    assert (("Call", "_link_lambda_function") in run.xcoms) is not stores
    assert AwsConsoleLink("Lambda function").get_link(made, ti_key=None).endswith("/work")  # type: ignore[arg-type]
    assert len(rendered) == 1


def test_a_call_that_takes_its_time_is_shown_while_it_is_under_way(
    run: Run, fake_caller: FakeCaller, rendered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_meanwhile: list[bool] = []

    def slow() -> Completed:
        deadline = time.monotonic() + 20
        while ("Call", "_link_lambda_function") not in run.xcoms and time.monotonic() < deadline:
            time.sleep(0.01)
        shown_meanwhile.append(bool(rendered) and ("Call", "_link_lambda_function") in run.xcoms)
        return Completed(1)

    monkeypatch.setattr("sfn_provider.runtime.aws_calls.live_driver.DISPLAY_DELAY", 0.01)
    fake_caller.answers["Call"] = [slow]
    assert run.execute(task()) == 1
    assert shown_meanwhile == [True]


@pytest.mark.skipif(AIRFLOW < (3, 0), reason="Airflow 2 stores no rendered fields when a task has ended")
def test_a_task_that_ends_leaves_its_parameters_to_airflow(
    run: Run, fake_caller: FakeCaller, rendered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is answered at once costs no request: Airflow stores what the task instance's task has then."""
    from airflow.sdk.execution_time import task_runner

    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", object(), raising=False)
    fake_caller.answers["Call"] = [Completed(1)]
    made = task(parameters={"braces": "{{ ds }}", "password.$": "$.password"})
    context = run.context(made)
    context["ti"].task = made
    assert made.execute(context) == 1
    assert rendered == []
    shown = context["ti"].task
    assert shown is not made and shown.overwrite_rtif_after_execution
    fields = task_runner._serialize_rendered_fields(shown)
    assert fields == {"parameters": {"braces": "{{ ds }}", "password": "***"}}
    assert (made.template_fields, "parameters" in made.__dict__) == ((), False), "its next run renders no template"
    assert AwsConsoleLink("Lambda function").get_link(shown, ti_key=None).endswith("/work")  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [3000, 3990, 4010, 5000])
def test_airflow_shows_parameters_of_any_length_as_they_are(length: int) -> None:
    """Airflow would replace what is longer than its own limit by an advice."""
    shown = task_display.masked_parameters(CallTask("1", "Call", FUNCTION, {"it's": ["x", None] * (length // 11)}))
    assert len(str(shown)) <= 4096
