"""Coverage: what executions reach of a machine, of how much, and inputs that lack what the first state reads."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.compare.machine_analysis.coverage import Coverage, CoverageObserver, missing_input, reached_parts
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine import Mocks, simulate
from tests.fixtures.machines.definitions import END, call, choose, go, machine

TRY_AGAIN = {
    "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}, {"ErrorEquals": ["Never"], "MaxAttempts": 0}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
}
ORDERS = machine(
    {
        "Each": {
            "Type": "Map",
            "ItemProcessor": machine({"Kind": choose("$.kind", {"big": "Work"}, "Skip"), "Work": call(), "Skip": END}),
            "Next": "Send",
        },
        "Send": call("Done", **TRY_AGAIN),
        "Done": END,
        "Caught": END,
    }
)
BUSY = [{"Throw": {"Error": "Busy"}}, {"Return": 1}]
BROKEN = [{"Throw": {"Error": "Broken"}}]


def coverage_of(*executions: tuple[Any, dict[str, Any]]) -> Coverage:
    observer = CoverageObserver(MachineParts(parse(ORDERS)))
    for input, mocks in executions:
        simulate(ORDERS, input, mocks=mocks, observer=observer)
    return observer.coverage


def test_parts_are_counted_by_kind() -> None:
    found = coverage_of(([{"kind": "small"}], {"Send": BUSY}))
    assert found.text == "5 of 7 states, 1 of 2 choice rules, 0 of 1 catcher, 1 of 1 retrier"
    assert found.states_text == "5 of 7 states"
    assert found.missing_text() == [
        "rule 1 of Choice 'Kind' in 'Each'",
        "state 'Work' in 'Each'",
        "catcher 1 of Task 'Send'",
        "state 'Caught'",
    ]


def test_what_several_executions_reach_adds_up() -> None:
    one, other = coverage_of(([{"kind": "big"}], {"Work": BUSY[1:], "Send": BROKEN})), coverage_of(([], {"Send": BUSY}))
    assert one.counts("rule") == (1, 2)
    assert (one | other).counts("state") == (6, 7)
    assert (one | other).counts("retrier") == (1, 1)


def test_the_json_lists_states_by_name() -> None:
    found = coverage_of(([], {"Send": BROKEN})).as_json()
    assert found["states"] == {"reached": 3, "of": 7}
    assert found["catchers"] == {"reached": 1, "of": 1}
    assert found["states_never_reached"] == ["Kind", "Work", "Skip", "Done"]


def test_keys_of_parts_bring_back_the_coverage() -> None:
    found = coverage_of(([{"kind": "small"}], {"Send": BUSY}))
    keys = {part.key for part in found.reached}
    assert len(keys) == len(found.reached)
    assert Coverage.of_keys(found.parts, {*keys, "state /States/Of another machine"}) == found


def test_an_execution_without_its_answers_reaches_nothing() -> None:
    assert reached_parts(parse(ORDERS), [], Mocks({})) == frozenset()


@pytest.mark.parametrize(
    ("first", "input", "path"),
    [
        (call("Done", Parameters={"name.$": "$.user.name"}), {"user": {}}, "$.user.name"),
        (choose("$.kind", {"a": "Done"}), {}, "$.kind"),
        ({"Type": "Wait", "SecondsPath": "$.waits[1]", "Next": "Done"}, {"waits": [1]}, "$.waits[1]"),
        (go("Done", InputPath="$.detail"), {}, "$.detail"),
        (go("Done", Parameters={"x.$": "States.Format('{}', $.name)"}), {}, "$.name"),
        (go("Done", Parameters={"x.$": "$.there"}), {"there": 1}, None),
        ({"Type": "Fail", "Error": "Own"}, {}, None),
    ],
    ids=["a parameter", "a choice", "an index", "InputPath", "an intrinsic function", "nothing", "a failure"],
)
def test_what_the_input_lacks_is_named(first: dict[str, Any], input: Any, path: str | None) -> None:
    definition = parse(machine({"First": first, **({"Done": END} if first["Type"] != "Fail" else {})}))
    execution = simulate(definition, input, mocks={"First": BUSY[1:]})
    assert missing_input(definition, input, execution) == path


def test_an_input_is_not_blamed_for_a_later_state() -> None:
    definition = parse(machine({"First": go("Second"), "Second": go("Done", InputPath="$.x"), "Done": END}))
    assert missing_input(definition, {}, simulate(definition, {})) is None


def test_an_input_is_blamed_in_jsonata_too() -> None:
    states = {"First": {"Type": "Pass", "Output": "{% $states.input.order.id %}", "End": True}}
    definition = parse(machine(states, QueryLanguage="JSONata"))
    assert missing_input(definition, {}, simulate(definition, {})) == "$.order.id"
