"""Finds which input field or which earlier result each path and expression of a definition means."""
