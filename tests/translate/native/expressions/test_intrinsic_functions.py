"""Intrinsic functions in native DAGs: their Python and Jinja give what the engine does."""

from __future__ import annotations

import base64
import json
from typing import Any

import jinja2
import pytest

from sfn_provider.engine import simulate
from sfn_provider.translate.native.data_flow.templates import Environment, payload_value
from sfn_provider.translate.native.data_flow.values import INPUT, Key, Source
from sfn_provider.translate.native.expressions.jinja import JinjaWriter
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.expressions.python import PythonWriter
from sfn_provider.translate.native.model import NotNative

DOCUMENT = {"text": ",a,b c,", "first": 2, "last": 9, "items": [1, "x"], "unicode": "grüße"}


def engine(text: str) -> Any:
    states = {"P": {"Type": "Pass", "Parameters": {"value.$": text}, "End": True}}
    execution = simulate({"StartAt": "P", "States": states}, DOCUMENT)
    return execution.output["value"]


def find(source: Source, keys: tuple[Key, ...]) -> ValuePlace:
    return ValuePlace("", path=keys)


def find_mark(mark: Source) -> ValuePlace:
    raise AssertionError(mark)


def python(text: str) -> Any:
    written = PythonWriter(find, find_mark).expression(payload_value(text, Environment(INPUT)))
    return eval(written, {"params": DOCUMENT, "base64": base64, "json": json})


def jinja(text: str) -> Any:
    written = JinjaWriter(find, find_mark).expression(payload_value(text, Environment(INPUT)))
    return json.loads(jinja2.Template(f"{{{{ {written} | tojson }}}}").render(params=DOCUMENT))


@pytest.mark.parametrize(
    "text",
    [
        "States.Array($.first, 'x', $.items)",
        "States.ArrayLength(States.Array($.first, 'x'))",
        "States.ArrayGetItem(States.Array('x', $.text), 1)",
        "States.StringSplit($.text, ',')",
        "States.ArrayRange(1, $.last, 1)",
        "States.ArrayRange($.first, 9, 3)",
        "States.ArrayRange($.last, $.first, -2)",
        "States.ArrayRange(1, 3, 1)",
        "States.Base64Encode($.unicode)",
    ],
)
def test_the_python_of_a_call_gives_what_the_engine_does(text: str) -> None:
    assert python(text) == engine(text)


@pytest.mark.parametrize("text", ["States.Array($.first, 'x')", "States.StringSplit($.text, ',')"])
def test_the_jinja_of_a_call_gives_what_the_engine_does(text: str) -> None:
    assert jinja(text) == engine(text)


@pytest.mark.parametrize(
    "text",
    ["States.StringSplit($.text, ', ')", "States.StringSplit($.text, $.separator)", "States.ArrayRange(1, 9, $.first)"],
)
def test_a_call_that_means_something_else_with_other_arguments_is_refused(text: str) -> None:
    with pytest.raises(NotNative):
        python(text)


EACH = {"rows": [{"a": {"b": 1}}, {"a": {"b": None}}], "many": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    "path", ["$.rows[*].a.b", "$.many[1:]", "$.many[:-1]", "$.many[-2:]", "$.many[1:3]", "$.rows[*].a"]
)
def test_a_path_to_members_of_all_items_or_to_a_part_of_an_array_gives_what_the_engine_does(path: str) -> None:
    states = {"P": {"Type": "Pass", "Parameters": {"value.$": path}, "End": True}}
    expected = simulate({"StartAt": "P", "States": states}, EACH).output["value"]
    value = payload_value(path, Environment(INPUT))
    assert eval(PythonWriter(find, find_mark).expression(value), {"params": EACH}) == expected
    written = JinjaWriter(find, find_mark).expression(value)
    assert json.loads(jinja2.Template(f"{{{{ {written} | tojson }}}}").render(params=EACH)) == expected


@pytest.mark.parametrize("path", ["$.rows[*]", "$.rows[*][0]", "$.many[-2:-1]", "$.rows[0:1].a", "$..a"])
def test_another_path_to_several_values_is_refused(path: str) -> None:
    with pytest.raises(NotNative):
        PythonWriter(find, find_mark).expression(payload_value(path, Environment(INPUT)))
