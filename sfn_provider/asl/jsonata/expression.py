"""Expressions: compiled once, evaluated for a scope."""

from __future__ import annotations

import functools
import json
import random
import sys
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import ModuleType
from typing import Any, Final, Literal

from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS
from sfn_provider.asl.jsonata.result_values import plain
from sfn_provider.asl.jsonata.shortcuts import NO_SHORTCUT, Constant, Member, states_of
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.exceptions import QueryEvaluationError

JsonType = Literal["array", "object", "string", "number", "boolean", "null"]

_TYPES: Final[dict[type, JsonType]] = {
    list: "array",
    dict: "object",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


class JsonataSyntaxError(ValueError):
    """A text that is no JSONata; AWS refuses the definition (INVALID_JSONATA_EXPRESSION).

    Args:
        source: the expression.
        field: where it stands in the state.
        reason: what is wrong, as AWS says it.
        code: the JSONata error code, for example ``S0202``; empty where there is none.
        position: index of the character in source at which it was noticed, from 0.
    """

    def __init__(self, source: str, field: str, reason: str, code: str, position: int) -> None:
        self.source = source
        self.field = field
        self.reason = reason
        self.code = code
        self.position = position
        super().__init__(source, field, reason, code, position)

    def __str__(self) -> str:
        return f"{self.field}: '{self.source}' is not a JSONata expression: {self.reason} (character {self.position})"


@dataclass(frozen=True, slots=True)
class _Program:
    """What all expressions of the same text share."""

    tree: Any
    shortcut: Constant | Member | None
    variables: frozenset[str]
    states_fields: frozenset[str]
    whole_states: bool
    top_level: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. It holds no state: evaluate it from several threads, and inside of itself.

    Args:
        source: the text between ``{%`` and ``%}``, stripped.
        field: where it stands in the state, for messages: ``Items``, ``Arguments/foo``, ``Choices[1]/Condition``.
    """

    source: str
    field: str
    _program: _Program = dataclass_field(repr=False, compare=False)

    @property
    def references(self) -> frozenset[str]:
        """Names of variables it reads and does not bind itself, without dollar sign.

        ``states`` and built-in functions are not among them; a built-in function that a workflow variable hides is
        among ``functions``.
        """
        return self._program.variables - BUILT_IN_FUNCTIONS - {"states"}

    @property
    def functions(self) -> frozenset[str]:
        """Names of built-in functions that it uses, without dollar sign."""
        return self._program.variables & BUILT_IN_FUNCTIONS

    @property
    def states_fields(self) -> frozenset[str]:
        """Fields of ``$states`` that it names: ``input``, ``result``, ``errorOutput``, ``context``, or a wrong one."""
        return self._program.states_fields

    @property
    def reads_whole_states(self) -> bool:
        """Whether it reads ``$states`` other than by a field's name, so that it may read any of them."""
        return self._program.whole_states

    @property
    def unsupported_references(self) -> tuple[str, ...]:
        """What AWS refuses a definition for with UNSUPPORTED_JSONATA_EXPRESSION, one sentence each, as AWS says it.

        A bare name or ``$`` outside of any path has nothing to refer to, because an expression has no input document.
        """
        return tuple(
            f"Reference to '{name}' is not supported."
            if name == "$$"
            else f"Reference to '{name}' at the top level is not supported."
            for name in self._program.top_level
        )

    def evaluate(self, scope: Scope, entropy: random.Random, expected: JsonType | None = None) -> Json:
        """Evaluate the expression.

        Args:
            scope: the data it sees: ``$states`` and a ``$name`` for each variable. It is not changed. ``$now()`` and
                ``$millis()`` are the context object's ``State.EnteredTime``, not the clock.
            entropy: what ``$random()``, ``$uuid()`` and ``$shuffle()`` draw from.
            expected: the type that the field takes; None for any.

        Returns:
            Plain JSON that shares no list or dict with the scope.

        Raises:
            QueryEvaluationError: the cause is AWS's sentence after its standard prefix, the location is the field.
        """
        try:
            value = self._value(scope, entropy)
        except RecursionError as error:
            raise self._error(f"threw an error during evaluation: {_library().STACK_OVERFLOW}") from error
        if value is MISSING:
            raise self._error("returned nothing (undefined).")
        if expected is not None:
            check_type(value, expected, self.source, self.field)
        return value

    def _value(self, scope: Scope, entropy: random.Random) -> Json:
        short = self._program.shortcut
        if short is not None and self._applies(short, scope):
            value = short(scope)
            if value is not NO_SHORTCUT:
                return value
        return self._evaluate(scope, entropy)

    @staticmethod
    def _applies(short: Constant | Member, scope: Scope) -> bool:
        """Tell whether a shortcut means a value: a name that no variable has may be a function."""
        return (
            isinstance(short, Constant) or short.variable not in BUILT_IN_FUNCTIONS or short.variable in scope.variables
        )

    def _evaluate(self, scope: Scope, entropy: random.Random) -> Json:
        library = _library()
        variables = {name: scope.variables[name] for name in self._program.variables if name in scope.variables}
        if "states" in self._program.variables:
            variables["states"] = states_of(scope)
        try:
            value = library.Evaluator(variables, scope.context, entropy).run(self._program.tree)
            return MISSING if value is None else library.from_value(value)
        except library.JException as error:
            raise self._error(f"threw an error during evaluation{library.tail(error)}") from error
        except library.UnsupportedResult as error:
            raise self._error("returned an unsupported result type.") from error
        except RecursionError:
            raise
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            # What the library does not foresee; the reference has no words for it.
            raise self._error(f"threw an error during evaluation: {error}") from error

    def _error(self, what: str) -> QueryEvaluationError:
        return QueryEvaluationError(f"{_subject(self.source, self.field)} {what}", self.field)


def _subject(source: str, field: str) -> str:
    return f"The JSONata expression '{source}' specified for the field '{field}'"


def check_type(value: Json, expected: JsonType, source: str, field: str) -> None:
    """Check that an expression's value has the type that its field takes.

    Args:
        value: plain JSON.
        expected: ``array``, ``object``, ``string``, ``number``, ``boolean`` or ``null``.
        source: the expression.
        field: where it stands in the state.

    Raises:
        QueryEvaluationError: it has another type; in AWS's words.
    """
    found = _TYPES[type(value)]
    if found != expected:
        text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
        raise QueryEvaluationError(
            f"{_subject(source, field)} returned an unexpected result type. "
            f"Expected '{expected}', but was '{found}' for value: {text}",
            field,
        )


@functools.lru_cache(maxsize=8192)
def compile_jsonata(source: str, field: str) -> Expression:
    """Compile an expression.

    Args:
        source: the text between ``{%`` and ``%}``.
        field: where it stands in the state, for messages: ``Items``, ``Output/a``, ``Choices[0]/Condition``.

    Raises:
        JsonataSyntaxError: the text is no JSONata 2.0.6.
    """
    text = source.strip()
    library = _library()
    try:
        return Expression(text, field, _program(text))
    except library.ParseError as error:
        raise JsonataSyntaxError(text, field, error.reason, error.code, error.position) from error


@functools.lru_cache(maxsize=4096)
def _program(source: str) -> _Program:
    library = _library()
    tree = library.parse(source)
    found = library.references(tree)
    return _Program(
        tree=tree,
        shortcut=library.shortcut(tree),
        variables=frozenset(found.variables),
        states_fields=frozenset(found.states_fields),
        whole_states=found.whole_states,
        top_level=tuple(dict.fromkeys(found.top_level)),
    )


@functools.cache
def _library() -> ModuleType:
    """Import what needs jsonata-python, and undo what its import does to the process.

    It sets Python's recursion limit to 10,000. AWS's bound on depth needs about 350 frames.
    """
    before = sys.getrecursionlimit()
    from sfn_provider.asl.jsonata import runtime

    sys.setrecursionlimit(before)
    return runtime
