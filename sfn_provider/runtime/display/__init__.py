"""Shows what a task does: in its log, on Airflow's pages, as history events."""
