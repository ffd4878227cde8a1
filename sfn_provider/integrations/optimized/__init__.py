"""The optimized integrations: their table, their jobs, and what they change in requests and results."""
