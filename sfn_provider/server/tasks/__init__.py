"""Answers tasks on the local server: mocks, Python functions, services at endpoints."""
