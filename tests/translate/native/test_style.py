"""The native style as a whole: the pipeline, versions of Airflow, templates of the input, the command."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate import translate
from tests.golden import DAGS
from tests.translate.native.native_states import VERSION, call, native


def test_the_sales_pipeline_is_as_short_as_by_hand_and_imports_nothing_of_this_package() -> None:
    made = translate(
        (DAGS / "sales_pipeline.asl.json").read_text(),
        dag_id="sales_pipeline",
        schedule="cron(0 2 * * ? *)",
        params=json.loads((DAGS / "sales_pipeline.input.json").read_text()),
        style="native",
        airflow_version=VERSION,
    )
    assert made.style == "native"
    assert "sfn_provider" not in made.source
    assert len(made.source.splitlines()) <= 102  # 1.25 times the lines of the DAG that was written by hand
    assert {entry.state: entry.how for entry in made.tasks} == {
        "ValidateInputFile": "operator",
        "RunGlueTransform": "operator",
        "CheckDataQuality": "operator",
        "QualityPassed?": "branch",
        "RunGoldAggregation": "operator",
        "NotifySuccess": "operator",
        "NotifyFailure": "taskflow",
        "NotifyQualityFailure": "operator",
    }
    assert {"RETRY_BY_NAME", "CATCH_RUN_STATE", "RESULT_PARTS", "ALWAYS_FAILS"} <= {
        found.code for found in made.findings
    }


def test_the_style_and_the_version_are_checked() -> None:
    states = {"A": {"Type": "Succeed"}}
    with pytest.raises(UsageError, match="no style 'nativ'"):
        translate({"StartAt": "A", "States": states}, dag_id="x", style="nativ")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no version of Airflow"):
        native(states, "newest")
    with pytest.raises(UsageError, match=r"2\.10 and newer"):
        native(states, "2.9.2")


def test_a_field_of_the_input_follows_the_date_of_the_run() -> None:
    states = {
        "A": call("a", Parameters={"day.$": "$.day", "all.$": "$"}, ResultPath=None, Next="B"),
        "B": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Parameters": {"TableName": "t", "Key": {"id": {"S.$": "$.day"}}},
            "End": True,
        },
    }
    definition = {"StartAt": "A", "States": states}
    made = translate(
        definition,
        dag_id="x",
        style="native",
        airflow_version=VERSION,
        schedule="rate(1 day)",
        params={"day": "2025-01-01", "x": 1},
        templates={"day": "{{ ds }}"},
    )
    text = made.source.replace("\\'", "'")
    assert """{"day": {{ ds | tojson }}, "all": {{ dict(params, day=ds) | tojson }}}""" in text
    assert "def b(ds):" in made.source and 'Key={"id": {"S": ds}}' in made.source
    assert 'params={"x": 1}' in made.source
    assert [found.why for found in made.findings if found.code == "FROZEN_INPUT"] == [
        "Each scheduled run has the same x."
    ]


@pytest.mark.parametrize("template", ["ds", "{{ ds }}-{{ ds }}", "{% if x %}", "{{ }}"])
def test_a_template_is_one_expression(template: str) -> None:
    definition = {"StartAt": "A", "States": {"A": call("a", End=True)}}
    with pytest.raises(UsageError, match="give one expression"):
        translate(definition, dag_id="x", style="native", airflow_version=VERSION, templates={"x": template})


def test_templates_are_for_the_native_style() -> None:
    definition = {"StartAt": "A", "States": {"A": call("a", End=True)}}
    with pytest.raises(UsageError, match="take --style native"):
        translate(definition, dag_id="x", templates={"x": "{{ ds }}"})


def test_the_command_writes_a_native_file_or_says_why_not(tmp_path: Any) -> None:
    from click.testing import CliRunner

    from sfn_provider.cli.commands.translate import translate as command

    file, out = tmp_path / "m.json", tmp_path / "m.py"
    for states, wanted in (
        ({"A": call("a", End=True)}, "with 1 task, native"),
        (
            {"A": call("a", Credentials={"RoleArn": "arn:aws:iam::1:role/r"}, End=True)},
            "The file is exact, not native: state A: Cred",
        ),
        (
            {"A": call("a", Next="B"), "B": call("b", Credentials={"RoleArn": "arn:aws:iam::1:role/r"}, End=True)},
            "Not all is native: state B: Credentials name a role",
        ),
    ):
        file.write_text(json.dumps({"StartAt": "A", "States": states}), encoding="utf-8")
        options = ["--style", "native", "--airflow-version", VERSION, "-o", str(out)]
        done = CliRunner().invoke(command, [str(file), *options], standalone_mode=False)
        assert wanted in done.output
        assert ("sfn_provider" in out.read_text()) is (" native: " in wanted)
