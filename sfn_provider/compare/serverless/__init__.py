"""Compares workflows of MWAA Serverless with state machines: in a private Airflow, or as the service ran them."""
