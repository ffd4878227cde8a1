from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_provider.translate import translate
from sfn_provider.translate.emit import literals
from sfn_provider.translate.styles import StyleName
from tests.fixtures.session.hypothesis_examples import examples

TEXTS = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(
    [
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "\\'",
        "\n",
        "\r\n",
        "\u2028",
        "\x85",
        "\ufeff",
        "\ud800",
        "{{ ds }}",
        "{% x %}",
        "#",
        "状态" * 20,
    ]
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inside: st.lists(inside, max_size=5) | st.dictionaries(TEXTS, inside, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_a_literal_reads_back_as_the_value(value: Any) -> None:
    for text in (literals.inline(value), literals.literal(value, "", 0), literals.literal(value, "    ", 70)):
        read = ast.literal_eval(text)
        assert read == value
        assert repr(read) == repr(value), "1, 1.0 and True differ, and so does the order of keys"
    assert "\n" not in literals.inline(value)


def test_ruff_leaves_the_layout_as_it_is() -> None:
    values = []

    @settings(max_examples=examples(400))
    @given(JSON)
    def collect(value: Any) -> None:
        values.append(value)

    collect()
    _assert_ruff_stable([literals.call("f", {"x": literals.argument("x", value, "")}, "") + "\n" for value in values])


@pytest.mark.parametrize("character", ["a", "é", "ж", "状", "😀", "\N{TRIGRAM FOR FIRE}", "\u0301", "ﬀ"])
def test_lines_of_every_length_around_the_limit_are_stable(character: str) -> None:
    values = [{"k": ["x" * 20, character * length]} for length in range(15, 62)]
    lines = [literals.call("f", {"x": literals.argument("x", value, "")}, "") + "\n" for value in values]
    assert len({line.count("\n") for line in lines}) > 1, "some fit on a line and some do not"
    _assert_ruff_stable(lines)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_edges_of_every_length_around_the_limit_are_stable(count: int) -> None:
    edges = [
        literals.edge("l" * left, [f"{'r' * right}{number}" for number in range(count)], "    ")
        for left in (1, 40, 77, 78, 79, 80, 81, 120)
        for right in (1, 10, 14, 16, *range(34, 44), 69, 70, 71, 72, 73, 120)
    ]
    _assert_ruff_stable([f"with a:\n{edge}" for edge in edges])


def _assert_ruff_stable(blocks: list[str]) -> None:
    source = "".join(blocks).encode("utf-8", "surrogatepass")
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--stdin-filename", "x.py", "-"]
    done = subprocess.run(ruff, input=source, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().splitlines() == source.decode().splitlines()


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("plain", '"plain"'),
        ("it's", '"it\'s"'),
        ('say "hi"', "'say \"hi\"'"),
        ("""both ' and \"""", '"both \' and \\""'),
        ("a\nb\\c\t", '"a\\nb\\\\c\\t"'),
        ("\u2028\x00\ud800", '"\\u2028\\x00\\ud800"'),
        ("Grüße, 状态", '"Grüße, 状态"'),
    ],
)
def test_strings(text: str, literal: str) -> None:
    assert literals.string(text) == literal


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), b"x", {"a": [object]}, {1, 2}])
def test_what_is_no_json_has_no_literal(value: Any) -> None:
    with pytest.raises(TypeError, match="no literal for"):
        literals.inline(value)


@given(st.text(max_size=200) | st.text("\"\\'# \n", max_size=30))
def test_prose_cannot_end_a_docstring_or_a_comment(text: str) -> None:
    prose = literals.prose(text)
    assert ast.literal_eval(f'""" {prose}\n"""').strip() == prose.strip()
    assert len(f"# {prose}".splitlines()) == 1
    assert prose.isprintable()


def test_a_call_has_an_argument_a_line() -> None:
    assert literals.call("f", {"a": "1", "b": '"x"'}, "  ") == 'f(\n      a=1,\n      b="x",\n  )'


@pytest.mark.parametrize("style", ["exact", "native"])
def test_the_name_of_a_file_stays_on_one_line(style: StyleName) -> None:
    name = "-".join(["orders-of-the-north"] * 3) + ".asl.json"
    for words in range(12, 24):
        publish = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True, "Comment": f"Reads {name}"}
        publish["Parameters"] = {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:orders", "Message": "in"}
        machine = {"Comment": "word " * words + name, "StartAt": "A", "States": {"A": publish}}
        made = translate(machine, dag_id="orders", origin=name, style=style)
        assert made.style == style
        assert made.source.count(name) == made.source.count("orders-of-the-north") / 3 >= 3
