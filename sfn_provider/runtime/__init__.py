"""Runs the tasks of translated DAGs: routing, the task runner, snapshots, calls to AWS."""
