"""Reads the arguments of commands: definitions, inputs, cases, substitutions."""
