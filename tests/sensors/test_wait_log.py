"""What a wait leaves in the task's log, in worker and triggerer, and its links, which are there while it waits."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks import base_aws

from sfn_provider._compat import AirflowRescheduleException, AirflowSkipException, TaskDeferred
from sfn_provider.triggers.callback import CallbackTrigger
from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.sensor_cases import (
    ARN,
    ARNS,
    EXECUTION,
    EXECUTIONS,
    MAP_RUN,
    MAP_RUN_CASE,
    MODE_ARGUMENTS,
    MODES,
    PREFIX,
    SENSORS,
    STATE,
    SensorCase,
    context_of,
    event_of,
    history_of,
    logged_by,
    prepare_sensors,
    recreated,
    run_in_mode,
)
from tests.fixtures.calls.job_triggers import job_of, jobs_trigger

EXECUTION_LINK = "_state_machine_executions_details"
MAP_RUN_LINK = "_map_run_details"
MACHINE_LINK = "_state_machine_details"


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Capture what is logged at INFO; make few clients."""
    prepare_sensors(monkeypatch)
    caplog.set_level(logging.INFO)
    return caplog


def lines(log: pytest.LogCaptureFixture, name: str) -> list[str]:
    """The lines of a logger at INFO, in order."""
    return [record.getMessage() for record in log.records if (record.name, record.levelno) == (name, logging.INFO)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_a_line_at_the_begin_and_one_at_the_end(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture, case: SensorCase, mode: str
) -> None:
    count = 2 if case.id == "executions" else 1
    case.script(scripted_aws, *[case.running] * 3 * count, case.done)
    run_in_mode(case, mode)
    for name in ("worker", "triggerer") if mode == "deferrable" and case is not EXECUTION else ("worker",):
        logged = lines(log, name)
        begins = [line for line in logged if line.startswith("Waiting for")]
        [begin] = begins
        assert begin.startswith(case.begin)
        assert ("in the console: https://" in begin) == (case.console is not None)
        assert (case.console or "") in begin
        assert sum(line.startswith(case.ends) for line in logged) == 1
        assert logged[-1].startswith(case.ends) or logged[-1] == "Success criteria met. Exiting."


@pytest.mark.parametrize("mode", ["poke", "deferrable"])
@pytest.mark.parametrize("case", [EXECUTION, STATE], ids=lambda case: case.id)
def test_each_wait_for_a_missing_execution_is_logged(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture, case: SensorCase, mode: str
) -> None:
    case.script(scripted_aws, *[ErrorResponse(str(case.unknown))] * 2, case.done)
    run_in_mode(case, mode)
    wait = re.compile(rf"Step Functions, next try in [\d.]+ s: .*{case.unknown}")
    assert [record.levelname for record in log.records if wait.match(record.getMessage())] == ["WARNING"] * 2


def test_a_status_is_logged_when_it_changes(scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture) -> None:
    pending = EXECUTION.running | {"status": "PENDING_REDRIVE"}
    EXECUTION.script(scripted_aws, *[EXECUTION.running] * 3, pending, pending, EXECUTION.done)
    run_in_mode(EXECUTION, "poke")
    assert [line for line in lines(log, "worker") if " is " in line] == [
        f"{ARN} is RUNNING",
        f"{ARN} is PENDING_REDRIVE",
    ]


@pytest.mark.parametrize("case", [case for case in SENSORS if case.failed], ids=lambda case: case.id)
def test_the_line_at_the_end_of_a_failure(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture, case: SensorCase
) -> None:
    case.script(scripted_aws, case.failed or {})
    with pytest.raises(AirflowSkipException):
        run_in_mode(case, "poke", soft_fail=True)
    ends = {
        "execution": f"{ARN} ended as FAILED after 2 min 5 s",
        "executions": "2 executions: 2 FAILED; waited for ",
        "state": f"{ARN} ended as SUCCEEDED after 2 min 5 s",
        "map_run": "Orders/Lines is FAILED: 0 of 3 items ended, after 2 min 5 s",
    }
    assert lines(log, "worker")[-1].startswith(ends[case.id])


def test_a_wait_that_fails_in_the_triggerer_says_so_there(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture
) -> None:
    MAP_RUN_CASE.script(scripted_aws, MAP_RUN_CASE.running, ErrorResponse("AccessDeniedException"))
    with pytest.raises(Exception, match="states:DescribeMapRun"):
        run_in_mode(MAP_RUN_CASE, "deferrable")
    assert "states:DescribeMapRun" in lines(log, "triggerer")[-1]
    assert "; waited for " in lines(log, "triggerer")[-1]


def test_a_sensor_that_never_gets_an_answer_has_its_links(scripted_aws: ScriptedAws) -> None:
    expected = {
        "execution": {EXECUTION_LINK},
        "executions": {MACHINE_LINK},
        "state": {EXECUTION_LINK},
        "map_run": {MAP_RUN_LINK},
        "activity": set(),
    }
    for case in SENSORS:
        scripted_aws.script(case.action, NO_RESPONSE)
        sensor = case.make(mode="reschedule")
        context = context_of(sensor)
        with pytest.raises(AirflowRescheduleException):
            sensor.execute(context)
        assert {key for key in context["ti"].xcoms if not key.startswith("_link_")} == expected[case.id]
        for link in sensor.operator_extra_links:
            if link.key in context["ti"].xcoms:
                assert link.format_link(**context["ti"].xcoms[link.key]).startswith("https://console.aws.amazon.com/")


def test_links_are_stored_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a connection that cannot be used must not keep the link from a user."""
    sensor = EXECUTION.make()
    context = context_of(sensor)

    def no_client(hook: Any) -> Any:
        assert context["ti"].xcoms[EXECUTION_LINK]["execution_arn"] == ARN
        raise LookupError("no client")

    monkeypatch.setattr("sfn_provider.hooks.step_function.StepFunctionHook.conn", property(no_client))
    with pytest.raises(LookupError):
        sensor.execute(context)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_the_links_are_there_at_the_end_of_every_mode(scripted_aws: ScriptedAws, case: SensorCase, mode: str) -> None:
    xcoms: dict[str, Any] = {}
    case.script(scripted_aws, *[case.running] * 4, case.done)
    run_in_mode(case, mode, ti={"xcoms": xcoms})
    missing = {link.key for link in case.sensor.operator_extra_links} - xcoms.keys()
    assert missing == set()


@pytest.mark.parametrize("mode", MODES)
def test_the_latest_map_run_gets_its_link_when_it_is_found(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture, mode: str
) -> None:
    run = {"executionArn": ARN, "stateMachineArn": "arn", "startDate": 1.0, "mapRunArn": MAP_RUN}
    scripted_aws.script("ListMapRuns", {"mapRuns": []}, {"mapRuns": [run]})
    MAP_RUN_CASE.script(scripted_aws, MAP_RUN_CASE.done)
    xcoms: dict[str, Any] = {}
    run_in_mode(MAP_RUN_CASE, mode, ti={"xcoms": xcoms}, map_run_arn=None, execution_arn=ARN)
    assert xcoms[EXECUTION_LINK]["execution_arn"] == ARN
    assert xcoms[MAP_RUN_LINK]["map_run_arn"] == MAP_RUN
    first = lines(log, "worker")[0]
    assert first.startswith(f"Waiting for the latest Map Run of execution {ARN}, in the console: https://")
    assert f"{ARN} has no Map Run yet" in lines(log, "worker")
    found = [line for line in lines(log, "triggerer" if mode == "deferrable" else "worker") if MAP_RUN in line]
    assert [line.partition(",")[0] for line in found] == [f"Waiting for Map Run {MAP_RUN}"]


def test_executions_of_several_machines_have_no_link(scripted_aws: ScriptedAws) -> None:
    EXECUTIONS.script(scripted_aws, EXECUTIONS.done)
    xcoms: dict[str, Any] = {}
    run_in_mode(EXECUTIONS, "poke", ti={"xcoms": xcoms}, execution_arns=[*ARNS, f"{PREFIX}:execution:Bills:one"])
    assert xcoms == {}


def test_a_state_in_the_triggerer_logs_how_often_it_was_entered(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture
) -> None:
    once = history_of("ExecutionStarted", "PassStateEntered")
    twice = history_of("ExecutionStarted", "PassStateEntered", "PassStateEntered")
    STATE.script(scripted_aws, STATE.running, STATE.running, once, once, twice)
    run_in_mode(STATE, "deferrable", times=2)
    assert [line for line in lines(log, "triggerer") if line.endswith("of 2")] == [
        "'Ship' was entered 0 times, of 2",
        "'Ship' was entered 1 time, of 2",
    ]


def test_no_connection_is_said_to_be_missing_where_one_is_set(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sfn_provider.waiting.aws_client import read_botocore_data

    monkeypatch.setattr(base_aws.BaseSessionFactory, "_log", logging.getLogger("session"))
    read_botocore_data.cache_clear()
    EXECUTION.script(scripted_aws, EXECUTION.running, EXECUTION.done)
    scripted_aws.script("ReceiveMessage", {"Messages": []})
    queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/ended"
    run_in_mode(EXECUTION, "deferrable", status_queue_url=queue)
    for case in SENSORS[2:]:
        case.script(scripted_aws, case.running, case.done)
        run_in_mode(case, "deferrable")
    assert "ReceiveMessage" in scripted_aws.actions()
    assert [line for line in lines(log, "session") if "No connection ID" in line] == []


def test_no_connection_is_said_to_be_missing_where_none_is_set(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_aws.BaseSessionFactory, "_log", logging.getLogger("session"))
    EXECUTION.script(scripted_aws, EXECUTION.done)
    event_of(StepFunctionsExecutionCompleteTrigger(execution_arn=ARN, waiter_delay=0, aws_conn_id=None))
    assert "No connection ID" in lines(log, "session")[0]


def test_a_trigger_says_which_job_has_ended_and_the_worker_what_it_waits_for(
    scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture
) -> None:
    scripted_aws.script("GetJobRun", {"JobRun": {"Id": "jr_1", "JobRunState": "SUCCEEDED"}})
    job = job_of("glue:startJobRun.sync", {"JobName": "load"}, {"JobRunId": "jr_1"})
    job["page"] = ["Glue job run", "jr_1 of load", "https://console.aws.amazon.com/"]
    event_of(logged_by(jobs_trigger({"1": job}), "triggerer"))
    [end] = lines(log, "triggerer")
    assert end.startswith(f"The worker continues with state {job['state']!r}, Glue job run jr_1 of load; waited for ")


def test_a_job_without_a_page_goes_by_its_call(scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture) -> None:
    scripted_aws.script("GetJobRun", {"JobRun": {"Id": "jr_1", "JobRunState": "SUCCEEDED"}})
    job = job_of("glue:startJobRun.sync", {"JobName": "load"}, {"JobRunId": "jr_1"})
    event_of(logged_by(jobs_trigger({"1": job}), "triggerer"))
    [end] = lines(log, "triggerer")
    assert end.startswith(f"The worker continues with state {job['state']!r}, glue:startJobRun.sync; waited for ")


def test_a_trigger_says_how_its_wait_for_workers_has_ended(log: pytest.LogCaptureFixture) -> None:
    waits = [{"id": str(number), "beat": 0.0, "heartbeat": None, "activity": False} for number in range(2)]
    event_of(logged_by(CallbackTrigger(waits=waits, moment=0.0), "triggerer"))
    [end] = lines(log, "triggerer")
    assert end.startswith("A time limit of the task is reached; waited for ")


def test_a_resumed_wait_is_not_begun_again(scripted_aws: ScriptedAws, log: pytest.LogCaptureFixture) -> None:
    EXECUTION.script(scripted_aws, EXECUTION.running)
    sensor = EXECUTION.make(**MODE_ARGUMENTS["deferrable"])
    with pytest.raises(TaskDeferred) as deferral:
        sensor.execute(context_of(sensor))
    resumed = logged_by(EXECUTION.make(deferrable=True), "worker")
    EXECUTION.script(scripted_aws, EXECUTION.done)
    context = context_of(resumed)
    resumed.resume_execution("execute_complete", {"event": event_of(recreated(deferral.value.trigger))}, context)
    assert lines(log, "worker") == [EXECUTION.ends]
    assert set(context["ti"].xcoms) == {"output"}
