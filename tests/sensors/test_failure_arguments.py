"""soft_fail and never_fail mean the same in every mode: what they skip, what they fail, and the cause in the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferralError,
)
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.sensor_cases import (
    EXECUTION,
    MODE_ARGUMENTS,
    MODES,
    S3_ARN,
    SENSORS,
    STATE,
    SensorCase,
    context_of,
    prepare_sensors,
    run_in_mode,
    time_out,
)

Run = Callable[[ScriptedAws, SensorCase, str, dict[str, Any]], Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without Airflow's database."""
    prepare_sensors(monkeypatch)


def after(*answers: Any) -> Run:
    """The first poll finds it running, the next ones get these answers."""

    def run(aws: ScriptedAws, case: SensorCase, mode: str, arguments: dict[str, Any]) -> Any:
        made = (getattr(case, each) if isinstance(each, str) else each for each in answers)
        texts = (ErrorResponse(each) if isinstance(each, str) else each for each in made)
        case.script(aws, *[case.running] * (2 if case.id == "executions" else 1), *texts)
        return run_in_mode(case, mode, **arguments)

    return run


def wrong_argument(aws: ScriptedAws, case: SensorCase, mode: str, arguments: dict[str, Any]) -> Any:
    """What is waited for is an S3 object."""
    value = [S3_ARN] if case.id == "executions" else S3_ARN
    return run_in_mode(case, mode, **{case.argument: value}, **arguments)


def in_time_out(*answers: Any) -> Run:
    """It times out; these are the answers."""

    def run(aws: ScriptedAws, case: SensorCase, mode: str, arguments: dict[str, Any]) -> Any:
        case.script(aws, *(case.running if each == "running" else each for each in answers))
        if case.id == "activity":  # another call than that of its polls
            aws.script(
                "DescribeActivity", *(case.details["DescribeActivity"] if e == "running" else e for e in answers)
            )
        return time_out(case, mode, **arguments)

    return run


@dataclass(frozen=True)
class Situation:
    """A way in which a sensor does not succeed.

    Args:
        id: its name.
        run: lets it happen.
        skipped: soft_fail skips it.
        message: what is said, by the class's id or for all.
    """

    id: str
    run: Run
    skipped: bool
    message: str | dict[str, str]

    def message_for(self, case: SensorCase) -> str:
        return self.message if isinstance(self.message, str) else self.message.get(case.id, "")


SITUATIONS = (
    Situation(
        "ended otherwise",
        after("failed"),
        True,
        {
            "execution": r"ended as FAILED: Orders\.Bad: no stock",
            "executions": r"1 FAILED(.|\n)*Orders\.Bad: no stock|2 FAILED",
            "state": "is SUCCEEDED, and 'Ship' was entered 0 times, of 1",
            "map_run": "is FAILED: 0 of 3 items ended",
        },
    ),
    Situation("timeout", in_time_out("running"), True, r"timed out(.|\n)*Waited for "),
    Situation(
        "AWS does not answer until the timeout",
        in_time_out(NO_RESPONSE),
        False,
        r"timed out(.|\n)*AWS does not answer: ",
    ),
    Situation(
        "throttled until the timeout",
        in_time_out(ErrorResponse("ThrottlingException")),
        False,
        r"timed out(.|\n)*AWS does not answer: .*Throttling",
    ),
    Situation(
        "throttled just before the timeout",
        in_time_out(ErrorResponse("ThrottlingException"), "running"),
        True,
        r"timed out(.|\n)*Waited for ",
    ),
    Situation("permission", after(ErrorResponse("AccessDeniedException")), False, "states:"),
    Situation("unexpected error", after(ErrorResponse("ValidationException")), False, "ValidationException"),
    Situation("unknown", after("unknown"), False, "DoesNotExist|ResourceNotFound"),
    Situation("wrong argument", wrong_argument, False, r"_arns?(\[0\])?: 'arn:aws:s3:.*' is not the ARN of a"),
)


def outcome_of(situation: Situation, aws: ScriptedAws, case: SensorCase, mode: str, **arguments: Any) -> Exception:
    """Let a situation happen; gives what the sensor raises."""
    with pytest.raises(Exception, match=situation.message_for(case)) as raised:
        situation.run(aws, case, mode, arguments)
    return raised.value


@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.id)
def test_soft_fail_is_the_same_in_every_mode(scripted_aws: ScriptedAws, case: SensorCase, situation: Situation) -> None:
    if situation.id == "ended otherwise" and case.failed is None:
        pytest.skip("an activity has no end")
    errors = {mode: outcome_of(situation, scripted_aws, case, mode, soft_fail=True) for mode in MODES}
    skipped = {mode: isinstance(error, AirflowSkipException) for mode, error in errors.items()}
    assert skipped == dict.fromkeys(MODES, situation.skipped)
    if situation.skipped:
        assert {str(error).partition(":")[0] for error in errors.values()} == {"Skipping, as soft_fail says"}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.id)
