"""Calls AWS for the tasks of translated DAGs: calls, jobs, task tokens, and real time."""
