"""Runs DAGs in a private Airflow, for comparisons."""
