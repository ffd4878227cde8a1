"""Defines the data that an expression may read while a state runs, and its source of randomness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence
from typing import Any, Final, Protocol

Json = Any
"""A JSON value: None, bool, int, float, str, list of Json, or dict of str to Json."""


class _Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Marks a missing value, where None would mean JSON null."""

_EMPTY: Final[Mapping[str, Json]] = {}


class Randomness(Protocol):
    """The methods of `random.Random` that expressions and retries use."""

    def random(self) -> float:
        """Return a number from 0 to below 1."""
        ...

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number between two others."""
        ...

    def randrange(self, start: int, stop: int, /) -> int:
        """Return an integer from ``start`` to below ``stop``."""
        ...

    def getrandbits(self, k: int, /) -> int:
        """Return an integer of ``k`` random bits."""
        ...

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Shuffle a list in place."""
        ...


class Scope:
    """The data that an expression can read.

    Args:
        input: what ``$`` means in JSONPath (the field's own input, for ResultSelector the raw result) and
            ``$states.input`` in JSONata (always the state's input).
        context: the context object, ``$$`` and ``$states.context``; or a function that makes it, which is called when
            an expression reads it first: few do.
        variables: values of ``$name`` by name without the dollar sign.
        result: ``$states.result``; MISSING where the field has none.
        error_output: ``$states.errorOutput``; MISSING outside of a Catch.
    """

    __slots__ = ("_context", "error_output", "input", "result", "variables")

    def __init__(
        self,
        input: Json,
        context: Mapping[str, Json] | Callable[[], Mapping[str, Json]] = _EMPTY,
        variables: Mapping[str, Json] = _EMPTY,
        result: Json = MISSING,
        error_output: Json = MISSING,
    ) -> None:
        self.input = input
        self._context = context
        self.variables = variables
        self.result = result
        self.error_output = error_output

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in ("input", "context", "variables", "result", "error_output")}
        return f"Scope({', '.join(f'{name}={value!r}' for name, value in values.items())})"

    @property
    def context(self) -> Mapping[str, Json]:
        """The context object."""
        found = self._context
        if callable(found):
            found = self._context = found()
        return found

    def replace_input(self, value: Json) -> Scope:
        """Return the same scope with another ``$``."""
        return Scope(value, self._context, self.variables)

    def add_result(self, result: Json) -> Scope:
        """Return the same scope with a ``$states.result``."""
        return Scope(self.input, self._context, self.variables, result, self.error_output)

    def add_error_output(self, error_output: Json) -> Scope:
        """Return the same scope with a ``$states.errorOutput``."""
        return Scope(self.input, self._context, self.variables, error_output=error_output)


class TracedJson:
    """Base of JSON values that are known by identity: expressions that only name a value return it uncopied."""

    __slots__ = ()
