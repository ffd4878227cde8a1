"""Lines that an engineer would have written, and reasons that name what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from sfn_provider.translate.emit.expression_layout import lay_out_expression
from sfn_provider.translate.native.edges import find_chains
from sfn_provider.translate.native.expressions.conditions import exclude_each_other
from sfn_provider.translate.native.expressions.python_layout import if_lines
from sfn_provider.translate.native.items.loop_nodes import _exit_lines
from sfn_provider.translate.native.model import NativeDag, NativeNode
from tests.translate.native.native_states import call, native


def invoke(payload: Any, **fields: Any) -> dict[str, Any]:
    arguments = {"FunctionName": "f", "Payload": payload}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **fields}


def put_events(detail: str) -> dict[str, Any]:
    entries = [{"Source": "s", "DetailType": "t", "Detail": detail}]
    resource = "arn:aws:states:::aws-sdk:eventbridge:putEvents"
    return {"Type": "Task", "Resource": resource, "Arguments": {"Entries": entries}, "End": True}


def equals(status: str, target: str) -> dict[str, Any]:
    return {"Variable": "$.status", "StringEquals": status, "Next": target}


def compare(status: str) -> dict[str, Any]:
    return {"Variable": "$.status", "StringEquals": status}


def choosing(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "Which": {"Type": "Choice", "Choices": [{**rule, "Next": "One"}], "Default": "Other"},
        "One": {"Type": "Fail"},
        "Other": call("other", End=True),
    }


def two_ways(last: dict[str, Any]) -> dict[str, Any]:
    selected = {"ResultSelector": {"x.$": "$.x", "y.$": "$.y"}, "Next": "Last"}
    return {
        "Which": {"Type": "Choice", "Choices": [equals("a", "A")], "Default": "B"},
        **{name: call(name, ResultPath="$.found", **selected) for name in ("A", "B")},
        "Last": last,
    }


@dataclass(frozen=True)
class Case:
    """A machine, and a line of its DAG file.

    Args:
        states: the states.
        line: stands in the file.
        language: the query language.
    """

    name: str
    states: dict[str, Any]
    line: str
    language: str = "JSONata"


BRANCHES = [
    {"StartAt": name, "States": {name: invoke({}, Output={"n": "{% $states.result.Payload.n %}"}, End=True)}}
    for name in ("Left", "Right")
]
RESULT = {"left": "{% $states.result[0] %}", "right": "{% $states.result[1].n %}"}

CASES = [
    Case(
        "the constant of a function with an alias has the function's name",
        {"A": call("LoadOrders:live", End=True)},
        'LOAD_ORDERS = "arn:aws:lambda:us-east-1:123456789012:function:LoadOrders:live"',
        "JSONPath",
    ),
    Case(
        "the text of an object is its JSON",
        {"A": put_events("{% $string({'day': $states.input.day}) %}")},
        '"Detail": json.dumps({"day": params["day"]}, separators=(",", ":"), ensure_ascii=False)',
    ),
    Case(
        "a product in a template",
        {"A": invoke({"n": "{% $states.input.n * 2 %}"}, End=True)},
        "payload='{\"n\": {{ (params.n * 2) | tojson }}}'",
    ),
    Case(
        "a member of an item of a Parallel's result",
        {
            "Both": {"Type": "Parallel", "Branches": BRANCHES, "Output": RESULT, "Next": "Last"},
            "Last": invoke({"n": "{% $states.input.right %}"}, End=True),
        },
        """payload='{"n": {{ macros.json.loads(ti.xcom_pull(task_ids="Right")).n | tojson }}}'""",
    ),
    Case(
        "rules of a loop that do what its Default does",
        {
            "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Ask"},
            "Ask": call("ask", Parameters={}, ResultPath="$.status", Next="Is"),
            "Is": {
                "Type": "Choice",
                "Choices": [equals("RUNNING", "Wait"), equals("DONE", "End")],
                "Default": "End",
            },
            "End": call("end", Parameters={}, End=True),
        },
        'return answer != "RUNNING"',
        "JSONPath",
    ),
    Case(
        "a value that is compared with several constants",
        choosing({"Or": [compare("a"), compare("b"), compare("c")]}),
        'return "One" if params["status"] in ("a", "b", "c") else "Other"',
        "JSONPath",
    ),
    Case(
        "the same in JSONata",
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.s = 'a' or $states.input.s = 'b' %}", "Next": "One"}],
                "Default": "Other",
            },
            "One": {"Type": "Fail"},
            "Other": invoke({}, End=True),
        },
        'return "One" if params["s"] in ("a", "b") else "Other"',
    ),
    Case(
        "other comparisons between two alike",
        choosing({"Or": [compare("a"), {"Variable": "$.x", "IsNull": True}, compare("b")]}),
        'return "One" if params["status"] == "a" or params["x"] is None or params["status"] == "b" else "Other"',
        "JSONPath",
    ),
    Case(
        "the contrary of a comparison",
        choosing({"Not": {"Variable": "$.n", "NumericGreaterThan": 3}}),
        'return "One" if params["n"] <= 3 else "Other"',
        "JSONPath",
    ),
    Case(
        "the contrary of several conditions",
        choosing({"Not": {"And": [compare("a"), {"Variable": "$.x", "IsNull": True}]}}),
        'return "One" if not (params["status"] == "a" and params["x"] is None) else "Other"',
        "JSONPath",
    ),
    Case(
        "a rule that always matches",
        {"First": call("f", ResultPath="$.a", Next="Which"), **choosing({"Variable": "$.a", "IsPresent": True})},
        '    def which():\n        return "One"\n',
        "JSONPath",
    ),
    Case(
        "members that are names become keyword arguments",
        {"A": call("a", ResultPath="$.found", Next="B"), "B": call("b", End=True)},
        "dict(params, found=macros.json.loads(ti.xcom_pull(task_ids='A')))",
        "JSONPath",
    ),
    Case(
        "members that are none do not, and keep their order",
        {"A": call("a", ResultPath="$.class", Next="B"), "B": call("b", End=True)},
        "dict(params, **{'class': macros.json.loads(ti.xcom_pull(task_ids='A'))})",
        "JSONPath",
    ),
    Case(
        "a loop's next event is the last one with the answer",
        {
            "Start": call("start", ResultPath="$.job", Next="Ask"),
            "Ask": call("ask", ResultPath="$.status", Next="Is"),
            "Is": {"Type": "Choice", "Choices": [equals("DONE", "End")], "Default": "Wait"},
            "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Ask"},
            "End": {"Type": "Succeed"},
        },
        'event = {**event, "status": answer}',
        "JSONPath",
    ),
    Case(
        "what the ways have in common is written once",
        two_ways(call("last", Parameters={"run.$": "$.run", "x.$": "$.found.x", "y.$": "$.found.y"}, End=True)),
        "        if a is not None:\n"
        "            answer = json.loads(a)\n"
        '            x = answer["x"]\n'
        '            y = answer["y"]\n'
        "        else:\n"
        "            answer = json.loads(b)\n"
        '            x = answer["x"]\n'
        '            y = answer["y"]\n'
        '        return {"run": params["run"], "x": x, "y": y}\n',
        "JSONPath",
    ),
    Case(
        "a failure with a long cause that differs by the way",
        two_ways(
            {
                "Type": "Fail",
                "Error": "Stopped",
                "CausePath": "States.Format('The run {} of {} has ended too early: {}', $.run, $.name, $.found.x)",
            }
        ),
        "        if a is not None:\n"
        "            cause = f\"The run {params['run']} of {params['name']} "
        "has ended too early: {json.loads(a)['x']}\"\n"
        '            raise AirflowFailException(f"Stopped: {cause}")\n',
        "JSONPath",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_emitted(case: Case) -> None:
    assert case.line in native(case.states, QueryLanguage=case.language).source


def test_a_reason_names_no_state_that_is_native_in_the_end() -> None:
    which = {"Type": "Choice", "Choices": [{"Variable": "$.bad", "IsPresent": True, "Next": "Bad"}], "Default": "Item"}
    states = {"Which": which, "Bad": {"Type": "Fail"}, "Item": call("item", End=True)}
    body = {"StartAt": "Which", "States": states}
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Clean"}]
    made = native(
        {
            "Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": body, "Catch": catch, "End": True},
            "Clean": call("clean", Parameters={"cause.$": "$.error.Cause"}, End=True),
        }
    )
    reasons = {found.state: found.why for found in made.findings if found.code == "STAYS_EXACT"}
    assert reasons == {"Each": "the error of Each is not where a later task could read it."}


def test_a_reason_names_the_operator_that_cannot_be_said() -> None:
    made = native(
        {"A": invoke({"n": "{% 1 in $states.input.n %}"}, Next="B"), "B": invoke({}, End=True)}, QueryLanguage="JSONata"
    )
    [why] = [found.why for found in made.findings if found.code == "STAYS_EXACT"]
    assert why == "the operator in has no Jinja that means the same."


def test_a_member_that_jinja_would_drop_is_not_written_as_a_keyword() -> None:
    made = native({"A": call("a", ResultPath="$._loop_vars", Next="B"), "B": call("b", End=True)})
    assert {entry.state: entry.how for entry in made.tasks} == {"A": "operator", "B": "exact"}


def chains(edges: list[tuple[int, int]]) -> list[list[list[int]]]:
    node = NativeNode("s", "s", "s", "operator")
    return find_chains(NativeDag([node] * (1 + max(max(edge) for edge in edges)), edges))


def test_tasks_that_lead_to_one_are_a_list() -> None:
    assert chains([(0, 2), (1, 2), (2, 3)]) == [[[0, 1], [2], [3]]]


def test_a_list_goes_on_where_it_has_ended() -> None:
    assert chains([(0, 1), (0, 2), (1, 3), (2, 3)]) == [[[0], [1, 2], [3]]]


def test_every_edge_is_written_once() -> None:
    edges = [(0, 2), (1, 2), (2, 4), (3, 4), (4, 5), (4, 6), (5, 7), (6, 7), (3, 7)]
    found = [
        (left, right)
        for chain in chains(edges)
        for before, after in pairwise(chain)
        for left in before
        for right in after
    ]
    assert sorted(found) == sorted(edges)


def test_an_if_behind_a_loop_says_which_of_two_tasks_comes_next() -> None:
    targets = {"Done": "None", "Not done": '"Not_done"'}
    assert _exit_lines(targets, 100) == ['return "Not_done" if result["next"] == "Not done" else None']
    assert _exit_lines({"A": '"A"', "B": '"B"', "C": '"C"'}, 100) == ['return result["next"]']
    three = {**targets, "Later": '"Later"'}
    assert _exit_lines(three, 100) == [
        'return {"Done": None, "Not done": "Not_done", "Later": "Later"}[result["next"]]'
    ]


def test_a_long_conditional_stands_in_lines() -> None:
    text = f"({'a' * 40} if {'b' * 30} is not None else {'c' * 40})"
    lines = ["(", f"    {'a' * 40}", f"    if {'b' * 30} is not None", f"    else {'c' * 40}", ")"]
    assert lay_out_expression(text[1:-1], "", 0, 90).split("\n") == lines
    compared = f'{text} == "x"'
    assert list(if_lines(compared, [compared], 90)) == ["if (", *lines[1:-1], ') == "x":']


EXCLUSIVE = [
    ('x["s"] == "A"', 'x["s"] == "B"', True),
    ('x["s"] == "A"', 'x["s"] in ("B", "C")', True),
    ('x["s"] in ("A", "B")', 'x["s"] in ("B", "C")', False),
    ('x["s"] == "A"', 'y["s"] == "B"', False),
    ('x["n"] == 1', 'x["n"] == 2', False),
    ('x["s"] == "A"', '"B" in x["s"]', False),
    ('x["s"] == "A"', 'x["s"] != "B"', False),
    ('x["s"] in "ABC"', 'x["s"] == "D"', False),
]


@pytest.mark.parametrize(("first", "second", "excluded"), EXCLUSIVE)
def test_conditions_exclude_each_other(first: str, second: str, excluded: bool) -> None:
    assert exclude_each_other(first, second) is excluded


def test_a_sensor_asks_for_the_statuses_with_which_it_goes_on_alone() -> None:
    rules = [
        {"Variable": "$.status", "StringEquals": "ACTIVE", "Next": "Use"},
        {"Variable": "$.status", "StringEquals": "PENDING", "Next": "Wait"},
    ]
    states = {
        "Ask": call("ask", Parameters={"job": "j"}, Next="Which"),
        "Which": {"Type": "Choice", "Choices": rules, "Default": "Bad"},
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Ask"},
        "Use": call("use", End=True),
        "Bad": {"Type": "Fail"},
    }
    source = native(states).source
    assert 'return PokeReturnValue(is_done=answer["status"] != "PENDING", xcom_value=answer)' in source
