"""Reads the items of a Map, groups them, runs them as child executions, and writes their results."""
