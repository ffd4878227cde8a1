"""Sensors that wait for executions, Map Runs, states and activity tasks."""
