from __future__ import annotations

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.intrinsics import compile_intrinsic
from sfn_provider.asl.intrinsics.certain_failures import certain_failures

FAILING = [
    "States.Format('{} {}', $.a)",
    "States.Format('{}', $.a, $.b)",
    "States.Format('{', $.a)",
    "States.ArrayGetItem(States.Array(1), 5)",
    "States.ArrayPartition($.list, 0)",
    "States.ArrayRange(1, 9, 0)",
    "States.ArrayRange(1, 5000, 1)",
    "States.StringToJson('{x')",
    "States.StringToJson('1e400')",
    "States.Hash($.a, 'MD4')",
    "States.MathRandom('a', $.b)",
    "States.MathAdd('a', $.b)",
    "States.MathAdd($.a, true)",
    "States.StringSplit(5, ',')",
    "States.JsonMerge($.a, $.b, true)",
    "States.ArrayContains('no array', $.b)",
    "States.Format('{}', States.MathAdd('a', 1))",
]
WORKING = [
    "States.Format('{}', $.a)",
    "States.Format('plain')",
    "States.Format($.template, 1)",
    "States.Format($.template, 1, $.b)",
    "States.ArrayGetItem($.list, 500)",
    "States.ArrayGetItem($.list, -1)",  # an empty array has null at every index
    "States.ArrayGetItem(States.Array(1, 2), 1)",
    "States.ArrayGetItem(States.Array($.a), 0)",
    "States.ArrayPartition($.list, 40)",
    "States.ArrayRange(1, 9, 1)",
    "States.ArrayRange($.first, 5000, 1)",
    "States.ArrayRange(1, 5000, $.step)",
    "States.ArrayRange(1, $.last, 1)",
    "States.StringToJson($.a)",
    "States.StringToJson('{}')",
    "States.JsonToString($.a)",
    "States.Hash($.a, 'SHA-256')",
    "States.Hash('text', $.algorithm)",
    "States.MathRandom(5, $.b)",
    "States.MathRandom($.a, 3)",
    "States.MathRandom(1, 9, $.seed)",
    "States.MathAdd(1, $.b)",
    "States.StringSplit($.a, ',')",
    "States.JsonMerge($.a, $.b, false)",
    "States.Base64Decode('%%%')",
    "States.UUID()",
    "States.ArrayContains($.a, 'x')",
    "States.ArrayUnique($.a)",
    "States.ArrayLength($.a)",
    "States.Array()",
]


@pytest.mark.parametrize("call", FAILING)
def test_a_call_that_fails_with_every_input_is_reported(call: str) -> None:
    [message] = certain_failures(compile_intrinsic(call).call)
    assert message.endswith(": the state fails when it runs, whatever its input is")
    state = {"Type": "Pass", "Parameters": {"x.$": call}, "End": True}
    [found] = lint({"StartAt": "A", "States": {"A": state}})
    assert (found.level, found.code, found.location) == ("warning", "INTRINSIC_WILL_FAIL", "/States/A/Parameters/x.$")


@pytest.mark.parametrize("call", WORKING)
def test_a_call_that_can_succeed_is_not_reported(call: str) -> None:
    assert certain_failures(compile_intrinsic(call).call) == []


def test_a_wrong_number_of_arguments_is_reported_once() -> None:
    intrinsic = compile_intrinsic("States.MathAdd('a')")
    assert (len(intrinsic.warnings), certain_failures(intrinsic.call)) == (1, [])
