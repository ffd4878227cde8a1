"""Compares a real execution on Step Functions with a real DAG run on any Airflow."""
