"""Sensors that wait for executions."""
