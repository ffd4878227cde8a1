"""Compares workflows with state machines: in a private Airflow, or as MWAA Serverless ran them."""
