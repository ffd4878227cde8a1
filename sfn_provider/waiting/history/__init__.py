"""Reads the histories of awaited executions page by page, each event once."""
