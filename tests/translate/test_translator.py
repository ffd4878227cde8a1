from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.document import Document
from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.translate import translate
from tests.fixtures.machines.definitions import END, call, go, machine

MACHINE = machine({"A": END})


@pytest.mark.parametrize("dag_id", ["sales", "a.b-c_d", "x" * 250, "0"])
def test_dag_ids_that_airflow_takes(dag_id: str) -> None:
    assert translate(MACHINE, dag_id=dag_id).plan.dag_id == dag_id


@pytest.mark.parametrize("dag_id", ["", "a b", "a/b", "x" * 251, "état", 'a"', "a\n"])
def test_other_dag_ids_are_refused(dag_id: str) -> None:
    with pytest.raises(UsageError, match=r"is no DAG id: use letters, digits, '_', '-' and '\.', at most 250"):
        translate(MACHINE, dag_id=dag_id)


def test_text_and_object_translate_alike() -> None:
    assert translate(json.dumps(MACHINE), dag_id="x").source == translate(MACHINE, dag_id="x").source


def test_a_document_and_a_model_translate_as_their_text_does() -> None:
    text = json.dumps(WITH_NAMES)
    expected = translate(text, dag_id="x")
    for opened in (Document.open(text), parse(text)):
        made = translate(opened, dag_id="x")
        assert made.source == expected.source
        assert {finding.why for finding in made.findings} == {finding.why for finding in expected.findings}
        with pytest.raises(UsageError, match="substitutions not used: Name"):
            translate(opened, dag_id="x", substitutions={"Name": "work"})


def test_a_document_has_its_type() -> None:
    made = translate(Document.open(MACHINE, "EXPRESS"), dag_id="x")
    assert made.findings == translate(MACHINE, dag_id="x", execution_type="EXPRESS").findings
    assert "EXPRESS" in [finding.code for finding in made.findings]


def test_an_option_of_another_name_is_refused() -> None:
    with pytest.raises(TypeError, match="has no option stile"):
        translate(MACHINE, dag_id="x", stile="native")  # type: ignore[call-arg]


def test_what_step_functions_refuses_is_not_translated() -> None:
    with pytest.raises(InvalidDefinition) as error:
        translate(machine({"A": go("B")}), dag_id="x")
    found = [(diagnostic.code, diagnostic.location) for diagnostic in error.value.diagnostics]
    assert ("MISSING_TRANSITION_TARGET", "/States/A/Next") in found


def test_warnings_come_with_the_translation() -> None:
    made = translate('{"StartAt": "A", /* a comment */ "States": {"A": {"Type": "Succeed"}}}', dag_id="x")
    assert [(found.level, found.code) for found in made.diagnostics] == [("warning", "JSON_COMMENT")]


@pytest.mark.parametrize("params", [{"a": float("nan")}, {"a": [float("inf")]}])
def test_params_that_are_no_json_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="no literal for"):
        translate(MACHINE, dag_id="x", params=params)


WITH_NAMES = machine(
    {"A": call(Resource="arn:aws:lambda:${Region}:1:function:${Name}", Parameters={"k": "${Name}${Name}"})}
)


@pytest.mark.parametrize("as_text", [False, True])
def test_substitutions_go_in_everywhere(as_text: bool) -> None:
    definition = json.dumps(WITH_NAMES) if as_text else WITH_NAMES
    made = translate(definition, dag_id="x", substitutions={"Region": "eu-west-1", "Name": "work"})
    [task] = made.plan.tasks
    assert task.arguments["resource"] == "arn:aws:lambda:eu-west-1:1:function:work"
    assert task.arguments["parameters"] == {"k": "workwork"}
    assert WITH_NAMES["States"]["A"]["Parameters"] == {"k": "${Name}${Name}"}


def test_substitutions_that_nothing_uses_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"substitutions not used: Nmae, Zone; the definition has no \${...}"):
        translate(WITH_NAMES, dag_id="x", substitutions={"Name": "a", "Nmae": "b", "Zone": "c"})
