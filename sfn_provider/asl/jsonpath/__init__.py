"""JSONPath by Jayway's rules: syntax, evaluation steps, errors."""
