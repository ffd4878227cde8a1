"""Compares the parameters of two calls."""
