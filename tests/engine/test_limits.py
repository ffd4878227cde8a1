"""The sizes and counts at which an execution fails."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl.scope import Json
from sfn_provider.engine import limits, simulate
from sfn_provider.engine.interpreter import ResumePoint
from sfn_provider.engine.limits import MAX_EVENTS, MAX_PAYLOAD_BYTES, exceeds_payload, to_json
from sfn_provider.exceptions import InvalidDefinition, UsageError
from tests.fixtures.machines.distributed_maps import each
from tests.fixtures.machines.engine import (
    Hand,
    group,
    inline_map,
    jsonata,
    one,
    outcome,
    parallel,
    returns,
    task,
    throws,
)

MOST = 262_144
LIMIT = "returned a result with a size exceeding the maximum number of bytes service limit."


def text(size: int, letter: str = "x") -> str:
    """Text that takes ``size`` bytes as JSON, quotes included."""
    return letter * ((size - 2) // len(letter.encode()))


SIZES = {
    "letters": ("x", MOST, False),
    "one letter more": ("x", MOST + 1, True),
    "two bytes a letter": ("ü", MOST, False),
    "two bytes a letter, one more": ("ü", MOST + 2, True),
    "three bytes a letter": ("€", MOST - 2, False),
    "three bytes a letter, one more": ("€", MOST + 1, True),
    "four bytes a letter": ("😀", MOST - 2, False),
    "four bytes a letter, one more": ("😀", MOST + 2, True),
}


@pytest.mark.parametrize(("letter", "size", "refused"), SIZES.values(), ids=SIZES)
def test_the_size_is_counted_in_bytes_of_json(letter: str, size: int, refused: bool) -> None:
    value = text(size, letter)
    assert len(to_json(value).encode()) == size
    assert exceeds_payload(value) is refused


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "", [], {}, [1] * 131_071])
def test_small_values(value: Json) -> None:
    assert not exceeds_payload(value)


def test_a_list_that_is_too_large() -> None:
    assert exceeds_payload([1] * 131_072)
    assert len(to_json([1] * 131_072)) == MAX_PAYLOAD_BYTES + 1


LONGEST = -1.3226200172238119e-250
PARTS = ["", "\0", '"', "\x7f", "€", "😀", "\ud83d", LONGEST, -(2**63), 2**63, 10**40, None, False, {}, [], [[[]]]]
PARTS += [{"": ""}, {1: {2.5: None}}, {"\0": 0}, {"k": None, "l": LONGEST}, {"k": [{"\n": False}]}]


@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_values_of_every_type_are_refused_from_the_first_byte_too_many(part: Json) -> None:
    most = (MOST - 1) // (len(to_json(part).encode(errors="replace")) + 1)
    assert not exceeds_payload([part] * most)
    assert exceeds_payload([part] * (most + 1))


def test_escapes_count() -> None:
    assert exceeds_payload("\n" * (MOST // 2))
    assert not exceeds_payload("\n" * (MOST // 2 - 1))


@pytest.mark.parametrize(("size", "refused"), [(MOST, False), (MOST + 1, True)])
def test_the_result_of_a_task(size: int, refused: bool) -> None:
    execution = simulate(one(task(ResultPath=None)), {}, mocks={"State": returns(text(size))})
    assert outcome(execution) == (("FAILED", "States.DataLimitExceeded") if refused else ("SUCCEEDED", {}))
    if refused:
        assert execution.cause is not None and execution.cause.endswith(LIMIT)


OUTPUTS = {
    "pass": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}},
    "parallel": parallel({"A": {"Type": "Pass"}}, {"B": {"Type": "Pass"}}),
    "result path": task(ResultPath="$.again"),
}


@pytest.mark.parametrize("state", OUTPUTS.values(), ids=OUTPUTS)
def test_the_output_of_a_state(state: dict[str, Any]) -> None:
    half = {"x": text(MOST // 2)}
    execution = simulate(one(state), half, mocks={"State": returns(half)})
    assert outcome(execution) == ("FAILED", "States.DataLimitExceeded")
    assert execution.cause == f"The state/task 'State' {LIMIT}"


@pytest.mark.parametrize(("size", "refused"), [(MOST, False), (MOST + 1, True)])
def test_the_output_of_a_jsonata_state(size: int, refused: bool) -> None:
    machine = jsonata({"State": {"Type": "Pass", "Output": "{% $pad('', $states.input, 'x') %}"}})
    status = simulate(machine, size - 2).status
    assert status == ("FAILED" if refused else "SUCCEEDED")


def written(count: int, path: str, value: str) -> dict[str, Any]:
    """A machine that writes a text to a path so many times; {} in the path is the number of the state."""
    states = {
        f"P{n}": {"Type": "Pass", "Result": value, "ResultPath": path.format(n), "Next": f"P{n + 1}"}
        for n in range(count)
    }
    return group({**states, f"P{count}": {"Type": "Succeed"}})


DOCUMENT = {"list": [text(1_000)] * 100, "deep": {"a": {"b": {"c": {"d": 1}}}}}


@pytest.mark.parametrize("place", ["$.x{}", "$.deep.x{}", "$.deep.a.b.c.x{}"])
def test_a_document_that_grows_is_refused_from_the_first_byte_too_many(place: str) -> None:
    output = simulate(written(10, place, text(10_000)), DOCUMENT).output
    room = MOST - len(to_json(output)) - len(',"z":')
    assert simulate(written(10, place, text(10_000)), {**DOCUMENT, "z": text(room)}).status == "SUCCEEDED"
    execution = simulate(written(10, place, text(10_000)), {**DOCUMENT, "z": text(room + 1)})
    assert (execution.error, execution.cause) == ("States.DataLimitExceeded", f"The state/task 'P9' {LIMIT}")


def test_a_text_that_replaces_another_does_not_add_to_it() -> None:
    execution = simulate(written(9, "$.deep.x", text(100_000)), DOCUMENT)
    assert execution.status == "SUCCEEDED"
    assert len(execution.output["deep"]["x"]) == 99_998


def test_a_part_of_an_input_that_nobody_has_counted() -> None:
    part = {"Type": "Pass", "Parameters": {"a.$": "$.a", "b.$": "$.a"}}
    both = inline_map({"Item": part}, ItemSelector={"a.$": "$.a", "c": 1}, ItemsPath="$.items")
    execution = simulate(one(both), {"a": text(MOST // 2), "items": [1]})
    assert (execution.error, execution.cause) == ("States.DataLimitExceeded", f"The state/task 'Item' {LIMIT}")


def test_a_caught_error_may_make_the_input_too_large() -> None:
    state = task(Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Done"}])
    machine = group({"State": state, "Done": {"Type": "Pass"}})
    answers = [{"Throw": {"Error": "E", "Cause": "c" * 1_000}}]
    execution = simulate(machine, {"x": text(MOST - 500)}, mocks={"State": answers})
    assert outcome(execution) == ("FAILED", "States.DataLimitExceeded")


def test_half_a_surrogate_pair_has_a_size() -> None:
    assert exceeds_payload("\ud800" * MOST)
    assert not exceeds_payload("\ud800" * 70_000)


REACHED = "The execution reached the maximum number of history events (25000)."
SPIN = {
    "Spin": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "Done"}],
        "Default": "Turn",
    },
    "Turn": {"Type": "Pass", "Next": "Spin"},
    "Done": {"Type": "Succeed"},
}
ENDLESS = {
    "a loop": group(SPIN),
    "in a branch": one(parallel(SPIN)),
    "in a branch with retry and catch": group(
        {
            "Around": {
                **parallel(
                    SPIN,
                    Retry=[{"ErrorEquals": ["States.ALL"]}],
                    Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Out"}],
                ),
                "Next": "Out",
            },
            "Out": {"Type": "Pass"},
        }
    ),
}


@pytest.mark.parametrize("machine", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_execution_fails_with_event_25000(machine: dict[str, Any]) -> None:
    execution = simulate(machine, {})
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "States.Runtime", REACHED)
    assert [record.id for record in execution.records] == list(range(1, MAX_EVENTS + 1))
    last = execution.records[-1]
    assert (last.type, last.previous) == ("ExecutionFailed", MAX_EVENTS - 1)


def counted(items: int, passes: int) -> dict[str, Any]:
    """A machine with 6 + 4 * items + 2 * passes events."""
    states: dict[str, Any] = {"Map": {**inline_map({"Item": {"Type": "Pass"}}), "Next": "P0"}}
    for n in range(passes):
        states[f"P{n}"] = {"Type": "Pass", **({"Next": f"P{n + 1}"} if n + 1 < passes else {})}
    return group(states)


def test_event_25000_may_be_the_success() -> None:
    execution = simulate(counted(6_248, 1), [0] * 6_248)
    assert (execution.status, len(execution.records)) == ("SUCCEEDED", MAX_EVENTS)


def test_event_25000_may_be_nothing_else() -> None:
    execution = simulate(counted(6_248, 2), [0] * 6_248)
    assert (execution.status, execution.cause, len(execution.records)) == ("FAILED", REACHED, MAX_EVENTS)


def test_iterations_count_together() -> None:
    execution = simulate(one(inline_map({"Item": {"Type": "Pass"}})), [0] * 6_300)
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "States.Runtime", REACHED)


def test_child_executions_of_a_distributed_map_count_for_themselves() -> None:
    execution = simulate(
        each({"Item": {"Type": "Wait", "Seconds": 0, "Next": "End"}, "End": {"Type": "Pass", "End": True}}), [0] * 7_000
    )
    assert (execution.status, len(execution.records)) == ("SUCCEEDED", 8)


def test_the_history_of_an_express_execution_has_no_limit() -> None:
    execution = simulate(counted(6_248, 2), [0] * 6_248, execution_type="EXPRESS")
    assert (execution.status, len(execution.records)) == ("SUCCEEDED", MAX_EVENTS + 2)


@pytest.mark.parametrize(("execution_type", "status"), [("EXPRESS", "SUCCEEDED"), ("STANDARD", "FAILED")])
def test_the_history_of_a_child_execution(execution_type: str, status: str) -> None:
    definition = each({"Inner": {**inline_map({"Item": {"Type": "Pass"}}), "End": True}})
    [state] = definition["States"].values()
    state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}
    assert simulate(definition, [[0] * 6_300]).status == status


def test_an_express_machine_that_cannot_be_created_is_not_run() -> None:
    glue = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}}
    with pytest.raises(InvalidDefinition, match="needs the type STANDARD"):
        simulate(one(glue), {}, mocks={}, execution_type="EXPRESS")


def test_a_region_counts_on() -> None:
    hand = Hand(group(SPIN), {}, continues=ResumePoint(events=24_990, previous=24_990))
    state = hand.step.state
    assert (state.status, state.cause, state.event_ids) == ("FAILED", REACHED, MAX_EVENTS)
    assert len(hand.records) == 10


def test_the_limit_may_be_reached_by_an_answer() -> None:
    hand = Hand(one(task()), {}, continues=ResumePoint(events=24_996, previous=24_996))
    assert hand.step.state.event_ids == 24_999
    hand.succeed(hand.calls[0], 1)
    assert (hand.step.state.status, hand.step.state.cause, hand.open) == ("FAILED", REACHED, {})
    assert hand.step.state.event_ids == MAX_EVENTS


def test_an_input_that_is_too_large_starts_no_execution() -> None:
    assert simulate(one({"Type": "Pass"}), text(MOST)).status == "SUCCEEDED"
    with pytest.raises(UsageError, match=r"input has 262,145 bytes as JSON, and Step Functions takes at most 262,144"):
        simulate(one({"Type": "Pass"}), text(MOST + 1))


def test_a_value_that_names_a_large_text_many_times_is_refused_without_its_text() -> None:
    text = "x" * 200_000
    tracemalloc.start()
    try:
        assert exceeds_payload({f"k{n}": text for n in range(5_000)})
        assert exceeds_payload([[text] * 1_000] * 1_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=30,
    )
)
def test_bounds_on_a_size_hold(value: Json) -> None:
    least, most = limits._size_bounds(value)
    assert least <= len(to_json(value).encode(errors="replace")) <= most or (least, most) == (0, MAX_PAYLOAD_BYTES + 1)


PARAMETERS_LIMIT = "provided parameters with a size exceeding the maximum number of bytes service limit."
PARAMETERS = {
    "task": task(Parameters={"a.$": "$.x", "b.$": "$.x"}, ResultPath=None),
    "parallel": parallel({"A": {"Type": "Pass", "Result": 1}}, Parameters={"a.$": "$.x", "b.$": "$.x"}),
    "map": inline_map({"A": {"Type": "Pass", "Result": 1}}, ItemsPath="$.n", ItemSelector={"a.$": "$.x", "b.$": "$.x"}),
}


@pytest.mark.parametrize("state", PARAMETERS.values(), ids=PARAMETERS)
@pytest.mark.parametrize("share", [2, 3])
def test_the_parameters_of_a_state(state: dict[str, Any], share: int) -> None:
    execution = simulate(one(state), {"x": text(MOST // share), "n": [1]}, mocks={"State": returns(1)})
    if share == 3:
        assert execution.status == "SUCCEEDED"
        return
    assert outcome(execution) == ("FAILED", "States.DataLimitExceeded")
    assert execution.cause == f"The state/task 'State' {PARAMETERS_LIMIT}"


@pytest.mark.parametrize(("name", "caught"), [("States.ALL", False), ("States.DataLimitExceeded", True)])
def test_parameters_that_are_too_large_are_caught_by_name_alone(name: str, caught: bool) -> None:
    state = {**PARAMETERS["task"], "Catch": [{"ErrorEquals": [name], "Next": "End"}], "Next": "End"}
    machine = group({"State": state, "End": {"Type": "Succeed"}})
    execution = simulate(machine, {"x": text(MOST // 2)}, mocks={"State": returns(1)})
    assert (execution.status == "SUCCEEDED") is caught
    assert not [event for event in execution.events if event["type"] == "LambdaFunctionScheduled"]


def sets(**assign: Any) -> dict[str, Any]:
    return {"Type": "Pass", "Assign": assign}


def test_a_variable_may_be_as_large_as_an_output() -> None:
    assert simulate(one(sets(**{"v.$": "$"})), text(MOST)).status == "SUCCEEDED"
    grown = {"Type": "Pass", "Assign": {"v.$": "States.Array($)"}}
    execution = simulate(one(grown), text(MOST))
    assert outcome(execution) == ("FAILED", "States.DataLimitExceeded")
    assert execution.cause == (
        "The variable 'v' that the state 'State' assigns has 262,146 bytes as JSON, and Step Functions takes at most "
        "262,144."
    )


@pytest.mark.parametrize("field", ["Assign", "Catch", "Choices"])
def test_the_variables_of_one_assign(field: str) -> None:
    both = {"v.$": "$$.Execution.Input", "w.$": "$$.Execution.Input"}
    work: dict[str, dict[str, Any]] = {
        "Assign": task(Assign=both),
        "Catch": task(Catch=[{"ErrorEquals": ["States.ALL"], "Assign": both, "ResultPath": None, "Next": "End"}]),
        "Choices": {"Type": "Choice", "Choices": [{"Variable": "$", "IsString": True, "Assign": both, "Next": "End"}]},
    }
    machine = group({"State": work[field], "End": {"Type": "Succeed"}})
    mocks = {} if field == "Choices" else {"State": throws("E") if field == "Catch" else returns(1)}
    machine["States"]["State"].pop("End", None)
    if field != "Choices":
        machine["States"]["State"]["Next"] = "End"
    assert simulate(machine, text(MOST // 2), mocks=mocks).status == "SUCCEEDED"
    execution = simulate(machine, text(MOST // 2 + 2), mocks=mocks)
    assert outcome(execution) == ("FAILED", "States.DataLimitExceeded")
    assert str(execution.cause).startswith("The variables that the state 'State' assigns have 262,14")


def many(count: int) -> dict[str, Any]:
    """A machine whose states assign as many variables of 256 KiB, and another one in a branch."""
    states = {f"S{n}": {**sets(**{f"v{n}.$": "$"}), "Next": f"S{n + 1}"} for n in range(count)}
    branch = {"In": {"Type": "Pass", "Assign": {"w": 1}, "Result": 1}}
    return group({**states, f"S{count}": parallel(branch)})


def test_all_variables_of_an_execution() -> None:
    assert simulate(many(39), text(MOST)).status == "SUCCEEDED"
    execution = simulate(many(40), text(MOST))
    assert outcome(execution) == ("FAILED", "States.DataLimitExceeded")
    assert str(execution.cause).startswith(
        "The variables of the execution have 10,485,761 bytes as JSON after the state 'In'"
    )


def test_a_variable_that_is_set_again_counts_once() -> None:
    loop = {
        "Set": {"Type": "Pass", "Assign": {"v.$": "$.x", "n.$": "States.MathAdd($n, 1)"}, "Next": "More"},
        "More": {"Type": "Choice", "Choices": [{"Variable": "$n", "NumericLessThan": 100, "Next": "Set"}]},
        "End": {"Type": "Succeed"},
    }
    loop["More"]["Default"] = "End"
    machine = group({"First": {**sets(n=0), "Next": "Set"}, **loop})
    assert simulate(machine, {"x": text(200_000)}).status == "SUCCEEDED"


@pytest.mark.parametrize(("name", "status"), [("States.ALL", "FAILED"), ("States.DataLimitExceeded", "SUCCEEDED")])
def test_a_parallel_catches_what_is_too_large_in_a_branch_by_name_alone(name: str, status: str) -> None:
    branch = {"In": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}}}
    around = {**parallel(branch), "Catch": [{"ErrorEquals": [name], "Next": "End"}], "Next": "End"}
    assert simulate(group({"P": around, "End": {"Type": "Succeed"}}), text(MOST // 2)).status == status
