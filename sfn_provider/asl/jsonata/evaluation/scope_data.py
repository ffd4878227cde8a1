"""Binds the scope's data to variables without copying what an expression does not read."""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.asl.jsonata.library import Symbol
from sfn_provider.asl.jsonata.values import to_value
from sfn_provider.asl.scope import Json

_SYMBOL_DEFAULTS: Final[dict[str, Any]] = dict(Symbol(None).__dict__)


class ScopeData:
    """Data of the scope that is bound to a variable and converted into the evaluator's form where it is read."""

    __slots__ = ("_converted", "data")

    def __init__(self, data: Json, converted: dict[int, Any]) -> None:
        self.data = data
        self._converted = converted

    def convert(self, data: Json) -> Any:
        """Return the evaluator's form of this data or of a part of it, the same object each time."""
        if not isinstance(data, (dict, list)):
            return to_value(data)
        found = self._converted.get(id(data))
        if found is None:
            found = self._converted[id(data)] = to_value(data)
        return found


class ConstantStep(Symbol):  # type: ignore[misc]
    """The first step of a path, with a value that is known already."""

    def __init__(self, value: Any) -> None:
        self.__dict__ = {**_SYMBOL_DEFAULTS, "type": "constant", "value": value}
