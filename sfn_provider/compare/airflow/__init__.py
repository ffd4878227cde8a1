"""A private Airflow that runs DAGs for a comparison, and access to one that runs elsewhere."""
