"""The native style: the DAG that an Airflow engineer would have written."""
