"""Step Functions for Apache Airflow: drive state machines, translate them into DAGs, compare the two.

Airflow imports this package while it reads its own configuration, so nothing is imported here.
"""

__version__ = "0.1.0"
