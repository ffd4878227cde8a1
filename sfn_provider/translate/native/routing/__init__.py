"""The graph of the tasks of a native DAG: its routes, and which tasks have run before another."""
