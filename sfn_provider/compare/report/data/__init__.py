"""Fills the report's model: cases, costs, times, diffs."""
