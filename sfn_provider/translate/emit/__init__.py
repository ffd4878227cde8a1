"""The back ends of a plan: Python text of a DAG file, or an Airflow DAG at parse time."""
