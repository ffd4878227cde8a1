"""Errors that are not tried again while others are: retriers with MaxAttempts 0 before one that tries again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.native.native_states import call, native

FINAL = {"ErrorEquals": ["Declined", "Expired"], "MaxAttempts": 0}
AGAIN = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 3, "IntervalSeconds": 5}


def lines(source: str, name: str) -> list[str]:
    found = source[source.index(f"def {name}(") :].splitlines()
    return [line.strip() for line in found[1 : found.index("")]]


def test_the_function_ends_the_task_after_such_an_error() -> None:
    made = native({"Pay": call("pay", Retry=[FINAL, AGAIN], Next="Tell"), "Tell": call("tell", End=True)})
    assert "sfn_provider" not in made.source
    assert lines(made.source, "pay") == [
        "try:",
        "return invoke_function(PAY, params)",
        "except Exception as error:",
        'if error_name(error) in ("Declined", "Expired"):',
        "raise AirflowFailException(str(error)) from error",
        "raise",
    ]
    assert "retries=3" in made.source and "retry_delay=timedelta(seconds=5)" in made.source


def test_a_handler_gets_the_error_itself() -> None:
    catch = [{"ErrorEquals": ["Declined"], "Next": "Tell"}]
    pay = call("pay", Retry=[FINAL, AGAIN], Catch=catch, End=True)
    source = native({"Pay": pay, "Tell": call("tell", End=True)}).source
    assert "error = error.__cause__" in source
    assert 'if error == "Declined":' in source


def test_an_error_of_a_service_is_told_by_its_class() -> None:
    final = {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "MaxAttempts": 0}
    parameters = {"TableName": "t", "Item": {"id": {"S": "a"}}}
    put = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": parameters}
    source = native({"Put": {**put, "Retry": [final, AGAIN], "End": True}}).source
    assert 'if type(error).__name__ == "ConditionalCheckFailedException":' in source


def test_a_retrier_without_attempts_behind_the_others_changes_nothing() -> None:
    again = {**AGAIN, "ErrorEquals": ["Busy"]}
    source = native({"Pay": call("pay", Retry=[again, FINAL], End=True)}).source
    assert "AirflowFailException" not in source and "LambdaInvokeFunctionOperator(" in source


def item(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    processor = {"StartAt": "Pay", "States": {"Pay": state, **others}}
    return {"Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}}


def test_the_task_of_an_item_that_is_one_call_ends_after_such_an_error() -> None:
    source = native(item(call("pay", Retry=[FINAL, AGAIN], End=True))).source
    assert lines(source, "each")[-4:] == [
        "except Exception as error:",
        'if error_name(error) in ("Declined", "Expired"):',
        "raise AirflowFailException(str(error)) from error",
        "raise",
    ]


def test_one_of_several_calls_is_not_tried_again_after_such_an_error() -> None:
    made = native(item(call("pay", Retry=[FINAL, AGAIN], Next="Tell"), Tell=call("tell", End=True)))
    source = " ".join(made.source.split())
    assert "retry=retry_if_exception(" in source
    assert 'isinstance(error, Exception) and error_name(error) not in ("Declined", "Expired")' in source


@pytest.mark.parametrize("name", ["States.DataLimitExceeded", "TooManyRequestsException"])
def test_an_error_that_is_not_told_from_others_stays_exact(name: str) -> None:
    final = {"ErrorEquals": [name], "MaxAttempts": 0}
    made = native({"Pay": call("pay", Retry=[final, AGAIN], End=True)})
    assert [found.state for found in made.findings if found.code == "STAYS_EXACT"] == ["Pay"]
