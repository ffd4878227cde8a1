"""JSONata as Step Functions evaluates it.

AWS supports JSONata 2.0.6 with six functions of its own, without ``$eval``, and with limits on depth, time and memory:
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html. Its causes carry the codes and messages
of the JavaScript reference implementation. jsonata-python parses and walks the syntax tree; what it does differently
from the reference is replaced here (``evaluator``, ``functions``). "Now" and randomness are arguments; the clock is
read only for backstops, and for how long regular expressions match.

Modules::

    expression            Expression, compile_jsonata, check_type: the interface for other packages
    program               compiles and evaluates an expression with the library
    parser                text to syntax tree, with the reference's error messages
    references            the variables and $states fields that an expression reads
    shortcuts             constants and variables, without the evaluator
    evaluator             the library's evaluator with the reference's semantics
    operators, signatures, function_values, grouping, scope_data, values, regular_expressions, errors    used by it
    limits, budget        AWS's bounds, and the work that counts against them
    functions             the built-in functions: names, and a table of their implementations
    normalized_json       numbers in results as AWS returns them; does not need the library
    library               the parts of jsonata-python that all of these use

The library is imported with the first expression, not with this package.
"""

from __future__ import annotations

from sfn_provider.asl.jsonata.expression import Expression, JsonataSyntaxError, JsonType, check_type, compile_jsonata
from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS
from sfn_provider.asl.jsonata.limits import EvaluationLimits, explain_limit, is_timeout

__all__ = [
    "BUILT_IN_FUNCTIONS",
    "EvaluationLimits",
    "Expression",
    "JsonType",
    "JsonataSyntaxError",
    "check_type",
    "compile_jsonata",
    "explain_limit",
    "is_timeout",
]
