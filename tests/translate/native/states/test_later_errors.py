"""Errors that were caught one after the other: handlers read the latest, whichever the order of the definition."""

from __future__ import annotations

import ast
from typing import Any

from tests.translate.native.native_states import call, native


def catcher(target: str, *names: str, path: str | None = "$.error") -> dict[str, Any]:
    return {"ErrorEquals": list(names or ["States.ALL"]), "ResultPath": path, "Next": target}


def source(**states: dict[str, Any]) -> str:
    return native(states, "3.0.6", StartAt="First").source


def returned(text: str, function: str, xcoms: dict[tuple[str, str], Any]) -> Any:
    """Return what a function of a DAG file returns for the XComs that a run has left."""

    class Instance:
        def xcom_pull(self, task_ids: str, key: str = "return_value") -> Any:
            return xcoms.get((task_ids, key))

    [found] = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    found.decorator_list = []
    namespace: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(ast.Module([found], [])), "dag", "exec"), namespace)
    given = {"ti": Instance(), "params": {}}
    return namespace[function](**{argument.arg: given[argument.arg] for argument in found.args.args})


def test_the_error_of_the_later_task_is_read_where_that_of_an_earlier_one_was_caught_before() -> None:
    text = source(
        First=call("first", Catch=[catcher("Mend", "Odd"), catcher("Tell", "Fatal")], Next="Last"),
        Mend=call("mend", ResultPath=None, Catch=[catcher("Tell", "Worse")], Next="Last"),
        Last=call("last", ResultPath=None, Catch=[catcher("Tell")], End=True),
        Tell=call("tell", Parameters={"error.$": "$.error.Error"}, End=True),
    )
    tasks = '"Last", "Mend", "First"'
    assert tasks in text.replace("'\n            '", "")


def test_the_error_that_a_way_keeps_is_read_where_a_later_one_was_caught_without_a_trace() -> None:
    text = source(
        First=call("first", ResultPath=None, Catch=[catcher("Mend")], End=True),
        Mend=call(
            "mend",
            ResultPath=None,
            Catch=[catcher("Again", "Odd", path=None), catcher("Tell", "Fatal")],
            Next="Tell",
        ),
        Again=call("again", ResultPath=None, Next="Tell"),
        Tell=call("tell", Parameters={"error.$": "$.error.Error"}, End=True),
    )
    first, mend = {"Error": "Broken"}, {"Error": "Odd"}
    left = {("First", "error"): first, ("Mend", "error"): mend, ("Again", "return_value"): "null"}
    assert returned(text, "tell_payload", left) == {"error": "Broken"}
    assert returned(text, "tell_payload", {("First", "error"): first, ("Mend", "error"): {"Error": "Fatal"}}) == {
        "error": "Fatal"
    }


def test_the_way_of_a_later_task_was_taken_where_an_earlier_error_is_there_too() -> None:
    text = source(
        First=call("first", ResultPath=None, Catch=[catcher("Mend", "Odd", path=None), catcher("Tell")], End=True),
        Mend=call("mend", ResultPath=None, Catch=[catcher("Tell", path="$.again")], End=True),
        Tell=call("tell", End=True),
    )
    first, mend = {"Error": "Odd"}, {"Error": "Any"}
    left = {("First", "error"): first, ("Mend", "error"): mend}
    assert returned(text, "tell_payload", left) == {"again": mend}
    assert returned(text, "tell_payload", {("First", "error"): first}) == {"error": first}
