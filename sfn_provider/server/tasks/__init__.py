"""Answers the tasks of executions on the local server: mocks, Python functions, services at the user's endpoints."""
