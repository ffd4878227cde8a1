"""Operators that drive Step Functions, and the operators of translated DAGs."""
