"""Turns a plan into Python text of a DAG file, or into an Airflow DAG at parse time."""
