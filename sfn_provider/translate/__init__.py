"""Translates state machines into Airflow DAGs: definition, plan, then Python text or a live DAG.

::

    translate(source, dag_id="pipeline")      -> the text of a DAG file, with diagnostics and findings
    translate_file("template.yaml#Pipeline")  -> the same for a definition in a file
    build_dag("pipeline.asl.json")            -> an Airflow DAG, for a DAG file without generated code

Importing this package imports neither Airflow nor boto3, and no module before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.lazy_names import lazy_names

if TYPE_CHECKING:
    from sfn_provider.translate.findings import Finding
    from sfn_provider.translate.from_file import build_dag, translate_file
    from sfn_provider.translate.plan.model import DagPlan, TaskPlan
    from sfn_provider.translate.translator import Translation, TranslationOptions, translate

__all__ = [
    "DagPlan",
    "Finding",
    "TaskPlan",
    "Translation",
    "TranslationOptions",
    "build_dag",
    "translate",
    "translate_file",
]

_ON_DEMAND = {
    "DagPlan": "sfn_provider.translate.plan.model",
    "Finding": "sfn_provider.translate.findings",
    "TaskPlan": "sfn_provider.translate.plan.model",
    "Translation": "sfn_provider.translate.translator",
    "TranslationOptions": "sfn_provider.translate.translator",
    "build_dag": "sfn_provider.translate.from_file",
    "translate": "sfn_provider.translate.translator",
    "translate_file": "sfn_provider.translate.from_file",
}

__getattr__ = lazy_names(__name__, _ON_DEMAND)
