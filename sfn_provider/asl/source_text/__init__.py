"""Reads the text of definitions: JSON, JSON with comments and YAML, with positions."""