def test_never_fail_skips_everything_in_every_mode(scripted_aws: ScriptedAws, situation: Situation) -> None:
    for mode in MODES:
        error = outcome_of(situation, scripted_aws, EXECUTION, mode, never_fail=True)
        assert isinstance(error, AirflowSkipException), mode
        assert str(error).startswith("Skipping, as never_fail says: ")


FINAL = ("permission", "wrong argument", "unknown")
"""After these, Airflow does not retry the task; nor after a timeout."""


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.id)
def test_without_them_everything_fails(scripted_aws: ScriptedAws, situation: Situation) -> None:
    for mode in MODES:
        error = outcome_of(situation, scripted_aws, EXECUTION, mode)
        assert not isinstance(error, AirflowSkipException), mode
        assert isinstance(error, AirflowFailException) == (situation.id in FINAL), mode
        assert isinstance(error, AirflowSensorTimeout) == ("timeout" in situation.id), mode


@pytest.mark.parametrize("case", [case for case in SENSORS if case.error], ids=lambda case: case.id)
def test_the_failures_have_their_classes_in_every_mode(scripted_aws: ScriptedAws, case: SensorCase) -> None:
    errors = {mode: outcome_of(SITUATIONS[0], scripted_aws, case, mode) for mode in MODES}
    assert {mode: type(error) for mode, error in errors.items()} == dict.fromkeys(MODES, case.error)


@pytest.mark.parametrize(
    ("arguments", "skipped"),
    [({}, False), ({"soft_fail": True}, False), ({"never_fail": True}, True)],
    ids=["none", "soft_fail", "never_fail"],
)
def test_a_trigger_that_has_failed_is_no_timeout(arguments: dict[str, Any], skipped: bool) -> None:
    with pytest.raises(AirflowSkipException if skipped else TaskDeferralError, match="Trigger failure"):
        time_out(EXECUTION, "deferrable", error="Trigger failure", **arguments)


@pytest.mark.parametrize(
    ("arguments", "raised"),
    [
        ({}, AirflowTaskTimeout),
        ({"soft_fail": True}, AirflowSkipException),
        ({"never_fail": True}, AirflowSkipException),
    ],
    ids=["none", "soft_fail", "never_fail"],
)
def test_execution_timeout_between_two_polls_is_a_timeout(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], raised: type[Exception]
) -> None:
    def sleep(seconds: float) -> None:
        raise AirflowTaskTimeout("Timeout, PID: 7")  # Airflow raises it by a signal, wherever the task is

    EXECUTION.script(scripted_aws, EXECUTION.running)
    monkeypatch.setattr(time, "sleep", sleep)
    message = r"Timeout, PID: 7\. Waited for execution arn:.*\. At the last poll: arn:.* is RUNNING"
    with pytest.raises(raised, match=message):
        run_in_mode(EXECUTION, "poke", **arguments)
    assert len(scripted_aws.calls) == 1


@pytest.mark.parametrize("case", SENSORS[:4], ids=lambda case: case.id)
def test_what_has_come_when_a_deferral_times_out_is_no_timeout(scripted_aws: ScriptedAws, case: SensorCase) -> None:
    case.script(scripted_aws, case.done)
    time_out(case, "deferrable", soft_fail=True)
    case.script(scripted_aws, case.failed or {})
    with pytest.raises(case.error or Exception):
        time_out(case, "deferrable")


def test_an_activity_that_may_not_be_described_is_an_answer(scripted_aws: ScriptedAws) -> None:
    activity = SENSORS[-1]
    scripted_aws.script("DescribeActivity", ErrorResponse("AccessDeniedException"))
    with pytest.raises(AirflowSkipException, match="timed out"):
        time_out(activity, "deferrable", soft_fail=True)
    assert scripted_aws.actions() == ["DescribeActivity"]


def test_silent_fail_waits_on_after_an_unexpected_error(scripted_aws: ScriptedAws) -> None:
    after(ErrorResponse("ValidationException"), "done")(scripted_aws, STATE, "poke", {"silent_fail": True})
    with pytest.raises(AirflowException, match="ValidationException"):
        after(ErrorResponse("ValidationException"), "done")(scripted_aws, STATE, "deferrable", {"silent_fail": True})


@pytest.mark.parametrize("mode", MODES)
def test_the_arguments_are_as_before_after_a_run(scripted_aws: ScriptedAws, mode: str) -> None:
    EXECUTION.script(scripted_aws, EXECUTION.done)
    sensor = EXECUTION.make(soft_fail=True, **MODE_ARGUMENTS[mode])
    sensor.execute(context_of(sensor))
    assert (sensor.soft_fail, sensor.never_fail) == (True, False)
