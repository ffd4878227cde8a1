"""Finds what each path and expression of a definition means: an input field or the result of an earlier state."""
