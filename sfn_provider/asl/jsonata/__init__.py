"""JSONata as Step Functions evaluates it.

AWS supports JSONata 2.0.6 with six functions of its own, without ``$eval``, and with bounds on depth, time and memory:
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html. Its causes carry the codes and the words
of the JavaScript reference implementation. Parsing and the walk over the syntax tree are jsonata-python's; what it
does differently from the reference is replaced here (``evaluator``, ``functions``), and nothing reads the clock or a
source of randomness that was not passed in.

Modules::

    expression   Expression, compile_jsonata, check_type: what other packages use
    names        which functions there are
    plain        JSON values as AWS writes them; no library needed
    shortcuts    member access and constants without the library
    references   which variables and $states fields an expression reads
    parsing      text to syntax tree, with the reference's error messages
    evaluator    the library's evaluator with the reference's semantics; operators, callables are parts of it
    functions    the table of built-in functions; text, regex, picture, numeric, sequences, dates, additions hold them

The library is imported with the first expression, not with this package.
"""

from __future__ import annotations

from sfn_provider.asl.jsonata.expression import Expression, JsonataSyntaxError, JsonType, check_type, compile_jsonata
from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS

__all__ = ["BUILT_IN_FUNCTIONS", "Expression", "JsonType", "JsonataSyntaxError", "check_type", "compile_jsonata"]
