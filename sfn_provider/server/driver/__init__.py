"""Drives executions: time, calls of tasks, the engine's requests."""
