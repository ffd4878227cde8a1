"""DAGs in which single states stay exact: which ones, what passes between the tasks, and where they lead."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import Any

import jinja2
import pytest

from sfn_provider.asl import parse
from sfn_provider.translate.native.parts.exact_parts import replace_exact_parts
from sfn_provider.xcom_json import encode_dag_run_conf
from tests.translate.native.native_states import TOPIC, call, catch, native, publish
from tests.translate.test_safety import BREAKOUTS

ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/other"}


def exact(name: str, **fields: Any) -> dict[str, Any]:
    """A Task that no operator calls."""
    return call(name, Credentials=ROLE, **fields)


def operators(source: str, name: str = "StatesOperator") -> dict[str, dict[str, Any]]:
    """The arguments of the calls of an operator, by task id; what is no literal is left out."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
            arguments = {str(word.arg): _literal(word.value) for word in node.keywords}
            found[arguments["task_id"]] = arguments
    return found


class _Names(ast.NodeTransformer):
    """Puts the names of constants in place of these."""

    def visit_Name(self, node: ast.Name) -> ast.Constant:
        return ast.Constant(node.id)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(_Names().visit(node))
    except ValueError:
        return ast.unparse(node)


def test_an_exact_task_is_given_the_document_and_read_as_a_result() -> None:
    made = native(
        {
            "A": call("a", ResultPath="$.a", Next="E"),
            "E": exact("e", ResultPath="$.e", Next="B"),
            "B": publish(Parameters={"TopicArn": TOPIC, "Message.$": "$.e.x", "Subject.$": "$.a.y"}, End=True),
        }
    )
    own = operators(made.source)["E"]
    assert own["input"] == "{{ dict(params, a=macros.json.loads(ti.xcom_pull(task_ids='A'))) | tojson }}"
    assert "next_tasks" not in own
    assert '''message="{{ ti.xcom_pull(task_ids='E').e.x }}"''' in made.source
    assert '''subject="{{ ti.xcom_pull(task_ids='E').a.y }}"''' in made.source
    assert "a >> e >> b" in made.source
    assert {entry.state: entry.how for entry in made.tasks} == {"A": "operator", "E": "exact", "B": "operator"}


def test_an_exact_task_with_a_catch_is_a_branch() -> None:
    made = native(
        {
            "A": call("a", Next="E"),
            "E": exact("e", Catch=catch("H", ResultPath="$.error"), Next="Z"),
            "H": call("h", Parameters={"why.$": "$.error.Cause"}, Next="Z"),
            "Z": call("z", Parameters={"x.$": "$.x"}, End=True),
        }
    )
    assert operators(made.source)["E"]["next_tasks"] == {"Z": "E_to_Z", "H": "H"}
    own = operators(made.source, "LambdaInvokeFunctionOperator")
    assert own["H"]["payload"] == '{"why": {{ ti.xcom_pull(task_ids="E").error.Cause | tojson }}}'
    assert """e = ti.xcom_pull(task_ids="E", key="next")""" in made.source
    assert """(e_result["x"] if e == "Z" else json.loads(h)["x"])""" in made.source
    assert 'trigger_rule="none_failed_min_one_success"' in made.source
    assert own["H"].get("trigger_rule") is None


def test_variables_go_into_and_out_of_an_exact_task() -> None:
    states = {
        "A": call("a", Assign={"v.$": "$.n", "unread": 1}, Next="E"),
        "E": exact("e", Parameters={"v.$": "$v"}, Assign={"w.$": "$.m"}, Next="B"),
        "B": call("b", Parameters={"w.$": "$w", "v.$": "$v"}, End=True),
    }
    made = native(states)
    assert operators(made.source)["E"]["variables"] == (
        '{"v": {{ macros.json.loads(ti.xcom_pull(task_ids="A")).n | tojson }}}'
    )
    payload = operators(made.source, "LambdaInvokeFunctionOperator")["B"]["payload"]
    assert 'ti.xcom_pull(task_ids="E", key="variables").w' in payload
    assert 'macros.json.loads(ti.xcom_pull(task_ids="A")).n' in payload


def test_a_variable_that_one_way_sets_is_not_lost_where_ways_meet() -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Assign": {"failure": "{% $states.errorOutput %}"}, "Next": "B"}
    made = native(
        {
            "A": call("a", Catch=[caught], Next="B"),
            "B": call("b", Next="C"),
            "C": {"Type": "Choice", "Choices": [{"Condition": "{% $exists($failure) %}", "Next": "D"}], "Default": "E"},
            "D": {"Type": "Fail", "Error": "Failed"},
            "E": {"Type": "Succeed"},
        },
        QueryLanguage="JSONata",
    )
    assert {entry.state for entry in made.tasks if entry.how == "exact"} >= {"A", "B", "C"}


@dataclass(frozen=True)
class Case:
    """States, and the sets of those that stay exact together where some are refused."""

    name: str
    states: dict[str, Any]
    refused: tuple[str, ...]
    parts: list[set[str]]


