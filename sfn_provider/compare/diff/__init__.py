"""Compares histories state by state, and JSON values member by member."""
