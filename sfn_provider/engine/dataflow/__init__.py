"""Evaluates the fields of states: input, output, choice rules, the context object."""
