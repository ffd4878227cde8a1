"""Makes the tasks of a native DAG, with their Python text."""