def step(*targets: str) -> dict[str, Any]:
    """A Choice between states; without one a Succeed."""
    if not targets:
        return {"Type": "Succeed"}
    first, *others = targets
    rules = [{"Variable": "$.x", "NumericEquals": number, "Next": target} for number, target in enumerate(others)]
    return {"Type": "Choice", "Choices": rules, "Default": first} if rules else {"Type": "Pass", "Next": first}


def inside(name: str) -> dict[str, Any]:
    return {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}


CASES = [
    Case("one state", {"A": step("B"), "B": step("C"), "C": step()}, ("B",), [{"B"}]),
    Case("neighbours stay apart", {"A": step("B"), "B": step("C"), "C": step()}, ("A", "B"), [{"A"}, {"B"}]),
    Case(
        "a loop with its states",
        {"A": step("B"), "B": step("C"), "C": step("B", "D"), "D": step()},
        ("C",),
        [{"B", "C"}],
    ),
    Case(
        "a loop of two entries with what leads there",
        {"S": step("A"), "A": step("B", "C"), "B": step("C"), "C": step("B", "D"), "D": step()},
        ("B",),
        [{"A", "B", "C"}],
    ),
    Case(
        "no way leads back into a part",
        {"S": step("A"), "A": step("B", "Q"), "Q": step("C"), "B": step("C"), "C": step("B", "D"), "D": step()},
        ("B",),
        [{"A", "B", "C", "Q"}],
    ),
    Case(
        "a Map with a state inside",
        {"A": step("M"), "M": {"Type": "Map", "ItemProcessor": inside("I"), "End": True}},
        ("I",),
        [{"M"}],
    ),
    Case(
        "a state in a branch alone",
        {"P": {"Type": "Parallel", "Branches": [inside("L"), inside("R")], "End": True}},
        ("R",),
        [{"R"}],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_which_states_stay_exact_together(case: Case) -> None:
    machine = parse({"StartAt": next(iter(case.states)), "States": case.states})
    _, parts = replace_exact_parts(machine, case.refused)
    assert [set(part.states) for part in parts.values()] == case.parts
    assert all(part.name == next(iter(part.states)) for part in parts.values())


def test_the_state_that_makes_a_value_stays_exact_not_the_one_that_reads_it() -> None:
    made = native(
        {
            "Some": {"Type": "Pass", "Parameters": {"some.$": "$.all[?(@.x == 1)]"}, "Next": "A"},
            "A": call("a", Parameters={"some.$": "$.some"}, End=True),
        }
    )
    assert {entry.state: entry.how for entry in made.tasks} == {"Some": "exact", "A": "operator"}


def test_a_state_is_exact_where_the_whole_document_behind_it_cannot_be_said_and_no_other() -> None:
    made = native(
        {
            "A": call("a", ResultSelector={"x.$": "States.Hash($.a, 'MD5')"}, Next="E"),
            "E": exact("e", Next="B"),
            "B": call("b", Next="C"),
            "C": call("c", End=True),
        }
    )
    entries = {entry.state: entry for entry in made.tasks}
    assert {name: entry.how for name, entry in entries.items()} == {
        **{"A": "exact", "E": "exact"},
        **{"B": "operator", "C": "operator"},
    }
    assert entries["A"].why.startswith("E stays exact and starts with the whole document")


def test_the_report_says_what_an_exact_state_does_differently_and_nothing_of_native_ones() -> None:
    token = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}},
        "Retry": [{"ErrorEquals": ["Busy"]}],
        "End": True,
    }
    made = native({"A": call("a", Next="T"), "T": token})
    assert {found.code for found in made.findings if found.state == "T"} == {"STAYS_EXACT", "TASK_TOKEN"}
    assert made.tasks[1].operator == "StatesOperator"


def test_arns_in_exact_states_are_constants() -> None:
    source = native({"A": call("shared", Next="E"), "E": exact("shared", End=True)}).source
    assert source.count("function:shared") == 1
    assert '"Resource": SHARED' in source


def test_the_language_of_the_machine_is_that_of_its_exact_states() -> None:
    states = {
        "A": call("a", Next="E"),
        "E": call("e", Arguments="{% $map($states.input.x, function($i) { $i + 1 }) %}", End=True),
    }
    own = operators(native(states, QueryLanguage="JSONata").source)["E"]
    assert own["query_language"] == "JSONata"


@pytest.mark.parametrize("text", BREAKOUTS, ids=ascii)
def test_nothing_in_an_exact_state_becomes_code_or_a_template(text: str) -> None:
    name = (text[:60] + "!") if text else "empty"
    state = exact("e", Comment=text, Parameters={"k": text, text or "k2": [text]}, Next="H", Catch=catch(name))
    states = {
        "A": {"Type": "Pass", "Result": {text or "k": text, "list": [text]}, "ResultPath": "$.p", "Next": "B"},
        "B": call("b", ResultPath=None, Next="E"),
        "E": state,
        "H": call("h", Parameters={text or "k": text}, End=True),
        name: call("n", Parameters={}, End=True),
    }
    made = native(states, Comment=text)
    own = operators(made.source)["E"]
    assert own["states"]["E"] == {**state, "Resource": "E", "Credentials": {"RoleArn": "OTHER"}}
    assert list(own["next_tasks"]) == ["H", name]
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(own["input"])
    assert json.loads(template.render(params={})) == {"p": states["A"]["Result"]}
    calls = [node for node in ast.walk(ast.parse(made.source)) if isinstance(node, ast.Call)]
    assert "__import__" not in {getattr(node.func, "id", "") for node in calls}


