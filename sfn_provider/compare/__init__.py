"""Step Functions and Airflow side by side, on the same input."""

from sfn_provider.compare.airflow_side import run_on_airflow

__all__ = ["run_on_airflow"]
