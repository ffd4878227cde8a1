"""Fields that a path, an expression or a placeholder fills with a wrong type: refused, or an error of the language."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_provider.engine import simulate
from sfn_provider.exceptions import InvalidDefinition
from tests.fixtures.machines.distributed_maps import GET_OBJECT, LIST_OBJECTS, WRITER, each
from tests.fixtures.machines.engine import inline_map, one, outcome, parallel, returns, task
from tests.fixtures.session.hypothesis_examples import examples

State = dict[str, Any]
Place = tuple[str | int, ...]

OBJECTS = {"s3://data/items": "[1, 2]", "s3://data/more": "[3]"}
VALUES = [
    *(None, True, 0, -1, 1, 2.5, 1e308, 10**400, "", "a", "7", "9" * 5000, "NaN", "\ud800"),
    *("2025-01-01T00:00:00Z", "0000-01-01T00:00:00Z", [], [1], [None], [[]], {}, {"a": 1}, {"Bucket": 1}),
    "x" * 20_000,
]
"""Values that some field or other cannot take."""


def _distributed(**fields: Any) -> State:
    state: State = each(**fields)["States"]["Each"]
    return state


def _reader(arguments: str, resource: str = GET_OBJECT, **config: str) -> State:
    where = {"Bucket": "data"} | ({"Key": "items"} if resource == GET_OBJECT else {})
    return _distributed(
        ItemReader={"Resource": resource, arguments: where, **({"ReaderConfig": config} if config else {})}
    )


def _slots(language: str) -> Iterator[tuple[str, State, Place]]:
    """A name, a state, and where in it the value goes."""
    arguments, items = ("Arguments", "Items") if language == "JSONata" else ("Parameters", "ItemsPath")
    call = task(Retry=[{"ErrorEquals": ["States.ALL"]}])
    for name in ("TimeoutSeconds", "HeartbeatSeconds", arguments, "Credentials", "Assign", "Output", "ResultPath"):
        yield f"Task {name}", call, (name,)
    for name in ("IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"):
        yield f"Retry {name}", call, ("Retry", 0, name)
    gateway = {"Type": "Task", "Resource": "arn:aws:states:::apigateway:invoke", arguments: {"ApiEndpoint": "a"}}
    for name in ("Headers", "QueryParameters", "Method"):
        yield f"API Gateway {name}", gateway, (arguments, name)
    for kind, name in (("Wait", "Seconds"), ("Wait", "Timestamp"), ("Fail", "Error"), ("Fail", "Cause")):
        yield f"{kind} {name}", {"Type": kind}, (name,)
    for kind, state in (("inline", inline_map({"One": {"Type": "Pass"}})), ("distributed", _distributed())):
        for name in (items, "MaxConcurrency", "ItemSelector", "ToleratedFailureCount", "ToleratedFailurePercentage"):
            yield f"{kind} Map {name}", state, (name,)
    for name in ("MaxItemsPerBatch", "MaxInputBytesPerBatch", "BatchInput"):
        yield f"ItemBatcher {name}", _distributed(ItemBatcher={"MaxItemsPerBatch": 2}), ("ItemBatcher", name)
    for kind, state in (
        ("object", _reader(arguments, InputType="JSON")),
        ("manifest", _reader(arguments, InputType="MANIFEST")),
        ("list", _reader(arguments, LIST_OBJECTS)),
        ("flattened", _reader(arguments, LIST_OBJECTS, InputType="JSON", Transformation="LOAD_AND_FLATTEN")),
    ):
        for name in ("Bucket", "Key", "Prefix", "StartAfter"):
            yield f"ItemReader of {kind}, {name}", state, ("ItemReader", arguments, name)
        yield f"ItemReader of {kind}, MaxItems", state, ("ItemReader", "ReaderConfig", "MaxItems")
        yield f"ItemReader of {kind}", state, ("ItemReader", arguments)
    writer = {"Resource": WRITER["Resource"], arguments: WRITER["Parameters"]}
    for name in ("Bucket", "Prefix"):
        yield f"ResultWriter {name}", _distributed(ResultWriter=writer), ("ResultWriter", arguments, name)
    yield f"Parallel {arguments}", parallel({"One": {"Type": "Pass"}}), (arguments,)
    for name in ("InputPath", "OutputPath", "ResultPath", "Assign", "Output"):
        yield f"Pass {name}", {"Type": "Pass"}, (name,)


LANGUAGES = ("JSONPath", "JSONata")
SLOTS = {language: {name: (state, place) for name, state, place in _slots(language)} for language in LANGUAGES}
FORMS: dict[str, list[tuple[str, Any]]] = {
    # What is added to the field's name, and what the field holds; VALUE stands for the value itself.
    "JSONPath": [
        ("", "VALUE"),
        ("Path", "$.v"),
        (".$", "$.v"),
        ("", "$.v"),
        ("", "${X}"),
        ("Path", "${X}"),
        (".$", "${X}"),
    ],
    "JSONata": [("", "VALUE"), ("", "{% $states.input.v %}"), ("", "${X}"), ("", "{% ${X} %}"), ("", "{% '${X}' %}")],
}


def fill(state: State, place: Place, ending: str, content: Any) -> State:
    """Return the state with a field filled."""
    filled = copy.deepcopy(state)
    holder: Any = filled
    for name in place[:-1]:
        holder = holder.setdefault(name, {}) if isinstance(holder, dict) else holder[name]
    holder[f"{place[-1]}{ending}"] = content
    return filled


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=examples(300))
@given(st.data())
def test_a_field_of_a_wrong_type_is_refused_or_ends_the_execution(language: str, data: st.DataObject) -> None:
    state, place = SLOTS[language][data.draw(st.sampled_from(sorted(SLOTS[language])))]
    ending, content = data.draw(st.sampled_from(FORMS[language]))
    value = data.draw(st.sampled_from(VALUES))
    filled = fill(state, place, ending, value if content == "VALUE" else content)
    try:
        execution = simulate(
            one(filled, QueryLanguage=language), {"v": value}, mocks={"State": returns(1)}, objects=OBJECTS
        )
    except InvalidDefinition:
        return
    ended_itself = filled["Type"] == "Fail"
    assert execution.status == "SUCCEEDED" or ended_itself or str(execution.error).startswith("States.")
    assert execution.events


PLACEHOLDERS = {
    "a bare placeholder as Items": ("JSONata", inline_map({"One": {"Type": "Pass"}}, Items="${X}"), "QueryEvaluation"),
    "a placeholder in an expression": ("JSONata", {"Type": "Pass", "Output": "{% ${X} + 1 %}"}, "Runtime"),
    "a placeholder as a path": ("JSONPath", {"Type": "Pass", "InputPath": "${X}"}, "Runtime"),
    "a placeholder as a ResultPath": ("JSONPath", task(ResultPath="${X}"), "Runtime"),
    "a placeholder in a template": ("JSONPath", task(Parameters={"a.$": "${X}"}), "Runtime"),
    "a placeholder as TimestampPath": ("JSONPath", {"Type": "Wait", "TimestampPath": "${X}"}, "Runtime"),
    "a placeholder as CausePath": ("JSONPath", {"Type": "Fail", "CausePath": "${X}"}, "Runtime"),
}


@pytest.mark.parametrize(("language", "state", "error"), PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_placeholders_without_a_value_fail_the_state_that_has_them(language: str, state: State, error: str) -> None:
    execution = simulate(one(state, QueryLanguage=language), {}, mocks={"State": returns(1)})
    assert execution.error is not None and execution.error.startswith(f"States.{error}")
    assert "${X}" in str(execution.cause)


def test_a_placeholder_that_is_not_reached_does_no_harm() -> None:
    machine = one({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "A"}], "Default": "B"})
    machine["States"] |= {"A": {"Type": "Succeed"}, "B": {"Type": "Wait", "SecondsPath": "${X}", "End": True}}
    assert outcome(simulate(machine, {"a": 1})) == ("SUCCEEDED", {"a": 1})
