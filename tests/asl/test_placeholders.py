from __future__ import annotations

import json

import pytest

from sfn_provider.asl.placeholders import find_placeholders, make_placeholder, substitute
from sfn_provider.exceptions import UsageError


def test_a_text_may_get_a_number_where_it_has_no_quotes() -> None:
    assert json.loads(str(substitute('{"a": ${Seconds}}', {"Seconds": "30"}))) == {"a": 30}


def test_a_value_is_not_searched_again() -> None:
    assert substitute({"a": "${A}"}, {"A": "${A}"}) == {"a": "${A}"}


def test_names_without_a_value_stay() -> None:
    assert substitute({"a": ["${A} ${B}", 1, None]}, {"A": "x"}) == {"a": ["x ${B}", 1, None]}


def test_substitutions_without_a_place_are_refused() -> None:
    with pytest.raises(UsageError, match="substitutions not used: A, B"):
        substitute("${C}", {"B": "", "C": "", "A": ""})


@pytest.mark.parametrize(
    ("name", "made"), [("a.b", "${a.b}"), ('m["a"]', "${m['a']}"), ("f({x})", "${f((x))}"), ("a\n  b", "${a b}")]
)
def test_a_placeholder_cannot_end_early(name: str, made: str) -> None:
    assert make_placeholder(name) == made


def test_placeholders_are_found_where_they_need_a_value() -> None:
    value = {
        "Comment": "${Comment}",
        "States": {"A/B": {"Resource": "arn:${Partition}:states:::sqs:sendMessage", "Parameters": [{"q": "${Q}${R}"}]}},
        "Result": "${R}",
    }
    assert find_placeholders(value) == dict.fromkeys(["Q", "R"], "/States/A~1B/Parameters/0/q")
