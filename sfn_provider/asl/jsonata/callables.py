"""Function values that an evaluation makes, and what it binds and puts into paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.jsonata.errors import Failure
from sfn_provider.asl.jsonata.functions.arrays import clone
from sfn_provider.asl.jsonata.library import NULL, Jsonata, Symbol
from sfn_provider.asl.jsonata.values import to_value
from sfn_provider.asl.scope import Json

if TYPE_CHECKING:
    from sfn_provider.asl.jsonata.evaluator import Evaluator
    from sfn_provider.asl.jsonata.functions.table import BuiltIn

_FIXED: Final[dict[str, Any]] = dict(Symbol(None).__dict__)


class Raw:
    """Data of the scope that is bound to a variable and copied into the evaluator's form only where it is read."""

    __slots__ = ("_copies", "data")

    def __init__(self, data: Json, copies: dict[int, Any]) -> None:
        self.data = data
        self._copies = copies

    def value(self, data: Json) -> Any:
        """Return the evaluator's form of this data or of a part of it, the same object each time."""
        if not isinstance(data, (dict, list)):
            return to_value(data)
        found = self._copies.get(id(data))
        if found is None:
            found = self._copies[id(data)] = to_value(data)
        return found


class Given(Symbol):  # type: ignore[misc]
    """A first step of a path whose value is known."""

    def __init__(self, value: Any) -> None:
        self.__dict__ = {**_FIXED, "type": "given", "value": value}


class Closure(Symbol):  # type: ignore[misc]
    """A lambda with the frame it was made in. The library's symbol sets 45 attributes, which dominates short calls."""

    _jsonata_lambda = True
    type = None
    token = None
    position = 0

    def __init__(self, made_from: Any, input: Any, environment: Any) -> None:
        self.input = input
        self.environment = environment
        self.arguments = made_from.arguments
        self.signature = made_from.signature
        self.body = made_from.body
        self.thunk = made_from.thunk


class Transformer(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """The function that ``|pattern|update,delete|`` stands for. It changes a copy."""

    arity = 1

    def __init__(self, evaluator: Evaluator, node: Any, environment: Any) -> None:
        self.evaluator = evaluator
        self.node = node
        self.environment = environment

    def call(self, input: Any, args: Any) -> Any:
        """Copy the first argument and change the parts of it that the pattern finds.

        Raises:
            Failure: T2011 where the update is no object, T2012 where the deletion is no list of texts.
        """
        target = args[0] if args else None
        if target is None:
            return None
        if not isinstance(target, (dict, list)):
            raise Failure("T0410", index=1)
        result = clone(target)
        found = self.evaluator.eval(self.node.pattern, result, self.environment)
        for part in found if isinstance(found, list) else [] if found is None else [found]:
            self._update(part)
            self._delete(part)
        return result

    def _update(self, part: Any) -> None:
        update = self.evaluator.eval(self.node.update, part, self.environment)
        if update is not None and not isinstance(update, dict):
            raise Failure("T2011", value=update)
        if isinstance(part, dict):
            part.update(update or {})

    def _delete(self, part: Any) -> None:
        if self.node.delete is None:
            return
        found = self.evaluator.eval(self.node.delete, part, self.environment)
        names = found if isinstance(found, list) else [] if found is None else [found]
        if not all(isinstance(name, str) for name in names):
            raise Failure("T2012", value=found)
        for name in names if isinstance(part, dict) else ():
            part.pop(name, None)


class Partial(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """A built-in function with some of its arguments given."""

    def __init__(self, evaluator: Evaluator, function: BuiltIn, args: list[Any]) -> None:
        self.evaluator = evaluator
        self.function = function
        self.args = args
        self.arity = sum(map(_is_hole, args))

    def call(self, input: Any, args: Any) -> Any:
        """Call the function with the arguments given here in the places left open."""
        rest = iter(args)
        full = [next(rest, None) if _is_hole(arg) else arg for arg in self.args]
        return self.evaluator.apply(self.function, full[: self.function.arity], NULL, self.evaluator.environment)


def _is_hole(arg: Any) -> bool:
    return isinstance(arg, Symbol) and arg.type == "operator" and arg.value == "?"
