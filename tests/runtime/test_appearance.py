"""Colours and documentation of the tasks that states have become."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import DAG, DagBag
from sfn_provider.operators import distributed_map, groups, state_machine
from sfn_provider.operators.state_machine import ChoiceStateOperator, LoopOperator, PassStateOperator
from sfn_provider.runtime.appearance import COLORS, states_markdown
from sfn_provider.runtime.state_operator import StateOperator
from sfn_provider.translate import translate
from tests.fixtures.airflow.airflow_home import dag_serialization

OPERATORS = [
    value
    for module in (state_machine, groups, distributed_map)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, StateOperator) and hasattr(value, "state_type")
]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
def test_a_task_has_the_colours_of_its_states_type(operator: Any) -> None:
    assert (operator.ui_color, operator.ui_fgcolor) == COLORS[operator.state_type]


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("kind", COLORS)
def test_the_text_can_be_read(kind: str) -> None:
    background, text = map(luminance, COLORS[kind])
    assert (background + 0.05) / (text + 0.05) > 7  # WCAG 2, level AAA


def block(text: str) -> Any:
    """The JSON in the fenced block that a text ends with."""
    found = re.fullmatch(r"(?:.*\n\n)?(`{3,})json\n(.*)\n\1\n", text, re.S)
    assert found is not None and found[1] not in found[2]
    return json.loads(found[2])


def test_the_documentation_is_the_state_as_the_definition_has_it() -> None:
    task = ChoiceStateOperator(
        task_id="Big", state_name="Big?", comment="Looks *twice*", choices=[{"Variable": "$.n", "Next": "A"}]
    )
    assert task.doc_md is not None and task.doc_md.startswith("Looks \\*twice\\*\n\n```json\n")
    choices = [{"Variable": "$.n", "Next": "A"}]
    assert block(task.doc_md) == {"Big?": {"Type": "Choice", "Choices": choices, "Comment": "Looks *twice*"}}


def test_the_documentation_of_a_loop_is_all_of_its_states() -> None:
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    assert block(str(LoopOperator(task_id="a", states=states).doc_md)) == states


def test_a_part_of_a_group_shows_its_own_fields() -> None:
    join = groups.MapJoinOperator(task_id="join", state_name="Each", result_path="$.r")
    assert block(str(join.doc_md)) == {"Each": {"Type": "Map", "ResultPath": "$.r"}}


@pytest.mark.parametrize(
    "text",
    [
        "```\n# Out",
        "````",
        "{{ 1/0 }}",
        "x.md",
        "\ud800",
        "<script>alert(1)</script>",
        "a\n\n~~~\n",
        "[a](javascript:b)",
    ],
    ids=["fence", "long fence", "jinja", "file name", "surrogate", "html", "other fence", "link"],
)
def test_no_text_gets_out_of_the_documentation(text: str) -> None:
    shown = states_markdown({text: {"Type": "Pass", "Result": text}}, text)
    assert block(shown) == {text: {"Type": "Pass", "Result": text}}
    shown.encode()
    about = shown.partition("\n\n")[0]
    assert not re.search(r"(?<!\\)[`<\[~#*_]", re.sub(r"\\\\", "", about))


def test_it_is_kept_where_airflow_serialises_a_dag(tmp_path: Any) -> None:
    (tmp_path / "d.py").write_text(
        "from airflow import DAG\nfrom sfn_provider.operators.state_machine import PassStateOperator\n"
        "with DAG('d', schedule=None):\n    PassStateOperator(task_id='a', result='{{ ds }}', end=True)\n"
    )
    bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    data = json.dumps(dag_serialization().to_dict(bag.dags["d"]))
    assert "{{ ds }}" in data and '"ui_color": "#f2f3f3"' in data
    assert "```json" in data


def test_the_documentation_is_no_template() -> None:
    with DAG("d", schedule=None):
        task = PassStateOperator(task_id="a", result="{{ ds }}")
    assert "doc_md" not in task.template_fields


def _call(resource: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Parameters": PARAMETERS.get(resource, {}), **fields}


def _inside(state: str, **fields: Any) -> dict[str, Any]:
    states = {state: _call("arn:aws:states:::batch:submitJob.sync", End=True)}
    return {"StartAt": state, "States": states, **fields}


PARAMETERS = {
    "arn:aws:states:::glue:startJobRun.sync": {"JobName": "nightly"},
    "arn:aws:states:::aws-sdk:sfn:startExecution": {"StateMachineArn.$": "$.arn"},
    "arn:aws:states:::sns:publish": {"TopicArn.$": "$.topic", "Message": "done"},
    "arn:aws:states:::batch:submitJob.sync": {"JobName": "job", "JobDefinition": "job", "JobQueue": "jobs"},
    "arn:aws:states:::lambda:invoke": {"FunctionName": "work"},
}
ASK = {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Done"}]}
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


MACHINE = {
    "StartAt": "Job",
    "States": {
        "Job": _call("arn:aws:states:::glue:startJobRun.sync", Next="Sdk"),
        "Sdk": _call("arn:aws:states:::aws-sdk:sfn:startExecution", Next="Function"),
        "Function": _call("arn:aws:lambda:us-east-1:123456789012:function:work", Next="Topic"),
        "Topic": _call("arn:aws:states:::sns:publish", Next="Ask"),
        "Ask": {**ASK, "Default": "Each"},
        "Each": {"Type": "Map", "ItemProcessor": _inside("In each"), "Next": "Whole"},
        "Whole": {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": _inside("In whole"), "Next": "Far"},
        "Far": {"Type": "Map", "ItemProcessor": _inside("In far", ProcessorConfig=DISTRIBUTED), "Next": "Sides"},
        "Sides": {"Type": "Parallel", "Branches": [_inside("In side")], "Next": "Poll"},
        "Poll": _call("arn:aws:states:::lambda:invoke", Next="Enough"),
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Done"}],
            "Default": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Poll"},
        "Done": {"Type": "Succeed"},
    },
}
SHOWN: dict[str, tuple[str, list[str]]] = {
    "Job": ("glue:startJobRun.sync", ["Glue job run"]),
    "Sdk": ("aws-sdk:sfn:startExecution", ["Step Functions execution"]),
    "Function": ("lambda:invoke", ["Lambda function"]),
    "Topic": ("sns:publish", []),
    "Ask": ("Choice", []),
    "Each.start": ("Map", []),
    "Each.item.In_each": ("batch:submitJob.sync", ["Batch job"]),
    "Each.join": ("Map", []),
    "Whole": ("Map", ["Batch job"]),
    "Far.start": ("Map", []),
    "Far.join": ("Map", []),
    "Sides.start": ("Parallel", []),
    "Sides.In_side": ("batch:submitJob.sync", ["Batch job"]),
    "Sides.join": ("Parallel", []),
    "Done": ("Succeed", []),
}


@pytest.mark.parametrize("live", [False, True], ids=["emitted file", "live DAG"])
def test_airflow_shows_what_a_task_calls_and_has_its_links(live: bool, tmp_path: Path) -> None:
    definition = tmp_path / "machine.asl.json"
    definition.write_text(json.dumps(MACHINE))
    live_source = "from sfn_provider.translate import build_dag  # airflow\ndag = build_dag('machine.asl.json')\n"
    source = live_source if live else translate(MACHINE, dag_id="machine").source
    (tmp_path / "d.py").write_text(source)
    bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    [dag] = bag.dags.values()
    made = dag_serialization().from_dict(json.loads(json.dumps(dag_serialization().to_dict(dag))))
    found = {
        task.task_id: (task.operator_name, [link.name for link in task.operator_extra_links]) for task in made.tasks
    }
    [(loop, shown_loop)] = [(name, shown) for name, shown in found.items() if shown[0] == "Loop"]
    assert shown_loop == ("Loop", ["Lambda function"])
    [(children, shown_children)] = [entry for entry in found.items() if entry[0] not in {*SHOWN, loop}]
    assert (children.partition(".")[0], shown_children) == ("Far", ("Map", ["Batch job"]))
    assert {name: shown for name, shown in found.items() if name in SHOWN} == SHOWN


def test_a_class_has_a_name_and_no_links() -> None:
    assert (PassStateOperator.custom_operator_name, PassStateOperator.operator_extra_links) == ("Pass", ())
