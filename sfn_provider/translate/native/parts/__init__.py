"""Finds the parts of a machine that become one task: loops, and what stays exact."""
