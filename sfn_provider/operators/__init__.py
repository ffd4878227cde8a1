"""Operators: one module for Step Functions itself, one for the tasks of translated state machines."""
