"""Compiles payload templates, JSON that contains expressions, for both query languages.

JSONPath: a member whose name ends in ``.$`` holds a path or a call of an intrinsic function, and is named without
the ``.$`` in the result. JSONata: a string from ``{%`` to ``%}`` is an expression. Both at any depth, in objects and
in arrays. Source: https://states-language.net/#payload-template and
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from sfn_provider.asl.intrinsics import IntrinsicSyntaxError, compile_intrinsic
from sfn_provider.asl.json_values.java_values import compact_json
from sfn_provider.asl.json_values.json_checks import is_jsonata
from sfn_provider.asl.paths import JsonPath, PathNotFound, PathSyntaxError, compile_path, require_input
from sfn_provider.asl.scope import Json, Randomness, Scope
from sfn_provider.exceptions import StatesError

Language = Literal["JSONPath", "JSONata"]
Evaluator = Callable[[Scope, Randomness], Json]

_DYNAMIC = ".$"


class TemplateSyntaxError(ValueError):
    """An expression in a template cannot be compiled; the message says which, and why."""


class Template:
    """A compiled template. Made by compile_template; not changed afterwards.

    Args:
        evaluate: from the scope and the source of randomness to a JSON value, whose constant parts are shared
            with the template; raises StatesError.
        constant: True where there is no expression in the template, so that evaluate returns the template itself.
        warnings: sentences about expressions that AWS accepts but that fail when they run.
    """

    __slots__ = ("constant", "evaluate", "warnings")

    def __init__(self, evaluate: Evaluator, constant: bool, warnings: tuple[str, ...] = ()) -> None:
        self.evaluate = evaluate
        self.constant = constant
        self.warnings = warnings


def compile_template(value: Json, language: Language, field: str) -> Template:
    """Compile a payload template.

    Args:
        value: the template; it must not be changed afterwards.
        language: how expressions are written in it.
        field: the name of the field that holds it, for the messages of JSONata: ``Output`` makes ``Output/name``. The
            messages of JSONPath name the member, as AWS does.

    Raises:
        ValueError: a TemplateSyntaxError, or what the JSONata compiler raises for an expression.
    """
    return _COMPILERS[language](value, field)


def compile_payload_value(text: str, field: str) -> Template:
    """Compile the value of a member ending in ``.$``, or of a field that accepts a path or an intrinsic function.

    Args:
        text: a path or a call.
        field: the name of the member or field, for example ``name.$`` or ``CausePath``.

    Raises:
        TemplateSyntaxError: it is neither.
    """
    # AWS's words, with the reason after them.
    refusal = f"The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
    if not isinstance(text, str):
        raise TemplateSyntaxError(f"{refusal}, in a string; it is {compact_json(text)}")
    try:
        if text.startswith("$"):
            return Template(_path_evaluator(compile_path(text), field), constant=False)
        call = compile_intrinsic(text)
    except (PathSyntaxError, IntrinsicSyntaxError) as error:
        raise TemplateSyntaxError(f"{refusal}. {error}") from error
    return Template(call.evaluate, constant=False, warnings=call.warnings)


def _path_evaluator(path: JsonPath, field: str) -> Evaluator:
    def evaluate(scope: Scope, _entropy: Randomness) -> Json:
        require_input(path, scope)
        try:
            return path.read(scope)
        except PathNotFound as missing:
            if missing.miss == "beyond the end":
                return None  # recorded: an index beyond the end of its array is null here, unlike in an intrinsic
            raise _not_found(path, field, scope) from missing

    return evaluate


def _not_found(path: JsonPath, field: str, scope: Scope) -> StatesError:
    data = scope.context if path.root == "context" else scope.input
    cause = f"The JSONPath '{path.text}' specified for the field '{field}' could not be found in the input"
    return StatesError("States.Runtime", f"{cause} '{compact_json(data)}'")


def _compile_jsonpath(value: Json, field: str) -> Template:
    if isinstance(value, dict):
        return _join_object(value, (_jsonpath_member(name, item) for name, item in value.items()))
    if isinstance(value, list):
        return _join_array(value, (_compile_jsonpath(item, field) for item in value))
    return _constant(value)


def _jsonpath_member(name: str, value: Json) -> tuple[str, Template]:
    if name.endswith(_DYNAMIC):
        return name.removesuffix(_DYNAMIC), compile_payload_value(value, name)
    return name, _compile_jsonpath(value, name)


def _compile_jsonata(value: Json, field: str) -> Template:
    if isinstance(value, dict):
        members = ((name, _compile_jsonata(item, f"{field}/{name}")) for name, item in value.items())
        return _join_object(value, members)
    if isinstance(value, list):
        return _join_array(value, (_compile_jsonata(item, f"{field}[{index}]") for index, item in enumerate(value)))
    if is_jsonata(value):
        from sfn_provider.asl.jsonata import compile_jsonata

        source = value[2:-2].strip()
        return Template(compile_jsonata(source, field).evaluate, constant=False)
    return _constant(value)


_COMPILERS: dict[str, Callable[[Json, str], Template]] = {"JSONPath": _compile_jsonpath, "JSONata": _compile_jsonata}


def _constant(value: Json) -> Template:
    return Template(lambda _scope, _entropy: value, constant=True)


def _join(value: Json, base: Json, parts: list[tuple[Any, Template]]) -> Template:
    """Combine the templates of a container's parts.

    Args:
        value: the container as written, the result where no part is dynamic.
        base: the same with the names that the result has.
        parts: name or index in base, and template, of every part.
    """
    # Every part is in its place from the start; dynamic ones are replaced.
    dynamic = tuple((key, template.evaluate) for key, template in parts if not template.constant)
    if not dynamic:
        return _constant(value)

    def evaluate(scope: Scope, entropy: Randomness) -> Json:
        result = base.copy()
        for key, part in dynamic:
            result[key] = part(scope, entropy)
        return result

    warnings = tuple(warning for _, template in parts for warning in template.warnings)
    return Template(evaluate, constant=False, warnings=warnings)


def _join_object(value: dict[str, Json], members: Iterable[tuple[str, Template]]) -> Template:
    compiled = list(members)
    base = {name: item for (name, _), item in zip(compiled, value.values(), strict=True)}
    return _join(value, base, compiled)


def _join_array(value: list[Json], items: Iterable[Template]) -> Template:
    return _join(value, value, list(enumerate(items)))