def test_a_machine_is_exact_as_a_whole_where_no_task_is_native() -> None:
    made = native(
        {
            "P": {"Type": "Pass", "Next": "E"},
            "E": exact("e", Next="W"),
            "W": {"Type": "Wait", "Seconds": 1, "End": True},
        }
    )
    assert made.style == "exact"
    assert "StatesOperator" not in made.source


def test_the_version_of_airflow_changes_nothing_of_an_exact_task() -> None:
    states = {"A": call("a", Next="E"), "E": exact("e", End=True)}
    assert operators(native(states, "2.10.3").source) == operators(native(states, "3.3.1").source)


def test_a_task_makes_an_input_that_no_template_says() -> None:
    states = {
        "Q": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}], "Default": "C"},
        "B": call("b", ResultPath="$.b", Next="D"),
        "C": call("c", ResultPath="$.c", Next="D"),
        "D": call("d", Parameters={"n.$": "$.n"}, ResultPath="$.d", Next="E"),
        "E": exact("e", End=True),
    }
    source = native(states).source
    assert "input=e_input_task," in source
    assert source.index("e_input_task = e_input(") < source.index("input=e_input_task,")


def test_an_input_that_is_no_object_is_read_whole_beside_a_state_that_needs_one() -> None:
    states = {
        "Send": call("send", ResultPath=None, Next="Tell"),
        "Tell": publish(Parameters={"TopicArn": TOPIC, "Message.$": "$"}, ResultPath=None, Next="Put"),
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:putParameter",
            "Parameters": {"Name": "n", "Value.$": "$"},
            "ResultPath": None,
            "Next": "Last",
        },
        "Last": exact("last", Parameters={"all.$": "$"}, End=True),
    }
    text = {"Text": call("text", Parameters={"x.$": "States.StringToJson($)"}, End=True)}
    branches = [{"StartAt": next(iter(branch)), "States": branch} for branch in (text, states)]
    made = native({"Both": {"Type": "Parallel", "Branches": branches, "End": True}})
    assert [found.state for found in made.findings if found.code == "STAYS_EXACT"] == ["Text", "Last"]
    read = "params.get('sfn_provider:input', params)"
    assert [own["input"] for own in operators(made.source).values()] == [f"{{{{ {read} | tojson }}}}"] * 2
    payload = operators(made.source, "LambdaInvokeFunctionOperator")["Send"]["payload"]
    message = operators(made.source, "SnsPublishOperator")["Tell"]["message"]
    written = " ".join(made.source.replace('"', "'").split())
    assert f"{read} if isinstance({read}, str) else json.dumps(" in written
    for input in ('{"x": [1]}', [1, "a"], {"x": 1}):
        params = encode_dag_run_conf(input)
        assert json.loads(jinja2.Template(payload).render(params=params)) == input
        told = jinja2.Template(message).render(params=params)
        assert told == input if isinstance(input, str) else json.loads(told) == input


def test_a_task_that_lacks_a_parameter_on_one_way_alone_stays_exact() -> None:
    states = {
        "A": call("a", ResultPath="$.a", Next="B"),
        "B": call("b", ResultPath="$.b", Catch=catch("C"), Next="C"),
        "C": publish(Parameters={"TopicArn": TOPIC, "Message.$": "$.a.x"}, End=True),
    }
    made = native(states)
    reasons = {found.state: found.why for found in made.findings if found.code == "STAYS_EXACT"}
    assert reasons == {"C": "on one of the ways to it there is no member 'a' in {Error, Cause}."}
    states["B"]["Next"] = "D"
    made = native({**states, "D": {"Type": "Succeed"}})
    assert "no member 'a'" in made.source and not operators(made.source)


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Wait", "SecondsPath": "$.a.x", "Next": "D"},
        {
            "Type": "Choice",
            "Choices": [{"Variable": "$.a.x", "NumericEquals": 1, "Next": "D"}],
            "Default": "E",
        },
    ],
    ids=["Wait", "Choice"],
)
def test_a_state_that_lacks_a_value_on_one_way_alone_stays_exact(state: dict[str, Any]) -> None:
    states = {
        "A": call("a", ResultPath="$.a", Next="B"),
        "B": call("b", ResultPath="$.b", Catch=catch("C"), Next="C"),
        "C": state,
        "D": call("d", Parameters={}, End=True),
        **({"E": {"Type": "Succeed"}} if "Default" in state else {}),
    }
    reasons = {found.state: found.why for found in native(states).findings if found.code == "STAYS_EXACT"}
    assert reasons == {"C": "on one of the ways to it there is no member 'a' in {Error, Cause}."}
    # The result of B is missing where its error is caught: reading it fails there, as in Step Functions.
    states["C"] = json.loads(json.dumps(state).replace("$.a.x", "$.b.x"))
    assert not [found for found in native(states).findings if found.code == "STAYS_EXACT"]
