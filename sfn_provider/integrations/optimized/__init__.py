"""Optimized integrations: their table, jobs, and changes to parameters and results."""
