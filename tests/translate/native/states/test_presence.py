"""IsPresent in native DAGs, where the way that was taken decides whether a member is there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.native.native_states import function, native


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": function(name), "Parameters": {}, **fields}


def source(variable: str, present: bool = True, **before: Any) -> str:
    rule = {"Variable": variable, "IsPresent": present, "Next": "Yes"}
    states = {
        **before,
        "Which": {"Type": "Choice", "Choices": [rule], "Default": "No"},
        "Yes": call("yes", End=True),
        "No": call("no", End=True),
    }
    return native(states).source


CATCHING = {
    "A": call(
        "a",
        ResultPath="$.result",
        Catch=[
            {"ErrorEquals": ["OutOfStock"], "ResultPath": "$.stock", "Next": "Which"},
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.other", "Next": "Which"},
        ],
        Next="Which",
    )
}
ONE_CATCHER = {
    "A": call("a", ResultPath="$.result", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Which"}], Next="Which")
}
PARSED = {"P": {"Type": "Pass", "Parameters": {"body.$": "States.StringToJson($.text)"}, "Next": "Which"}}


@pytest.mark.parametrize(
    ("variable", "present", "before", "line"),
    [
        ("$.result", True, CATCHING, 'if ti.xcom_pull(task_ids="A") is not None or "result" in params else "No"'),
        ("$.Error", False, ONE_CATCHER, 'return "Yes" if not (a_error is not None or "Error" in params) else "No"'),
        (
            "$.stock",
            True,
            CATCHING,
            'return "Yes" if (a_error or {}).get("Error") == "OutOfStock" or "stock" in params else "No"',
        ),
        ("$.pages[0].id", True, CATCHING, 'return "Yes" if "id" in (params.get("pages") or [{}])[0] else "No"'),
        ("$.body.part.id", True, PARSED, 'if "id" in json.loads(params["text"]).get("part", {}) else "No"'),
    ],
    ids=[
        "of a result",
        "the contrary, also in the input",
        "of an error by its name",
        "of the first item",
        "in a parsed text",
    ],
)
def test_whether_a_member_is_there_is_asked_in_the_run(
    variable: str, present: bool, before: dict[str, Any], line: str
) -> None:
    assert line in source(variable, present, **before)


def test_a_path_with_a_slice_that_a_condition_reads_stays_exact() -> None:
    before = {
        "P": {"Type": "Pass", "Parameters": {"last.$": "$.items[-1:]"}, "Next": "A"},
        "A": call("a", Next="Which"),
    }
    before["A"]["ResultPath"] = None
    assert "StatesOperator" in source("$.last", **before)
