"""Step Functions and Airflow side by side, on the same input."""

from sfn_provider.compare.airflow.dag_execution import run_on_airflow

__all__ = ["run_on_airflow"]
