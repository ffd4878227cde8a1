from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import lint


def codes(state: dict[str, Any]) -> list[tuple[str, str]]:
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"End": True, **state}}}
    return [(found.code, found.location.removeprefix("/States/A")) for found in lint(definition)]


def test_the_cause_is_that_of_the_execution() -> None:
    state = {"Type": "Pass", "Output": "{% 'a' + 1 %}", "End": True}
    [found] = lint({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}})
    assert (found.level, found.code, found.location) == ("warning", "EXPRESSION_WILL_FAIL", "/States/A/Output")
    assert found.message.startswith("The JSONata expression ''a' + 1' specified for the field 'Output' threw an error")
    assert found.message.endswith(" The state fails whenever it runs")


@pytest.mark.parametrize(
    "source",
    [
        "'a' + 1",
        "$uppercase(5)",
        "$uppercase('a', 'b', 'c')",
        "$hash('x', 'MD4')",
        "$lookup({}, 'a')",
        "$number('x')",
        "$error('no')",
        "($a := 'x'; $a + 1)",
        "$parse('{')",
    ],
)
def test_an_expression_that_fails_in_every_run_is_reported(source: str) -> None:
    assert codes({"Type": "Pass", "Output": {"x": [f"{{% {source} %}}"]}}) == [("EXPRESSION_WILL_FAIL", "/Output/x/0")]


@pytest.mark.parametrize(
    "source",
    [
        "1 + 1",
        "'a' & 1",
        "$states.input.x + 'a'",
        "$states.context + 1",
        "$uppercase($states.input)",
        "$random() + 'a'",
        "$now() + 1",
        "$toMillis('12:30', '[H]:[m]')",
        "${Name}",
        "($a := 1; $a + 1)",
        "null",
        "[]",
    ],
)
def test_any_other_expression_is_not(source: str) -> None:
    assert codes({"Type": "Pass", "Output": {"x": f"{{% {source} %}}"}}) == []


@pytest.mark.parametrize(
    ("state", "location"),
    [
        ({"Type": "Wait", "Seconds": "{% 'soon' %}"}, "/Seconds"),
        ({"Type": "Wait", "Seconds": "{% 5 %}"}, None),
        (
            {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "A"}], "Default": "A"},
            "/Choices/0/Condition",
        ),
        ({"Type": "Pass", "Assign": {"Seconds": "{% 'soon' %}"}}, None),
    ],
)
def test_the_type_of_a_field(state: dict[str, Any], location: str | None) -> None:
    found = [place for code, place in codes(state) if code == "EXPRESSION_WILL_FAIL"]
    assert found == ([] if location is None else [location])


def test_constants_that_take_long_are_not_judged_and_neither_are_those_behind_them() -> None:
    loops = {f"p{n}": f"{{% ($f := function($x){{$x >= {n} ? $f($x + 1) : 0}}; $f({n})) %}}" for n in range(20)}
    first, last = {"first": "{% 'a' + 1 %}"}, {"last": "{% 'a' + 2 %}"}
    found = codes({"Type": "Pass", "Output": first | loops | last})
    assert [place for code, place in found if code == "EXPRESSION_WILL_FAIL"] == ["/Output/first"]
