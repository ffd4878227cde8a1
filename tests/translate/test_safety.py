"""A definition is untrusted input: nothing in it may become Python, a comment that ends, or a Jinja template."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_provider.compare import run_on_airflow
from sfn_provider.engine import simulate
from sfn_provider.translate import translate
from sfn_provider.translate.plan.model import GROUPS, OPERATORS
from tests.fixtures.session.hypothesis_examples import examples

SENTINEL = "sfn_provider_was_broken_into"
PAYLOAD = f"__import__('builtins').{SENTINEL}()"

BREAKOUTS = (
    f'"\n{PAYLOAD}\n"',
    f"'\n{PAYLOAD}\n'",
    f'"""\n{PAYLOAD}\n"""',
    f"'''\n{PAYLOAD}\n'''",
    f'\\"""\n{PAYLOAD}',
    f"\\'\\\\\n{PAYLOAD}",
    f"\n{PAYLOAD}",
    f"\r{PAYLOAD}",
    f"\x0b\x0c\x1c\x85\u2028\u2029{PAYLOAD}",
    f"x), {PAYLOAD}, (",
    f"{{{{ {PAYLOAD} }}}}",
    f"{{% {PAYLOAD} %}}",
    "{# a comment #}",
    f"\\\n{PAYLOAD}",
    "\x00\x07\x1b[31m",
    "# type: ignore\n# fmt: off",
    "-*- coding: utf-7 -*-",
    "+AF8AXw-import",
    "\\N{QUOTATION MARK}\\x22\\u0022",
    "%s %(x)s {0} {} $x ${HOME}",
    "\u202e\u2066\ufeff\u200b",
    "状态 😀 é",
    "",
)

NAMES = (
    *("class", "None", "print", "__builtins__", "__name__", "DAG", "datetime", "UTC", "PassStateOperator", "dag"),
    *("Class", "CLASS", "class!", "class?"),
)


def hostile(texts: Iterator[str]) -> dict[str, Any]:
    """A machine in which all texts are such as try to break out; ``texts`` never ends."""

    def value() -> Any:
        return {next(texts): [next(texts), {next(texts): next(texts)}], "plain": next(texts)}

    def retry() -> Any:
        return [{"ErrorEquals": [f"E{next(texts)}"], "Comment": next(texts)}]

    call = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Parameters": value()}
    names = [*NAMES, *dict.fromkeys(text[:79] + "?" for text in BREAKOUTS)]
    states: dict[str, Any] = {}
    for name, after in zip(names, [*names[1:], None], strict=True):
        exit = {"End": True} if after is None else {"Next": after}
        states[name] = {"Type": "Pass", "Comment": next(texts), "Result": value(), **exit}
    states[names[0]] = {
        **{"Type": "Choice", "Comment": next(texts), "Default": names[1]},
        "Choices": [
            {"Variable": "$.x", "StringEquals": next(texts), "Comment": next(texts), "Next": name} for name in names[1:]
        ],
    }
    states[names[3]] = call | {"Retry": retry(), "Comment": next(texts), "Next": names[4]}
    states[names[4]] = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": f"{next(texts)[:70]} {number}", "Comment": next(texts), "States": {}} for number in range(2)
        ],
        "Retry": retry(),
        "Next": names[5],
    }
    for branch in states[names[4]]["Branches"]:
        branch["States"][branch["StartAt"]] = {"Type": "Pass", "Result": value(), "End": True}
    loop = {"Type": "Wait", "Seconds": 1, "Comment": next(texts), "Next": "loop 2"}
    states["loop 1"] = loop
    states["loop 2"] = {
        **{"Type": "Choice", "Default": names[6]},
        "Choices": [{"Variable": "$.y", "StringEquals": next(texts), "Next": "loop 1"}],
    }
    states[names[5]]["Next"] = "loop 1"
    return {"Comment": next(texts), "StartAt": names[0], "States": states}


def forever(texts: tuple[str, ...] | list[str]) -> Iterator[str]:
    """The texts, again and again."""
    while True:
        yield from texts


