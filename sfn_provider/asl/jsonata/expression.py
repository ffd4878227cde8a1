"""Compiles JSONata expressions and evaluates them for a scope, with the causes that AWS gives errors."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal

from sfn_provider.asl.json_values.java_values import compact_json
from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS
from sfn_provider.asl.jsonata.normalized_json import normalize_json
from sfn_provider.asl.scope import MISSING, Json, Randomness, Scope
from sfn_provider.exceptions import QueryEvaluationError

if TYPE_CHECKING:
    from sfn_provider.asl.jsonata.limits import EvaluationLimits
    from sfn_provider.asl.jsonata.program import Program

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
        tokens: how many names, values and operators were read until then.
    """

    def __init__(self, source: str, field: str, reason: str, code: str, position: int, tokens: int) -> None:
        self.source = source
        self.field = field
        self.reason = reason
        self.code = code
        self.position = position
        self.tokens = tokens
        super().__init__(source, field, reason, code, position, tokens)

    def __str__(self) -> str:
        return f"{self.field}: '{self.source}' is not a JSONata expression: {self.reason} (character {self.position})"


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. It holds no state: evaluate it from several threads, and inside of itself.

    Args:
        source: the text between ``{%`` and ``%}``, stripped.
        field: where it stands in the state, for messages: ``Items``, ``Arguments/foo``, ``Choices[1]/Condition``.
    """

    source: str
    field: str
    _program: Program = dataclass_field(repr=False, compare=False)

    @property
    def syntax_tree(self) -> Any:
        """The library's syntax tree, with what ``parser.parse`` adds to it. It is shared: do not change it."""
        return self._program.tree

    @property
    def tokens(self) -> int:
        """How many names, values and operators it has: compiling it takes as much."""
        return self._program.tokens

    @property
    def references(self) -> frozenset[str]:
        """Names of variables it reads and does not bind itself, without dollar sign.

        ``states`` and built-in functions are not among them; a built-in function that a workflow variable hides is
        among ``functions``.
        """
        return frozenset(self._program.references.variables - BUILT_IN_FUNCTIONS - {"states"})

    @property
    def functions(self) -> frozenset[str]:
        """Names of built-in functions that it uses, without dollar sign."""
        return BUILT_IN_FUNCTIONS & self._program.references.variables

    @property
    def states_fields(self) -> frozenset[str]:
        """Fields of ``$states`` that it names: ``input``, ``result``, ``errorOutput``, ``context``, or a wrong one."""
        return frozenset(self._program.references.states_fields)

    @property
    def reads_any_states_field(self) -> bool:
        """Whether it reads ``$states`` other than by a field's name, so that it may read any of them."""
        return self._program.references.any_states_field

    @property
    def context_paths(self) -> tuple[tuple[str, ...], ...]:
        """The names behind each ``$states.context``, as far as they are plain, but for those in ``$exists(...)``."""
        return tuple(dict.fromkeys(self._program.references.context_paths))

    @property
    def unsupported_references(self) -> tuple[str, ...]:
        """What AWS refuses a definition for with UNSUPPORTED_JSONATA_EXPRESSION, one sentence each, as AWS says it.

        A bare name or ``$`` outside of any path has nothing to refer to, because an expression has no input document.
        """
        return tuple(
            f"Reference to '{name}' is not supported."
            if name == "$$"
            else f"Reference to '{name}' at the top level is not supported."
            for name in dict.fromkeys(self._program.references.top_level)
        )

    def evaluate(
        self,
        scope: Scope,
        entropy: Randomness,
        expected: JsonType | None = None,
        *,
        limits: EvaluationLimits | None = None,
    ) -> Json:
        """Evaluate the expression.

        Args:
            scope: the data it sees: ``$states`` and a ``$name`` for each variable. It is not changed. ``$now()`` and
                ``$millis()`` are the context object's ``State.EnteredTime``, not the clock.
            entropy: what ``$random()``, ``$uuid()`` and ``$shuffle()`` draw from.
            expected: the type that the field takes; None for any.
            limits: what it may take, and then what it has left; None for the bounds of an execution.

        Returns:
            Plain JSON that shares no list or dict with the scope.

        Raises:
            QueryEvaluationError: the cause is AWS's sentence after its standard prefix, the location is the field.
        """
        try:
            value = self._program.evaluate(scope, entropy, limits)
        except _library().EvaluationFailed as error:
            raise self._error(str(error)) from error
        if value is MISSING:
            raise self._error("returned nothing (undefined).")
        if expected is not None:
            check_type(value, expected, self.source, self.field)
        return value

    def _error(self, predicate: str) -> QueryEvaluationError:
        return QueryEvaluationError(f"{_subject(self.source, self.field)} {predicate}", self.field)


def _subject(source: str, field: str) -> str:
    return f"The JSONata expression '{source}' specified for the field '{field}'"


def check_type(value: Json, expected: JsonType, source: str, field: str) -> None:
    """Check that an expression's value has the type that its field takes.

    Args:
        value: JSON, also with `TracedJson` in it.
        expected: ``array``, ``object``, ``string``, ``number``, ``boolean`` or ``null``.
        source: the expression.
        field: where it stands in the state.

    Raises:
        QueryEvaluationError: it has another type; in AWS's words.
    """
    found = next(_TYPES[kind] for kind in type(value).__mro__ if kind in _TYPES)  # a `TracedJson` is a subclass
    if found != expected:
        raise QueryEvaluationError(
            f"{_subject(source, field)} returned an unexpected result type. "
            f"Expected '{expected}', but was '{found}' for value: {compact_json(normalize_json(value))}",
            field,
        )


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
        return Expression(text, field, library.compile_program(text))
    except library.ParseError as error:
        raise JsonataSyntaxError(text, field, error.reason, error.code, error.position, error.tokens) from error


@functools.cache
def _library() -> ModuleType:
    """Import what needs jsonata-python, and undo what its import does to the process.

    It sets Python's recursion limit to 10,000. AWS's bound on depth needs about 350 frames.
    """
    before = sys.getrecursionlimit()
    from sfn_provider.asl.jsonata import program

    sys.setrecursionlimit(before)
    return program
