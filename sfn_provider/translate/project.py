"""Makes the files of a project around a native DAG: the DAG, its test, the definition and a README."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sfn_provider.asl.model import dump
from sfn_provider.translate.native.versions import find_versions
from sfn_provider.translate.translator import Translation

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$@])")

_TEST = '''"""Tests of the DAG {dag_id}.

The comparison with the state machine needs the package airflow-provider-sfn; without it, it is skipped.
"""

import warnings
from pathlib import Path

import pytest
from {dagbag} import DagBag

PROJECT = Path(__file__).parents[1]
DAG_FILE = PROJECT / "dags" / "{dag_id}.py"
DEFINITION = PROJECT / "definitions" / "{dag_id}.asl.json"


def test_the_dag_imports_without_an_error_or_a_warning():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bag = DagBag({arguments})
    assert bag.import_errors == {{}}
    assert set(bag.dags) == {{"{dag_id}"}}
    assert [str(found.message) for found in caught if found.filename == str(DAG_FILE)] == []
'''

_COMPARISON = """

def test_aws_sees_what_it_sees_of_the_state_machine():
    compare = pytest.importorskip("sfn_provider.compare")
    definition = DEFINITION.read_text(encoding="utf-8")
    comparison = compare.compare_dag(definition, DAG_FILE)
    differences = compare.unannounced_differences(definition, comparison)
    assert [str(difference) for difference in differences] == []
"""

_EFFECTS = {"fails": "fails", "differs": "differs", "looks": "looks different"}

_DAGBAG = (3, 2)
"""The first Airflow whose DagBag is in ``airflow.dag_processing``."""


def make_project(
    translation: Translation, *, airflow_version: str | None = None, has_templates: bool = False
) -> dict[str, str]:
    """Make the files of a project.

    Args:
        translation: the translation.
        airflow_version: the Airflow that it was made for, as for `sfn_provider.translate.translate`.
        has_templates: whether templates stand for fields of the input; the DAG then has other values than the machine,
            and its test does not compare the two.

    Returns:
        The texts, by their paths below the folder of the project, with slashes.
    """
    dag_id = translation.plan.dag_id
    definition = json.dumps(dump(translation.plan.machine), indent=2, ensure_ascii=False) + "\n"
    airflow = find_versions(airflow_version).airflow
    module, arguments = "airflow.models.dagbag", "DAG_FILE, include_examples=False"
    if airflow >= _DAGBAG:
        module, arguments = "airflow.dag_processing.dagbag", "DAG_FILE"
    test = _TEST.format(dag_id=dag_id, dagbag=module, arguments=arguments)
    if has_templates:
        test = test.replace("\n\nThe comparison with", "").replace(
            " the state machine needs the package airflow-provider-sfn; without it, it is skipped.\n", ""
        )
        test = test.replace("\nimport pytest\n", "\n")
    else:
        test += _COMPARISON
    return {
        "README.md": "\n".join(_readme(translation, has_templates)) + "\n",
        f"dags/{dag_id}.py": translation.source,
        f"definitions/{dag_id}.asl.json": definition,
        f"tests/test_{dag_id}.py": test,
    }


def _readme(translation: Translation, has_templates: bool) -> Iterator[str]:
    dag_id = translation.plan.dag_id
    yield from (f"# {_escape(dag_id)}", "")
    if translation.plan.description:
        yield from (_escape(translation.plan.description), "")
    yield from (
        f"The Airflow DAG `dags/{dag_id}.py` was made from the AWS Step Functions definition "
        f"`definitions/{dag_id}.asl.json`. It is yours to change.",
        "",
        "```",
        "pytest tests",
        "```",
        "",
    )
    if has_templates:
        yield "The tests import the DAG. They do not compare it with the state machine: templates stand for its input."
    else:
        yield (
            "The tests import the DAG and, where the package airflow-provider-sfn is installed, compare the calls that "
            "AWS sees of it with those of the state machine. Differences that are listed below are accepted."
        )
    yield from ("", "## States", "", "| State | Type | How | Operator | Task |", "|---|---|---|---|---|")
    for entry in translation.tasks:
        cells = (_escape(entry.state), entry.type, entry.how, _code(entry.operator), _code(entry.task_id))
        yield f"| {' | '.join(cells)} |"
    yield from ("", "## What is different", "")
    if not translation.findings:
        yield "Nothing."
    for finding in translation.findings:
        where = f" of {_escape(finding.state)}" if finding.state is not None else ""
        yield (
            f"- **{_escape(finding.code)}**{where} ({_EFFECTS[finding.effect]}): {_escape(finding.why)} "
            f"{_escape(finding.advice)}"
        )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _escape(text: str) -> str:
    """Escape a text, so that Markdown shows just that text, on one line."""
    shown = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