def check_is_only_data(source: str) -> None:
    """Check that a DAG file consists of imports and of calls to our operators with literals, and nothing else."""
    docstring, *imports, block = ast.parse(source).body
    assert isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
    imported: dict[str, str | None] = {}
    for statement in imports:
        assert isinstance(statement, ast.ImportFrom)
        imported |= {alias.name: statement.module for alias in statement.names}
        assert all(alias.asname is None for alias in statement.names)
    assert set(imported.values()) <= {"datetime", "airflow", OPERATORS, GROUPS}
    assert isinstance(block, ast.With)
    dag, *groups = block.items
    check_dag(dag.context_expr)
    variables: set[str] = set()
    for group in groups:
        check_group(group, imported, variables)
    check_body(block.body, imported, variables)


def check_body(body: list[ast.stmt], imported: dict[str, str | None], variables: set[str]) -> None:
    """Check what is in a DAG or in a task group."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            [target] = statement.targets
            add_variable(target, imported, variables)
            check_call(statement.value, imported)
        elif isinstance(statement, ast.With):
            [group] = statement.items
            check_group(group, imported, variables)
            check_body(statement.body, imported, variables)
        else:
            check_edge(statement, variables)


def add_variable(target: ast.expr | None, imported: dict[str, str | None], variables: set[str]) -> None:
    """Check that a variable is a new name."""
    assert isinstance(target, ast.Name)
    assert target.id not in variables | set(imported)
    variables.add(target.id)


def check_group(item: ast.withitem, imported: dict[str, str | None], variables: set[str]) -> None:
    """Check that a task group has literals only, but for the task that lists the items."""
    node = item.context_expr
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    assert node.func.id in ("TaskGroup", "MapTaskGroup") and imported[node.func.id] == GROUPS and not node.args
    for argument in node.keywords:
        if argument.arg == "items":
            assert isinstance(argument.value, ast.Name) and argument.value.id in variables
        else:
            assert argument.arg is not None
            ast.literal_eval(argument.value)
    add_variable(item.optional_vars, imported, variables)


def check_dag(node: ast.expr) -> None:
    """Check the head of the DAG; only dates and durations are more than literals."""
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "DAG"
    for argument in node.keywords:
        if isinstance(argument.value, ast.Call):
            assert ast.unparse(argument.value) in ("datetime(2025, 1, 1, tzinfo=UTC)", "timedelta(seconds=60)")
        elif argument.arg == "doc_md":
            assert ast.unparse(argument.value) == "__doc__"
        else:
            ast.literal_eval(argument.value)


def check_call(node: ast.expr, imported: dict[str, str | None]) -> None:
    """Check that a task is one of our operators with literal arguments."""
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    assert imported[node.func.id] in (OPERATORS, GROUPS) and not node.args
    for argument in node.keywords:
        assert argument.arg is not None
        ast.literal_eval(argument.value)


def check_edge(node: ast.stmt, variables: set[str]) -> None:
    """Check that a line says only which tasks follow which."""
    assert isinstance(node, ast.Expr) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.RShift)
    assert {name.id for name in ast.walk(node) if isinstance(name, ast.Name)} <= variables
    kinds = {type(part) for part in ast.walk(node.value)}
    assert kinds <= {ast.BinOp, ast.RShift, ast.Name, ast.List, ast.Load}


def read_back(source: str) -> dict[str, Any]:
    """The states that a DAG file holds, put together again from its literals."""
    block = ast.parse(source).body[-1]
    assert isinstance(block, ast.With)
    states: dict[str, Any] = {}
    for statement in block.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            call = statement.value
            given = {argument.arg: ast.literal_eval(argument.value) for argument in call.keywords}
            operator = call.func.id if isinstance(call.func, ast.Name) else ""
            if operator == "LoopOperator":
                states |= given["states"]
                continue
            task_id = given.pop("task_id")
            shown = given.pop("task_display_name", task_id)
            name = given.pop("state_name", task_id)
            assert shown == name
            written = {"".join(map(str.capitalize, key.split("_"))): value for key, value in given.items() if key}
            states[name] = {"Type": operator.removesuffix("StateOperator"), **written}
    return states


def check(definition: dict[str, Any]) -> str:
    """Check the translation of a definition. Gives its text."""
    source = translate(definition, dag_id="x").source
    check_is_only_data(source)
    assert read_back(source) == definition["States"]
    comments = [line for line in source.splitlines() if line.lstrip().startswith("#")]
    assert all(line.isprintable() for line in comments)
    return source


@pytest.mark.parametrize("text", BREAKOUTS, ids=ascii)
def test_one_text_everywhere(text: str) -> None:
    check(hostile(forever([text])))


def test_all_texts_at_once() -> None:
    source = check(hostile(forever(BREAKOUTS)))
    assert PAYLOAD in source, "the texts are there, as data"


@settings(max_examples=examples(40))
@given(st.lists(st.text(max_size=40) | st.sampled_from(BREAKOUTS), min_size=1, max_size=40))
def test_any_texts(texts: list[str]) -> None:
    check(hostile(forever(texts)))


@given(
    st.text(max_size=300), st.text(max_size=60), st.dictionaries(st.text(max_size=20), st.text(max_size=80), max_size=4)
)
def test_any_comment_origin_and_params(comment: str, origin: str, params: dict[str, str]) -> None:
    definition = {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    source = translate(definition, dag_id="x", origin=origin, params=params).source
    check_is_only_data(source)
    block = ast.parse(source).body[-1]
    assert isinstance(block, ast.With) and isinstance(block.items[0].context_expr, ast.Call)
    arguments = {argument.arg: argument.value for argument in block.items[0].context_expr.keywords}
    assert ast.literal_eval(arguments.get("description", ast.Constant(""))) == comment
    assert ast.literal_eval(arguments.get("params", ast.Dict([], []))) == params


def test_loading_the_file_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    from sfn_provider._compat import DagBag

    called: list[str] = []
    monkeypatch.setattr(builtins, SENTINEL, lambda: called.append("!"), raising=False)
    (tmp_path / "dag.py").write_text(check(hostile(forever(BREAKOUTS))), encoding="utf-8")
    bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    assert len(bag.dags["x"].tasks) == len(hostile(forever(BREAKOUTS))["States"]) - 1
    assert called == []


@pytest.mark.usefixtures("user_airflow_home")
def test_no_data_is_rendered_or_read_as_anything_else_on_its_way_through_airflow() -> None:
    texts = {str(number): text for number, text in enumerate(BREAKOUTS)}
    tags = [
        {"__type": "dict", "__var": {"a": 1}},
        {"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1]},
        {"__id__": "x"},
        {"sfn_provider:json": "1"},
        {"sfn_provider:input": 1, "__type": "x"},
    ]
    keep = {"Type": "Pass", "Parameters": {"$.x": 1, "in.$": "$", "text": texts, "tags": tags}}
    definition = {
        "StartAt": "{{ ds }}",
        "States": {
            "{{ ds }}": keep | {"Assign": {"kept.$": "$", "tags": tags}, "Next": "Again {% raw %}"},
            "Again {% raw %}": keep
            | {"Parameters": {"variable.$": "$kept", "in.$": "$", "tags.$": "$tags"}, "End": True},
        },
    }
    del definition["States"]["{{ ds }}"]["Parameters"]["$.x"]  # type: ignore[index]
    given = {"texts": texts, "tags": tags, "{{ ds }}": "{{ ds }}"}
    expected = simulate(definition, given)
    execution = run_on_airflow(definition, given, mocks={})
    assert (expected.status, execution.status) == ("SUCCEEDED", "SUCCEEDED")
    assert execution.output == expected.output
    assert "{{ ds }}" in json.dumps(execution.output)


@pytest.mark.usefixtures("user_airflow_home")
@pytest.mark.parametrize("key", ["sfn_provider:input", "sfn_provider:json"])
def test_an_input_that_looks_like_our_own_marks_arrives_as_it_is(key: str) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    given = {key: "[1, 2]"}
    assert run_on_airflow(definition, given, mocks={}).output == given
