from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field

import pytest

from sfn_provider.asl.scope import Json, Scope
from sfn_provider.asl.templates import Language, TemplateSyntaxError, compile_payload_value, compile_template
from sfn_provider.exceptions import StatesError

INPUT: Json = {"order": {"id": 17, "lines": ["tea", "cup"]}, "who": "Ann", "none": None}
CONTEXT: Json = {"Execution": {"Name": "nightly"}}
SCOPE = Scope(INPUT, CONTEXT, {"rate": 1.5})


def evaluate(
    value: Json, language: Language = "JSONPath", field_name: str = "Parameters", scope: Scope = SCOPE
) -> Json:
    return compile_template(value, language, field_name).evaluate(scope, random.Random(1))


@dataclass(frozen=True)
class Case:
    template: Json
    value: Json
    scope: Scope = field(default_factory=lambda: SCOPE)


JSONPATH = {
    "path": Case({"a.$": "$.order.id"}, {"a": 17}),
    "null": Case({"a.$": "$.none"}, {"a": None}),
    "whole input": Case({"a.$": "$"}, {"a": INPUT}),
    "context": Case({"a.$": "$$.Execution.Name"}, {"a": "nightly"}),
    "variable": Case({"a.$": "$rate"}, {"a": 1.5}),
    "intrinsic": Case({"a.$": "States.Format('{}!', $.who)"}, {"a": "Ann!"}),
    "many nodes": Case({"a.$": "$.order.lines[*]"}, {"a": ["tea", "cup"]}),
    "no nodes": Case({"a.$": "$.nothing[*].x"}, {"a": []}),
    "index beyond the end is null": Case({"a.$": "$.order.lines[9]"}, {"a": None}),
    "constants beside": Case({"x": {"y": [1]}, "a.$": "$.who", "z": None}, {"x": {"y": [1]}, "a": "Ann", "z": None}),
    "in objects": Case({"x": {"y": {"a.$": "$.who", "b": 1}}}, {"x": {"y": {"a": "Ann", "b": 1}}}),
    "in arrays": Case({"x": [1, {"a.$": "$.who"}, [{"b.$": "$rate"}]]}, {"x": [1, {"a": "Ann"}, [{"b": 1.5}]]}),
    "array at the top": Case([{"a.$": "$.who"}, 2], [{"a": "Ann"}, 2]),
    "path without the mark is text": Case({"a": "$.who", "b.$": "$.who"}, {"a": "$.who", "b": "Ann"}),
    "JSONata is text": Case({"a": "{% $states.input %}"}, {"a": "{% $states.input %}"}),
    "only the mark": Case({".$": "$.who"}, {"": "Ann"}),
    "the mark twice": Case({"a.$.$": "$.who"}, {"a.$": "Ann"}),
    "other input": Case({"a.$": "$[1]"}, {"a": 2}, Scope([1, 2])),
}


@pytest.mark.parametrize("case", JSONPATH.values(), ids=JSONPATH)
def test_jsonpath(case: Case) -> None:
    before = copy.deepcopy(case.template)
    for _ in range(2):
        assert evaluate(case.template, scope=case.scope) == case.value
    assert case.template == before


def test_members_keep_their_order() -> None:
    value = evaluate({"z.$": "$.who", "a": 1, "m.$": "$rate", "b": {"y": 1, "x.$": "$.who"}})
    assert list(value) == ["z", "a", "m", "b"]
    assert list(value["b"]) == ["y", "x"]


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
@pytest.mark.parametrize("value", [{"a": [1, {"b": None}]}, [1, "x"], "text", 5, None, {}, []])
def test_a_template_without_expressions_is_its_own_value(language: Language, value: Json) -> None:
    template = compile_template(value, language, "Output")
    assert template.constant
    assert template.evaluate(SCOPE, random.Random(1)) is value


def test_constant_parts_and_data_are_shared() -> None:
    source = {"fixed": {"big": [1]}, "data.$": "$.order"}
    value = evaluate(source)
    assert value["fixed"] is source["fixed"]
    assert value["data"] is INPUT["order"]


def test_each_evaluation_makes_a_new_value() -> None:
    template = compile_template({"x": [{"a.$": "$.who"}]}, "JSONPath", "Parameters")
    first, second = (template.evaluate(SCOPE, random.Random(1)) for _ in range(2))
    assert first == second
    assert first is not second
    assert first["x"] is not second["x"]


SHOWN = '{"order":{"id":17,"lines":["tea","cup"]},"who":"Ann","none":null}'
FAILED = {
    "missing path": (
        {"a": {"b.$": "$.total"}},
        f"The JSONPath '$.total' specified for the field 'b.$' could not be found in the input '{SHOWN}'",
    ),
    "missing on the way": (
        {"a.$": "$.total[0].net"},
        f"The JSONPath '$.total[0].net' specified for the field 'a.$' could not be found in the input '{SHOWN}'",
    ),
    "missing in the context": (
        {"a.$": "$$.Task.Token"},
        "The JSONPath '$$.Task.Token' specified for the field 'a.$' could not be found in the input "
        '\'{"Execution":{"Name":"nightly"}}\'',
    ),
    "missing variable": (
        {"a.$": "$gone"},
        f"The JSONPath '$gone' specified for the field 'a.$' could not be found in the input '{SHOWN}'",
    ),
    "member of an item beyond the end": (
        {"a.$": "$.order.lines[9].x"},
        f"The JSONPath '$.order.lines[9].x' specified for the field 'a.$' could not be found in the input '{SHOWN}'",
    ),
    "missing path in an intrinsic": (
        {"a.$": "States.Format('{}', $.total)"},
        "The function 'States.Format('{}', $.total)' had the following error: The JsonPath argument for the field "
        f"'$.total' could not be found in the input '{SHOWN}'",
    ),
    "index beyond the end in an intrinsic": (
        {"a.$": "States.Array($.order.lines[9])"},
        "The function 'States.Array($.order.lines[9])' had the following error: The JsonPath argument for the field "
        f"'$.order.lines[9]' could not be found in the input '{SHOWN}'",
    ),
}


