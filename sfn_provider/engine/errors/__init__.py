"""Matches errors against Retry and Catch."""
