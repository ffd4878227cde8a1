"""Compares Step Functions with Airflow on the same input.

::

    diff/           two histories, two JSON values
    calls/          the calls that AWS sees of a machine and of any DAG
    airflow/        runs a DAG in a private Airflow
    comparison      the engine and a DAG in the private Airflow
    dag_comparison  the engine and any DAG in the private Airflow, by their calls
    announced_differences  what of that the report of a native translation has announced
    replay/         a recorded execution and a DAG in the private Airflow
    live/           a real execution and a real DAG run
    cost/           dollars a month on either side
    report/         comparisons as data, HTML and Markdown
    cases/          test cases that reach everything in a machine

Imports point from the end of this list to its start. Below all is `machine_analysis`: what executions can reach in a
machine, and have reached, and what its states read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.lazy_names import lazy_names

if TYPE_CHECKING:
    from sfn_provider.compare.airflow.dag_execution import run_on_airflow
    from sfn_provider.compare.announced_differences import unannounced_differences
    from sfn_provider.compare.cases.made_cases import make_cases
    from sfn_provider.compare.dag_comparison import compare_dag

__all__ = ["compare_dag", "make_cases", "run_on_airflow", "unannounced_differences"]

_ON_DEMAND = {
    "compare_dag": "sfn_provider.compare.dag_comparison",
    "make_cases": "sfn_provider.compare.cases.made_cases",
    "run_on_airflow": "sfn_provider.compare.airflow.dag_execution",
    "unannounced_differences": "sfn_provider.compare.announced_differences",
}

__getattr__ = lazy_names(__name__, _ON_DEMAND)