@pytest.mark.parametrize(("template", "cause"), FAILED.values(), ids=FAILED)
def test_what_cannot_be_evaluated_is_named_as_aws_does(template: Json, cause: str) -> None:
    with pytest.raises(StatesError) as caught:
        evaluate(template)
    assert (caught.value.error, caught.value.cause) == ("States.Runtime", cause)


@pytest.mark.parametrize("path", ["$", "$.a", "$[*]"])
def test_no_path_can_be_applied_to_null(path: str) -> None:
    with pytest.raises(StatesError) as caught:
        evaluate({"a.$": path}, scope=Scope(None, CONTEXT))
    assert caught.value.cause == "Unable to apply Path transformation to null or empty input."


def test_other_roots_can_be_read_beside_a_null_input() -> None:
    scope = Scope(None, CONTEXT, {"rate": 2})
    assert evaluate({"a.$": "$$.Execution.Name", "b.$": "$rate", "c": 1}, scope=scope) == {
        "a": "nightly",
        "b": 2,
        "c": 1,
    }


REFUSED = {
    "text": ({"a.$": "Ann"}, "'a.$' must be a valid JSONPath or a valid intrinsic function call"),
    "number": ({"a.$": 5}, "'a.$' must be a valid JSONPath or a valid intrinsic function call, in a string; it is 5"),
    "object": ({"a.$": {"b": 1}}, 'in a string; it is {"b":1}'),
    "deep": ({"x": [{"y.$": "$.a["}]}, "'y.$' must be a valid JSONPath"),
    "wrong path": ({"a.$": "$.b["}, "is not a JSONPath"),
    "wrong intrinsic": ({"a.$": "States.Fromat('')"}, "did you mean States.Format?"),
}


@pytest.mark.parametrize(("template", "reason"), REFUSED.values(), ids=REFUSED)
def test_wrong_expressions_are_refused_by_name(template: Json, reason: str) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        compile_template(template, "JSONPath", "Parameters")
    assert reason in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_warnings_of_calls_are_collected() -> None:
    template = compile_template({"a": [{"b.$": "States.MathAdd(1)"}], "c.$": "States.UUID()"}, "JSONPath", "Parameters")
    assert template.warnings == ("States.MathAdd takes 2 arguments, not 1: the state fails when it runs",)


def test_a_field_that_takes_a_path_or_a_call() -> None:
    assert compile_payload_value("$.who", "CausePath").evaluate(SCOPE, random.Random(1)) == "Ann"
    assert compile_payload_value("States.Format('{}?', $.who)", "CausePath").evaluate(SCOPE, random.Random(1)) == "Ann?"
    with pytest.raises(StatesError, match="specified for the field 'CausePath' could not be found"):
        compile_payload_value("$.why", "CausePath").evaluate(SCOPE, random.Random(1))


JSONATA = {
    "whole": Case("{% $states.input.who %}", "Ann"),
    "no blanks": Case("{%$states.input.who%}", "Ann"),
    "in an object": Case({"a": "{% $states.input.order.id + 1 %}", "b": 2}, {"a": 18, "b": 2}),
    "in an array": Case(
        [1, "{% $rate %}", {"x": ["{% $states.context.Execution.Name %}"]}], [1, 1.5, {"x": ["nightly"]}]
    ),
    "names are as they are": Case({"a.$": "{% $rate %}"}, {"a.$": 1.5}),
    "only whole strings": Case(
        {"a": "x {% 1 %}", "b": "{% 1 %} x", "c": "{% 1 %}"}, {"a": "x {% 1 %}", "b": "{% 1 %} x", "c": 1}
    ),
    "names are no expressions": Case({"{% 'a' %}": "{% 1 %}"}, {"{% 'a' %}": 1}),
    "paths are text": Case({"a": "$.who", "b": "{% 1 %}"}, {"a": "$.who", "b": 1}),
}


@pytest.mark.parametrize("case", JSONATA.values(), ids=JSONATA)
def test_jsonata(case: Case) -> None:
    before = copy.deepcopy(case.template)
    assert evaluate(case.template, "JSONata", "Output", case.scope) == case.value
    assert case.template == before


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("{% $states.input.gone %}", "'Arguments'"),
        ({"a": {"b": "{% $states.input.gone %}"}}, "'Arguments/a/b'"),
        ({"a": [1, {"b": ["{% $states.input.gone %}"]}]}, "'Arguments/a[1]/b[0]'"),
    ],
)
def test_jsonata_names_the_place_of_an_expression(template: Json, place: str) -> None:
    with pytest.raises(StatesError) as caught:
        evaluate(template, "JSONata", "Arguments")
    assert caught.value.error == "States.QueryEvaluationError"
    assert f"specified for the field {place}" in str(caught.value.cause)


def test_jsonata_that_cannot_be_parsed_is_refused() -> None:
    with pytest.raises(ValueError, match="expression"):
        compile_template({"a": "{% 1 + %}"}, "JSONata", "Output")


def test_randomness_comes_from_the_caller() -> None:
    template = compile_template({"a.$": "States.UUID()", "b": {"c.$": "States.UUID()"}}, "JSONPath", "Parameters")
    first, again, other = (template.evaluate(SCOPE, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first["a"] != first["b"]["c"]
