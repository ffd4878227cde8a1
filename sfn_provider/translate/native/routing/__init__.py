"""The graph of the tasks of a native DAG, and its edges."""
