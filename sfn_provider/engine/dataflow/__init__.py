"""Evaluates what a state reads and writes: input, output, fields, the context object."""
