"""Metrics and traces, where Airflow sends them: nothing is imported and nothing happens elsewhere."""
