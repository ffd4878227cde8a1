"""Names the class that serializes DAGs, which older versions of Airflow name otherwise."""

from __future__ import annotations

from tests.fixtures.airflow.airflow_home import dag_serialization

DagSerialization = dag_serialization()
