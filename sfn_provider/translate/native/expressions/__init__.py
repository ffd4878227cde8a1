"""Writes symbolic values as Jinja templates and as Python expressions."""
