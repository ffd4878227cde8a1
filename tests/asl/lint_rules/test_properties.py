"""Properties that hold for every definition, and how long the longest take."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfn_provider.asl import InvalidDefinition, dump, lint, parse
from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.definition_index.index import index_definition
from sfn_provider.asl.diagnostics import MAX_PROBLEMS
from sfn_provider.asl.lint_rules.rules import RULES
from tests.fixtures.session.hypothesis_examples import examples

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)

FIELDS = """
Type StartAt States Next End Default Choices Branches ItemProcessor Iterator ProcessorConfig Mode ExecutionType Resource
Parameters Arguments Assign Output InputPath OutputPath ResultPath ResultSelector Retry Catch ErrorEquals BackoffRate
IntervalSeconds MaxAttempts MaxDelaySeconds TimeoutSeconds HeartbeatSeconds Seconds SecondsPath Timestamp Variable And
Or Not Condition StringEquals NumericEquals IsPresent ItemReader ReaderConfig ItemBatcher ResultWriter WriterConfig
Items ItemsPath Label Credentials Error Cause ErrorPath QueryLanguage Comment Version Result x.$ a/b~c
""".split()  # noqa: SIM905
WORDS = """
Pass Task Choice Wait Succeed Fail Parallel Map A B JSONata JSONPath DISTRIBUTED States.ALL $ $.a $$.b $v $states.input
States.UUID() {%1%} {%x {%$states.input.a%} ${X} arn:aws:states:::lambda:invoke arn:aws:states:::sns:publish.sync 1.0
2030-01-01T00:00:00Z
""".split()  # noqa: SIM905
names = st.sampled_from(FIELDS) | st.text(max_size=3)
leaves = st.sampled_from(WORDS) | scalars
definitions = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6), max_leaves=40
)
groups = st.fixed_dictionaries(
    {"StartAt": st.just("A"), "States": st.dictionaries(st.sampled_from("AB"), st.dictionaries(names, definitions))},
    optional={"QueryLanguage": st.sampled_from(["JSONata", "JSONPath"])},
)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(names, definitions, max_size=6) | groups)
def test_lint_never_raises_and_parse_agrees_with_it(value: dict[str, Any]) -> None:
    found = lint(value)
    assert found == lint(value)
    try:
        machine = parse(value)
    except InvalidDefinition as refused:
        assert list(refused.diagnostics) == found
        assert any(item.level == "error" for item in found)
    else:
        assert all(item.level == "warning" for item in found)
        assert parse(dump(machine)) == machine


@settings(max_examples=examples(60), deadline=None)
@given(values | st.text().map(lambda text: "{" + text) | st.text())
def test_lint_never_raises_on_any_source(value: Any) -> None:
    assert all(item.message for item in lint(value))


paths = st.sampled_from(["$", "$.a", "$.a.b[0]", "$['a b']", "$$.Execution.Input"])
reference_paths = st.sampled_from(["$", "$.a", "$.a.b", None])
payloads = st.dictionaries(st.sampled_from(["a", "b", "c"]), values, max_size=3)
retriers = st.fixed_dictionaries(
    {"ErrorEquals": st.just(["Busy"])},
    optional={
        "IntervalSeconds": st.integers(1, 9),
        "MaxAttempts": st.integers(0, 9),
        "BackoffRate": st.floats(1, 9) | st.integers(1, 9),
        "JitterStrategy": st.sampled_from(["FULL", "NONE"]),
    },
)
comparisons = st.one_of(
    st.builds(lambda name, number: {"Variable": "$.n", name: number}, st.just("NumericEquals"), st.integers()),
    st.builds(lambda text: {"Variable": "$.t", "StringMatches": text}, st.text()),
    st.builds(
        lambda name: {"Variable": "$.t", name: "$.k"},
        st.sampled_from([name for name, row in COMPARISONS.items() if row.operand_is_path]),
    ),
)
rules = st.recursive(
    comparisons,
    lambda inner: (
        st.builds(lambda rule: {"Not": rule}, inner)
        | st.builds(
            lambda name, parts: {name: parts}, st.sampled_from(["And", "Or"]), st.lists(inner, min_size=1, max_size=3)
        )
    ),
    max_leaves=5,
)
COMMON = {"InputPath": paths | st.none(), "OutputPath": paths | st.none(), "Comment": st.text()}
STATES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "Pass": st.fixed_dictionaries(
        {"Type": st.just("Pass")},
        optional={**COMMON, "Result": values, "Parameters": payloads, "ResultPath": reference_paths},
    ),
    "Task": st.fixed_dictionaries(
        {"Type": st.just("Task"), "Resource": st.just("arn:aws:lambda:eu-west-1:1:function:f")},
        optional={
            **COMMON,
            "Parameters": payloads,
            "ResultSelector": payloads,
            "ResultPath": reference_paths,
            "TimeoutSeconds": st.integers(100, 200),
            "HeartbeatSeconds": st.integers(1, 99),
            "Retry": st.lists(retriers, max_size=2),
        },
    ),
    "Wait": st.fixed_dictionaries({"Type": st.just("Wait"), "Seconds": st.integers(0, 9)}, optional=COMMON),
}


@st.composite
def machines(draw: st.DrawFn, level: int = 0, prefix: str = "") -> dict[str, Any]:
    """Draw a chain of states with choices, and groups inside."""
    count = draw(st.integers(1, 4))
    chain = [f"{prefix}{number}" for number in range(count)]
    states: dict[str, Any] = {}
    for number, name in enumerate(chain[:-1]):
        kind = draw(st.sampled_from([*STATES, "Choice", *(("Parallel", "Map") if level < 2 else ())]))
        after = chain[number + 1]
        if kind == "Choice":
            choices = [{**draw(rules), "Next": after} for _ in range(draw(st.integers(1, 2)))]
            states[name] = {"Type": "Choice", "Choices": choices, "Default": after}
        elif kind == "Parallel":
            branches = [draw(machines(level + 1, f"{name}.{side}.")) for side in range(draw(st.integers(1, 2)))]
            states[name] = {"Type": "Parallel", "Branches": branches, "Next": after}
        elif kind == "Map":
            states[name] = {"Type": "Map", "ItemProcessor": draw(machines(level + 1, f"{name}.")), "Next": after}
        else:
            states[name] = {**draw(STATES[kind]), "Next": after}
    states[chain[-1]] = draw(st.sampled_from([{"Type": "Succeed"}, {"Type": "Fail", "Error": "E"}]))
    return {"StartAt": chain[0], "States": states}


@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(machines())
def test_machines_come_back_as_they_were(value: dict[str, Any]) -> None:
    machine = parse(value)
    assert dump(machine) == value
    assert parse(dump(machine)) == machine
    assert parse(json.dumps(value)) == machine


def chain_of(count: int) -> dict[str, Any]:
    states: dict[str, Any] = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(count)}
    return {"StartAt": "S0", "States": {**states, f"S{count}": {"Type": "Succeed"}}}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_is_quiet_on_a_good_machine_and_takes_linear_time(rule: Any) -> None:
    def seconds(count: int) -> float:
        definition = index_definition(chain_of(count))
        start = time.process_time()
        assert list(rule(definition)) == []
        return time.process_time() - start

    seconds(100)
    small = min(seconds(500) for _ in range(3))
    assert any(seconds(4_000) < 8 * small * 4 + 0.1 for _ in range(2))


def test_ten_thousand_states() -> None:
    text = json.dumps(chain_of(10_000))
    start = time.process_time()
    assert len(parse(text).states) == 10_001
    assert time.process_time() - start < 10


def test_ten_thousand_faults() -> None:
    definition = chain_of(10_000)
    for number in range(10_000):
        definition["States"][f"S{number}"]["Nxet"] = 1
    start = time.process_time()
    found = lint(json.dumps(definition, indent=1))
    assert time.process_time() - start < 20
    *listed, last = found
    assert [item.line for item in listed] == [7 + 5 * number for number in range(MAX_PROBLEMS)]
    assert last.code == "TOO_MANY_PROBLEMS"
