"""The IAM policy of an environment's execution role, made from its DAG files."""
