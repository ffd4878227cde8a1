"""Back ends of a plan: a Python file, or a live DAG."""
