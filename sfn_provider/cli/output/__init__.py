"""Prints and writes what commands have done: JSON, tables, files."""
