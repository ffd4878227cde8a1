"""Reads and validates requests."""
