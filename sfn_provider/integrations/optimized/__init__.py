"""Optimized integrations: the table, their jobs, and what each service changes in parameters and results."""
