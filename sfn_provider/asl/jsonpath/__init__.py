"""JSONPath as Jayway JsonPath defines it: syntax, evaluation steps, errors."""
