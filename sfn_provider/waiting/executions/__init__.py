"""Waits for executions of a state machine together, by ListExecutions or a queue."""
