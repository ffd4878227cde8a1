"""Evaluates fields that hold a number or text: a literal, a path or a JSONata expression."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Literal

from sfn_provider.asl.json_values.java_values import unquoted_json
from sfn_provider.asl.json_values.json_checks import is_whole_number
from sfn_provider.asl.scope import Json, Randomness, Scope
from sfn_provider.engine.dataflow.data_flow import compile_evaluator, path_reader
from sfn_provider.exceptions import QueryEvaluationError, StatesError

JsonataType = Literal["array", "object", "string", "number", "boolean"]


def require_type(value: Json, expected: JsonataType, expression: str, field: str) -> Json:
    """Return the value of a JSONata field if it has the type that the field takes.

    Args:
        value: what the expression gave.
        expected: the type the field takes.
        expression: the expression as written, delimiters included.
        field: the field, for the message.

    Raises:
        QueryEvaluationError: if it has another type.
    """
    from sfn_provider.asl.jsonata import check_type

    check_type(value, expected, expression.removeprefix("{%").removesuffix("%}").strip(), field)
    return value


@cache
def model_field(field: str) -> str:
    """Return a field's name in the model: ``timeout_seconds_path`` for ``TimeoutSecondsPath``."""
    return "".join("_" + char.lower() if char.isupper() else char for char in field).lstrip("_")


def evaluate_field(
    holder: Any, language: str, field: str, scope: Scope, entropy: Randomness, expected: JsonataType | None = None
) -> Json:
    """Evaluate a field that may also be written as ``<field>Path`` or in JSONata; None where it is absent.

    Args:
        holder: the model that has the field: a state, or for example an ItemBatcher.
        language: the query language, ``JSONPath`` or ``JSONata``.
        field: the field's name, for example ``TimeoutSeconds``.
        scope: what the field sees; ``$`` is the state's input after InputPath.
        entropy: for expressions that ask for randomness.
        expected: the type that a JSONata value must have.

    Raises:
        StatesError: ``States.Runtime`` if a path finds nothing, ``States.QueryEvaluationError`` for JSONata.
    """
    path = getattr(holder, f"{model_field(field)}_path", None)
    if path is not None:
        return path_reader(path)(scope)
    value = getattr(holder, model_field(field))
    if language != "JSONata" or not (isinstance(value, str) and value.startswith("{%")):
        return value
    found = compile_evaluator(value, "JSONata", field)(scope, entropy)
    return require_type(found, expected, value, field) if expected else found


def wrong_value(language: str, field: str, cause: str) -> StatesError:
    """Return the error for a value that a field cannot take, although its JSON type is right.

    In JSONata it can be caught (reported from executions for a Wait's Timestamp).

    Args:
        language: the query language of the state.
        field: the field's name.
        cause: what is wrong.
    """
    return QueryEvaluationError(cause, field) if language == "JSONata" else StatesError("States.Runtime", cause)


def read_integer(value: Json) -> Json:
    """Return the integer that a text is; any other value is unchanged.

    AWS takes an integer in quotes where a path leads to one (recorded executions); Java's has a sign of either kind.
    """
    # Java's longest integers have 19 digits; Python refuses to read more than 4300.
    return int(value) if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,30}", value) else value


_NEGATIVE = {"MaxConcurrency": "Expected non-negative integer for {field}, got '{value}' instead."}
"""AWS's messages for values below 0, for fields with a special one."""


def evaluate_integer(holder: Any, language: str, field: str, scope: Scope, entropy: Randomness) -> int | None:
    """Evaluate a field that takes an integer of 0 or more; None where it is absent.

    Raises:
        StatesError: ``States.Runtime`` if the value is no such number, in AWS's words (recorded executions);
            ``States.QueryEvaluationError`` in JSONata.
    """
    value = require_integer(evaluate_field(holder, language, field, scope, entropy, "number"), holder, language, field)
    if value is not None and value < 0:
        message = _NEGATIVE.get(field, "{field} cannot be negative.")
        raise wrong_value(language, field, message.format(field=field, value=value))
    return value


def require_integer(value: Json, holder: Any, language: str, field: str) -> int | None:
    """Return the value of a field as an integer; None for None, but where a path leads to it: null is no integer.

    Args:
        value: what the field evaluates to.
        holder: the model that has the field.
        language: the query language.
        field: the field's name, for example ``MaxItems``.

    Raises:
        StatesError: ``States.Runtime`` if the value is no integer, in AWS's words (recorded executions);
            ``States.QueryEvaluationError`` in JSONata.
    """
    path = getattr(holder, f"{model_field(field)}_path", None)
    if value is None and path is None:
        return None
    value = read_integer(value)
    if not is_whole_number(value):
        where = f"{field}Path field refers to" if path else f"{field} field has the"
        cause = f'The {where} value "{unquoted_json(value)}" which is not a valid integer'
        cause += f": {path}" if path else ""
        raise wrong_value(language, field, cause)
    return int(value)
