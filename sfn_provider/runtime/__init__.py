"""Runs the tasks of translated DAGs: routing, tokens, groups, snapshots, calls to AWS."""
