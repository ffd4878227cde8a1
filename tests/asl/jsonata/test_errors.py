"""The codes and words of expressions that fail, and of texts that are none."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sfn_provider.asl.jsonata import JsonataSyntaxError, compile_jsonata
from tests.asl.jsonata.expression_values import cause_of


@dataclass(frozen=True)
class Failing:
    """An expression and what follows "threw an error during evaluation" when it fails."""

    expression: str
    tail: str


FAILING = (
    Failing("1 + 'a'", '. T2002: The right side of the "+" operator must evaluate to a number'),
    Failing("null * 2", '. T2001: The left side of the "*" operator must evaluate to a number'),
    Failing("0/0 - 1", '. T2001: The left side of the "-" operator must evaluate to a number'),
    Failing("1/0 + 1", ". D1001: Number out of range: null"),
    Failing("-'a'", '. D1002: Cannot negate a non-numeric value: "a"'),
    Failing("{1: 2}", ". T1003: Key in object structure must evaluate to a string; got: 1"),
    Failing("sum([1])", ". T1005: Attempted to invoke a non-function. Did you mean $sum?"),
    Failing("$nothing(1)", ". T1006: Attempted to invoke a non-function"),
    Failing("$eval('1')", ". T1006: Attempted to invoke a non-function"),
    Failing("{'a': 1, 'a': 2}", '. D1009: Multiple key definitions evaluate to same key: "a"'),
    Failing("1 ~> 2", ". T2006: The right side of the function application operator ~> must be a function"),
    Failing(
        "1 < 'a'",
        '. T2009: The values 1 and "a" either side of operator "<" must be of the same data type',
    ),
    Failing(
        "true and (null > 1)",
        '. T2010: The expressions either side of operator "and" must evaluate to numeric or string values',
    ),
    Failing("['a'..2]", ". T2003: The left side of the range operator (..) must evaluate to an integer"),
    Failing(
        "$states.input ~> |trips|5|",
        ". T2011: The insert/update clause of the transform expression must evaluate to an object: 5",
    ),
    Failing("$length(5)", '. T0410: Argument 1 of function "length" does not match function signature'),
    Failing("$substring('a', 'b')", '. T0410: Argument 2 of function "substring" does not match function signature'),
    Failing(
        "[1].$uppercase()", '. T0411: Context value is not a compatible type with argument 1 of function "uppercase"'
    ),
    Failing("$sum(['a'])", '. T0412: Argument 1 of function "sum" must be an array of "numbers"'),
    Failing("$sum(null)", '. T0412: Argument 1 of function "sum" must be an array of "numbers"'),
    Failing("$number('1.')", '. D3030: Unable to cast value to a number: "1."'),
    Failing("$split('a', 'b', -1)", ". D3020: Third argument of split function must evaluate to a positive number"),
    Failing("$match('a', /b*/)[1] & $match('ba', /b*/)", ". D1004: Regular expression matches zero length string"),
    Failing("$replace('a', '', 'b')", ". D3010: Second argument of replace function cannot be an empty string"),
    Failing("$sqrt(-4)", ". D3060: The sqrt function cannot be applied to a negative number: -4"),
    Failing(
        "$power(10, 400)",
        ". D3061: The power function has resulted in a value that cannot be represented as a JSON number: "
        "base=10, exponent=400",
    ),
    Failing(
        "$sort([1, 'a'])",
        ". D3070: The single argument form of the sort function can only be applied to an array of strings or an "
        "array of numbers.  Use the second argument to specify a comparison function",
    ),
    Failing("['a', 1]^($)", '. T2007: Type mismatch when comparing values "a" and 1 in order-by clause'),
    Failing(
        "[1, true]^($)",
        ". T2008: The expressions within an order-by clause must evaluate to numeric or string values",
    ),
    Failing(
        "$reduce([1, 2], function($a) { $a })",
        ". D3050: The second argument of reduce function must be a function with at least two arguments",
    ),
    Failing(
        "$single([])", ". D3139: The $single() function expected exactly 1 matching result.  Instead it matched 0."
    ),
    Failing(
        "$formatNumber(1, '0.0.0')",
        ". D3081: The sub-picture must not contain more than one instance of the 'decimal-separator' character",
    ),
    Failing(
        "$formatNumber(1, 'x')",
        ". D3086: The sub-picture must not contain a passive character that is preceded by an active character and "
        "that is followed by another active character",
    ),
    Failing(
        "$formatBase(1, 40)", ". D3100: The radix of the formatBase function must be between 2 and 36.  It was given 40"
    ),
    Failing(
        "$toMillis('yesterday')",
        '. D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "yesterday"',
    ),
    Failing("$fromMillis(0, '[q]')", '. D3132: Unknown component specifier "q" in date/time picture string'),
    Failing("$decodeUrl('%')", '. D3140: Malformed URL passed to $decodeUrl(): "%"'),
    Failing("$encodeUrl('\\ud800a')", '. D3140: Malformed URL passed to $encodeUrl(): "\\ud800a"'),
    Failing("$encodeUrlComponent('\\udc00')", '. D3140: Malformed URL passed to $encodeUrlComponent(): "\\udc00"'),
    Failing(
        "$formatInteger(1, '\u03b1;o')",
        '. D3130: Formatting or parsing an integer as a sequence starting with "\u03b1" is not supported by this '
        "implementation",
    ),
    Failing("$base64decode('!!!')", ": The argument of the base64decode function must be base64"),
    Failing("$base64decode('a')", ": The argument of the base64decode function must be base64"),
    Failing("$base64decode('YQ=')", ": The argument of the base64decode function must be base64"),
    Failing("substring(?, 0)", ". T1007: Attempted to partially apply a non-function. Did you mean $substring?"),
    Failing("nothing(?)", ". T1008: Attempted to partially apply a non-function"),
    Failing("5(?)", ". T1008: Attempted to partially apply a non-function"),
    *(
        Failing(
            f"${name}('a', function($text) {{ 1 }}{more})",
            f'. T1010: The matcher function argument passed to function "{name}" does not return the correct object '
            "structure",
        )
        for name, more in (("match", ""), ("contains", ""), ("split", ""), ("replace", ", 'b'"))
    ),
    Failing(
        "$formatInteger(1e46, 'I')",
        ": Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive",
    ),
    Failing("$error('no taxi')", ". D3137: no taxi"),
    Failing("$assert(1 = 2)", ". D3141: $assert() statement failed"),
    Failing("$string(1/0)", ". D3001: Attempting to invoke string function on Infinity or NaN"),
    Failing("$partition(5, 1)", '. T0412: Argument 1 of function "partition" must be an array of undefined'),
    Failing("$partition([1], -1)", ". D3137: Second argument must be zero or greater"),
    Failing("$range(1)", '. T0410: Argument 2 of function "range" does not match function signature'),
    Failing("$hash('a', 'md5')", ". D3137: Hash algorithm 'md5' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5"),
    Failing("$uuid(1)", '. T0410: Argument 1 of function "uuid" does not match function signature'),
    Failing('$parse(\'{"a": 1, "a": 2}\')', ". D3137: Invalid JSON"),
    Failing("$parse('[1] [2]')", ". D3137: Invalid JSON"),
)


@pytest.mark.parametrize("case", FAILING, ids=lambda case: case.expression)
def test_failure_has_the_codes_and_words_of_aws(case: Failing) -> None:
    start = f"The JSONata expression '{case.expression}' specified for the field 'Output' "
    assert cause_of(case.expression) == f"{start}threw an error during evaluation{case.tail}"


@dataclass(frozen=True)
class Unparsable:
    """A text that is no JSONata."""

    source: str
    code: str
    position: int
    reason: str


@pytest.mark.parametrize(
    "case",
    [
        Unparsable(
            "function(x) { 1 }",
            "S0208",
            10,
            "Parameter 1 of function definition must be a variable name (start with $)",
        ),
        Unparsable(
            "function($a, 1) { 1 }",
            "S0208",
            14,
            "Parameter 2 of function definition must be a variable name (start with $)",
        ),
        Unparsable("1 +", "S0207", 3, "Unexpected end of expression"),
        Unparsable("a[1,2)", "S0202", 4, 'Expected "]", got ","'),
        Unparsable("'open", "S0101", 5, "String literal must be terminated by a matching quote"),
        Unparsable("'\\x'", "S0103", 2, 'Unsupported escape sequence: \\"x"'),
        Unparsable("1 /* two", "S0106", 2, "Comment has no closing tag"),
        Unparsable("$a ?? 1", "S0211", 5, 'The symbol "?" cannot be used as a unary operator'),
        Unparsable("$a ?: 1", "S0211", 5, 'The symbol ":" cannot be used as a unary operator'),
        Unparsable("1 ! 2", "S0204", 3, 'Unknown operator: "!"'),
        Unparsable("1e999", "S0102", 0, 'Number out of range: "1e999"'),
        Unparsable("$x := ", "S0207", 5, "Unexpected end of expression"),
        Unparsable("/a", "S0302", 2, "No terminating / in regular expression"),
        Unparsable("%.a", "S0217", 0, "The object representing the 'parent' cannot be derived from this expression"),
        Unparsable("", "S0207", 0, "Unexpected end of expression"),
        Unparsable("(" * 5000, "", 0, "The expression is nested too deeply"),
    ],
    ids=lambda case: case.source[:20] or "empty",
)
def test_text_that_is_no_jsonata(case: Unparsable) -> None:
    with pytest.raises(JsonataSyntaxError) as caught:
        compile_jsonata(case.source, "Condition")
    error = caught.value
    assert (error.code, error.position, error.reason) == (case.code, case.position, case.reason)
    assert str(error).startswith(f"Condition: '{case.source.strip()}' is not a JSONata expression: {case.reason}")
