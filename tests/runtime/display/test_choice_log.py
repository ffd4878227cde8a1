"""What the log of a Choice says: the rule that matches, and what it compares."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider._compat import AirflowException
from sfn_provider.operators.state_machine import LoopOperator
from tests.fixtures.airflow.task_runs import Run
from tests.fixtures.calls.live_driver import task
from tests.runtime.display.logged_tasks import Log, ask

pytestmark = pytest.mark.usefixtures("fake_clock", "fake_caller", "log")

CHOICES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a comparison": (
        {"Variable": "$.score", "NumericGreaterThan": 0.95},
        {"score": 0.97},
        "$.score NumericGreaterThan 0.95; $.score = 0.97",
    ),
    "two values": (
        {"Variable": "$.a", "StringEqualsPath": "$$.Execution.Name"},
        {"a": "manual__1"},
        "$.a StringEqualsPath '$$.Execution.Name'; $.a = 'manual__1', $$.Execution.Name = 'manual__1'",
    ),
    "a combination": (
        {
            "And": [
                {"Variable": "$.n", "IsPresent": False},
                {"Not": {"Or": [{"Variable": "$.s", "IsNull": True}, {"Variable": "$.s", "StringMatches": "a*"}]}},
            ]
        },
        {"s": "b"},
        "$.n IsPresent False And Not ($.s IsNull True Or $.s StringMatches 'a*'); $.n = missing, $.s = 'b'",
    ),
    "a long value": (
        {"Variable": "$.s", "IsString": True},
        {"s": "x" * 100},
        f"$.s IsString True; $.s = '{'x' * 77}...'",
    ),
    "a line break": (
        {"Variable": "$.s", "StringEquals": "a\nState 'Call' is forged"},
        {"s": "a\nState 'Call' is forged"},
        r"$.s StringEquals 'a\nState 'Call' is forged'; $.s = 'a\nState 'Call' is forged'",
    ),
    "a secret": (
        {"Variable": "$.login.password", "StringEquals": "hunter2"},
        {"login": {"password": "hunter2"}},
        "$.login.password StringEquals '***'; $.login.password = '***'",
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_tells_the_rule_and_what_it_compares(name: str, log: Log) -> None:
    rule, conf, told = CHOICES[name]
    Run(conf=conf).execute(ask({"Variable": "$.never", "IsPresent": True, "Next": "No"}, rule))
    assert log.lines() == [f"State 'Ask' goes on to 'Yes': Choices[1] matches: {told}"]


def test_a_choice_in_jsonata_tells_the_condition_and_what_it_reads(log: Log) -> None:
    condition = "{% $states.input.n > 2 and $count($states.input.`a b`) = 0 %}"
    Run(conf={"n": 5, "a b": []}).execute(ask({"Condition": condition}, query_language="JSONata"))
    told = f"{condition}; $states.input.n = 5, $states.input.`a b` = a list of 0"
    assert log.lines() == [f"State 'Ask' goes on to 'Yes': Choices[0] matches: {told}"]


def test_a_variable_in_a_condition_is_told_with_its_value(run: Run, log: Log) -> None:
    states = {
        "Set": {"Type": "Pass", "Assign": {"limits": {"most": 3}}, "Next": "Ask"},
        "Ask": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $limits.most > 2 and $exists($states.input.a) %}", "Next": "Next"}],
            "Default": "Set",
        },
    }
    run.execute(task(LoopOperator, states=states, query_language="JSONata"))
    assert log.lines()[-1].endswith("; $limits.most = 3, $states.input.a = 1")


def test_many_values_are_counted(log: Log) -> None:
    rules = [{"Variable": f"$.v{number}", "NumericEquals": -1} for number in range(12)]
    Run(conf={f"v{number}": number for number in range(12)}).execute(ask(*rules, default="No"))
    [line] = log.lines()
    assert line.endswith("$.v9 = 9, and 2 more")


def test_a_choice_without_a_way_says_so(run: Run, log: Log) -> None:
    with pytest.raises(AirflowException):
        run.execute(ask({"Variable": "$.a", "NumericEquals": 2}))
    assert log.lines()[0] == "State 'Ask' chooses no state, and has no Default: no rule matches; $.a = 1"
