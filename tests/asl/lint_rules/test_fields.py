"""Fields of states: which exclude one another, their ranges, errors and times."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.lint_rules.fields import is_timestamp
from sfn_provider.asl.lint_rules.retries import RESERVED_ERRORS
from tests.asl.lint_rules.field_checks import CALL, EACH, FAR_EACH, HOLD, READ, SCHEMA, check


@pytest.mark.parametrize(
    "state, location",
    [
        (HOLD, ""),
        ({**HOLD, "Seconds": 1, "Timestamp": "2030-01-01T00:00:00Z"}, "/Timestamp"),
        ({**HOLD, "SecondsPath": "$.a", "TimestampPath": "$.b"}, "/TimestampPath"),
        ({**CALL, "TimeoutSeconds": 9, "TimeoutSecondsPath": "$.a"}, "/TimeoutSecondsPath"),
        ({**CALL, "HeartbeatSeconds": 9, "HeartbeatSecondsPath": "$.a"}, "/HeartbeatSecondsPath"),
        ({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}, "/ErrorPath"),
        ({"Type": "Fail", "Cause": "E", "CausePath": "$.e"}, "/CausePath"),
        ({"Type": "Map", "End": True}, ""),
        ({**EACH, "Iterator": {"StartAt": "J", "States": {"J": {"Type": "Succeed"}}}}, "/Iterator"),
        ({**EACH, "ItemSelector": {}, "Parameters": {}}, "/Parameters"),
        ({**EACH, "MaxConcurrency": 1, "MaxConcurrencyPath": "$.n"}, "/MaxConcurrencyPath"),
        ({**FAR_EACH, "ToleratedFailureCount": 1, "ToleratedFailureCountPath": "$.n"}, "/ToleratedFailureCountPath"),
        (
            {**FAR_EACH, "ItemBatcher": {"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.n"}},
            "/ItemBatcher/MaxItemsPerBatchPath",
        ),
        (
            {**FAR_EACH, "ItemReader": {**READ, "ReaderConfig": {"MaxItems": 1, "MaxItemsPath": "$.n"}}},
            "/ItemReader/ReaderConfig/MaxItemsPath",
        ),
    ],
)
def test_fields_that_exclude_one_another(state: dict[str, Any], location: str) -> None:
    assert check(state) == [("error", SCHEMA, location)]


@pytest.mark.parametrize("value", ["3", "", "$.n", "{% 3 %}", "${N}", None, [3], {}])
@pytest.mark.parametrize("name", ["MaxAttempts", "IntervalSeconds", "BackoffRate", "MaxDelaySeconds"])
def test_a_retrier_that_has_no_number_is_one_error(name: str, value: Any) -> None:
    assert check({**CALL, "Retry": [{"ErrorEquals": ["E"], name: value}]}) == [("error", SCHEMA, f"/Retry/0/{name}")]


@pytest.mark.parametrize("value", [100_000_000, 0, "9", "${N}x", [], None])
def test_a_heartbeat_that_is_no_number_in_its_range_is_one_finding(value: Any) -> None:
    found = check({**CALL, "TimeoutSeconds": 5, "HeartbeatSeconds": value})
    assert [at for _, _, at in found] == ["/HeartbeatSeconds"]


@pytest.mark.parametrize(
    "state, field, accepted, refused",
    [
        (CALL, "TimeoutSeconds", [1, 99_999_999], [0, -1, 100_000_000]),
        (CALL, "HeartbeatSeconds", [1, 99_999_999], [0, 100_000_000]),
        (HOLD, "Seconds", [0, 99_999_999], [-1, 100_000_000]),
        (EACH, "MaxConcurrency", [0, 40], [-1]),
        (FAR_EACH, "ToleratedFailureCount", [0], [-1]),
        (FAR_EACH, "ToleratedFailurePercentage", [0, 0.5, 100], [-0.1, 100.5]),
        (CALL, "Retry/0/MaxAttempts", [0, 99_999_999], [-1, 100_000_000]),
        (CALL, "Retry/0/IntervalSeconds", [1, 99_999_999], [-1, 100_000_000]),
        (CALL, "Retry/0/BackoffRate", [1, 1.0, 9.5], [0.99, 0, -1]),
        (CALL, "Retry/0/MaxDelaySeconds", [1, 31_622_399], [0, -5, 31_622_401]),
        (EACH, "Retry/0/BackoffRate", [2], [0.5]),
        (FAR_EACH, "ItemBatcher/MaxItemsPerBatch", [0, 10], [-1]),
        (FAR_EACH, "ItemBatcher/MaxInputBytesPerBatch", [262_144], [262_145]),
        (FAR_EACH, "ItemReader/ReaderConfig/MaxItems", [0, 100_000_000], [-1, 100_000_001]),
    ],
)
def test_ranges(state: dict[str, Any], field: str, accepted: list[float], refused: list[float]) -> None:
    def given(value: float) -> dict[str, Any]:
        name = field.rpartition("/")[2]
        parts = {
            "Retry": {"Retry": [{"ErrorEquals": ["E"], name: value}]},
            "ItemBatcher": {"ItemBatcher": {name: value}},
            "ItemReader": {"ItemReader": {**READ, "ReaderConfig": {name: value}}},
        }
        return {**state, **parts.get(field.split("/")[0], {name: value})}

    assert [value for value in accepted if check(given(value))] == []
    for value in refused:
        assert check(given(value)) == [("error", SCHEMA, "/" + field)]


def test_zero_interval_is_accepted_with_a_warning() -> None:
    state = {**CALL, "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 0}]}
    assert check(state) == [("warning", "ZERO_INTERVAL", "/Retry/0/IntervalSeconds")]


@pytest.mark.parametrize("value, errors", [(0, 0), (99_999_999, 0), (-1, 1), (100_000_000, 1)])
def test_timeout_of_the_machine(value: int, errors: int) -> None:
    assert check(CALL, TimeoutSeconds=value) == [("error", SCHEMA, "/TimeoutSeconds")] * errors


@pytest.mark.parametrize("heartbeat, errors", [(29, 0), (30, 1), (31, 1)])
def test_heartbeat_within_timeout(heartbeat: int, errors: int) -> None:
    state = {**CALL, "HeartbeatSeconds": heartbeat, "TimeoutSeconds": 30}
    assert check(state) == [("error", SCHEMA, "/HeartbeatSeconds")] * errors


def test_text_for_a_number() -> None:
    assert check({**HOLD, "Seconds": "5"}) == [("error", SCHEMA, "/Seconds")]
    assert check({**HOLD, "Seconds": "{% 5 %}"}) == [("error", SCHEMA, "/Seconds")]
    assert check({**HOLD, "Seconds": "5"}, QueryLanguage="JSONata") == [("error", SCHEMA, "/Seconds")]
    assert check({**HOLD, "Seconds": "{% 5 %}"}, QueryLanguage="JSONata") == []
    assert check({**HOLD, "Seconds": "${Delay}"}) == [("warning", "UNRESOLVED_SUBSTITUTION", "/Seconds")]


@pytest.mark.parametrize(
    "text, right",
    [
        ("2030-01-31T12:00:00Z", True),
        ("2030-01-31T12:00:00.123456789Z", True),
        ("2030-01-31T12:00:00+05:30", True),
        ("2030-01-31t12:00:00Z", False),
        ("2030-01-31T12:00:00z", False),
        ("2030-01-31T12:00:00", False),
        ("2030-01-31 12:00:00Z", False),
        ("2030-02-31T12:00:00Z", False),
        ("2030-01-31T25:00:00Z", False),
        ("2030-01-31", False),
        ("soon", False),
    ],
)
def test_timestamps(text: str, right: bool) -> None:
    assert is_timestamp(text) is right
    assert check({**HOLD, "Timestamp": text}) == [("error", SCHEMA, "/Timestamp")] * (not right)


@pytest.mark.parametrize("text", ["${When}", "{% $states.input.when %}"])
def test_timestamps_that_are_not_known_yet(text: str) -> None:
    assert check({**HOLD, "Timestamp": text}, QueryLanguage="JSONata") == []


def test_version() -> None:
    assert check(CALL, Version="1.0") == []
    assert check(CALL, Version="2.0") == [("error", SCHEMA, "/Version")]


@pytest.mark.parametrize("field", ["Retry", "Catch"])
@pytest.mark.parametrize(
    "names, expected",
    [
        ([["A"], ["States.ALL"]], []),
        ([["States.Http.StatusCode.503", "Lambda.TooManyRequestsException"]], []),
        ([[]], [("error", SCHEMA, "/0/ErrorEquals")]),
        ([["A", "States.ALL"]], [("error", SCHEMA, "/0/ErrorEquals")]),
        ([["States.ALL"], ["A"]], [("error", SCHEMA, "/0/ErrorEquals")]),
        ([["States.TimeOut"]], [("warning", "UNMATCHED_ERROR", "/0/ErrorEquals/0")]),
        ([["A", "States.Runtime"]], [("warning", "UNMATCHED_ERROR", "/0/ErrorEquals/1")]),
        ([["A", "B"], ["C"], ["B", "C"]], [("warning", "UNREACHABLE_ENTRY", "/2")]),
        ([["A"], ["A", "B"]], []),
        ([["States.TaskFailed"], ["A", "States.Permissions"]], [("warning", "UNREACHABLE_ENTRY", "/1")]),
        ([["States.TaskFailed"], ["A", "States.Timeout"]], []),
        ([["States.TaskFailed"], ["States.DataLimitExceeded"]], []),
        ([["States.TaskFailed"], ["States.ALL"]], []),
        ([["States.Timeout"], ["States.HeartbeatTimeout"]], [("warning", "UNREACHABLE_ENTRY", "/1")]),
        ([["States.HeartbeatTimeout"], ["States.Timeout"]], []),
        ([["States.ParameterPathFailure"]], [("warning", "UNMATCHED_ERROR", "/0/ErrorEquals/0")]),
        ([["States.ItemReaderFailed"]], [("warning", "UNMATCHED_ERROR", "/0/ErrorEquals/0")]),
    ],
)
def test_error_names(field: str, names: list[list[str]], expected: list[tuple[str, str, str]]) -> None:
    more = {"Next": "A"} if field == "Catch" else {}
    state = {**CALL, field: [{"ErrorEquals": entry, **more} for entry in names]}
    found = [item for item in check(state) if item[1] != "LOOP_WITHOUT_WAIT"]
    assert found == [(level, code, f"/{field}{location}") for level, code, location in expected]


def test_misspelt_error_name_gets_a_suggestion() -> None:
    state = {**CALL, "Retry": [{"ErrorEquals": ["States.TimedOut"]}]}
    (found,) = lint({"StartAt": "A", "States": {"A": state}})
    assert found.message == "there is no error 'States.TimedOut'; did you mean 'States.Timeout'?"


def test_reserved_errors_are_known() -> None:
    reserved = [name for name in RESERVED_ERRORS if name not in ("States.ALL", "States.Runtime")]
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    assert check({"Type": "Parallel", "Branches": [inner], "Retry": [{"ErrorEquals": reserved}], "End": True}) == []


def test_a_worker_names_its_errors_as_it_likes() -> None:
    wait = {**CALL, "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}
    wait["Parameters"] = {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}
    assert check({**wait, "Retry": [{"ErrorEquals": ["States.ParameterPathFailure"]}]}) == []


def test_the_documented_bound_of_a_delay() -> None:
    def retry(seconds: int) -> dict[str, Any]:
        return {**CALL, "Retry": [{"ErrorEquals": ["A"], "MaxDelaySeconds": seconds}]}

    assert check(retry(31_622_399)) == []
    assert check(retry(31_622_400)) == [("warning", "LARGEST_DELAY", "/Retry/0/MaxDelaySeconds")]
    assert check(retry(31_622_401)) == [("error", SCHEMA, "/Retry/0/MaxDelaySeconds")]


@pytest.mark.parametrize(
    ("seconds", "execution_type", "codes"),
    [(299, "EXPRESS", []), (300, "EXPRESS", ["WAIT_EXCEEDS_EXPRESS"]), (300, "STANDARD", [])],
)
def test_a_wait_that_an_express_execution_does_not_survive(seconds: int, execution_type: Any, codes: list[str]) -> None:
    machine = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": seconds, "End": True}}}
    assert [entry.code for entry in lint(machine, execution_type=execution_type)] == codes
    child = {**machine, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}}
    around = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": child, "End": True}}}
    assert [entry.code for entry in lint(around)] == codes


def test_a_member_that_is_written_twice() -> None:
    state = {"Type": "Pass", "Parameters": {"b": [{"a": 1, "a.$": "$.x"}]}, "End": True}
    assert check(state) == [("warning", "MEMBER_WRITTEN_TWICE", "/Parameters/b/0/a.$")]


@pytest.mark.parametrize(
    ("pattern", "codes"), [(r"a\\*", []), (r"a\*", []), ("a\\", ["LONE_BACKSLASH"]), (r"C:\x*", ["LONE_BACKSLASH"])]
)
def test_backslashes_in_a_pattern(pattern: str, codes: list[str]) -> None:
    rule = {"Variable": "$", "StringMatches": pattern, "Next": "B"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "B"}
    found = lint({"StartAt": "A", "States": {"A": choice, "B": {"Type": "Succeed"}}})
    assert [entry.code for entry in found] == codes
