from __future__ import annotations

from typing import Any

from sfn_provider.asl.jsonata import Expression
from sfn_provider.translate import translate
from sfn_provider.translate.native.data_flow.expression_budget import bounded_expressions, compile_bounded
from sfn_provider.translate.native.data_flow.values import Unresolved

LONG = "[" + ",".join(["1"] * 1_900) + "]"
"""3,800 tokens."""


def test_expressions_beyond_the_bound_of_a_machine_are_not_read_in_any_pass() -> None:
    sources = [f"{number} in {LONG}" for number in range(12)]
    with bounded_expressions():
        first = [isinstance(compile_bounded(source), Expression) for source in sources]
        assert first == [True] * 8 + [False] * 4
        assert [isinstance(compile_bounded(source), Expression) for source in sources] == first
    with bounded_expressions():
        assert isinstance(compile_bounded(sources[-1]), Expression)


def test_a_long_expression_and_one_that_is_none_cannot_be_said() -> None:
    assert isinstance(compile_bounded("1" * 5_000), Unresolved)
    assert isinstance(compile_bounded("("), Unresolved)


def test_a_state_with_too_long_an_expression_stays_exact() -> None:
    def ways(expression: str) -> dict[str, tuple[str, str]]:
        resource = "arn:aws:states:::sqs:sendMessage"
        arguments = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": "{% x %}"}
        arguments["MessageBody"] = f"{{% {expression} %}}"
        call: dict[str, Any] = {"Type": "Task", "Resource": resource, "Arguments": arguments}
        other = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
        machine = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {**call, "Next": "B"}, "B": other}}
        return {task.state: (task.how, task.why) for task in translate(machine, dag_id="d", style="native").tasks}

    assert ways("'x'")["A"][0] == "operator"
    how, why = ways("'" + "x" * 4_100 + "'")["A"]
    assert how == "exact"
    assert "has more than 4,000 characters" in why
