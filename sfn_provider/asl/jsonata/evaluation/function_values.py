"""Implements the function values of an evaluation: lambdas, transforms and partial applications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sfn_provider.asl.jsonata.budget import EvaluationBudget
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions.arrays import clone
from sfn_provider.asl.jsonata.library import Jsonata, Symbol


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


class TransformFunction(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """The function that ``|pattern|update,delete|`` stands for. It changes a copy.

    Args:
        node: the transform in the syntax tree.
        evaluate: evaluates a node with an input as its context.
        budget: the work of the evaluation that it is used in.
    """

    arity = 1

    def __init__(self, node: Any, evaluate: Callable[[Any, Any], Any], budget: EvaluationBudget) -> None:
        self.node = node
        self.evaluate = evaluate
        self.budget = budget

    def call(self, input: Any, args: Any) -> Any:
        """Copy the first argument and change the parts of it that the pattern finds.

        Raises:
            JsonataError: T2011 where the update is no object, T2012 where the deletion is no list of texts.
        """
        target = args[0] if args else None
        if target is None:
            return None
        if not isinstance(target, (dict, list)):
            raise JsonataError("T0410", index=1)
        self.budget.spend_on_all_of((target,))
        result = clone(target)
        for part in _as_list(self.evaluate(self.node.pattern, result)):
            self._update(part)
            self._delete(part)
        return result

    def _update(self, part: Any) -> None:
        update = self.evaluate(self.node.update, part)
        if update is not None and not isinstance(update, dict):
            raise JsonataError("T2011", value=update)
        if isinstance(part, dict):
            part.update(update or {})

    def _delete(self, part: Any) -> None:
        if self.node.delete is None:
            return
        found = self.evaluate(self.node.delete, part)
        names = _as_list(found)
        if not all(isinstance(name, str) for name in names):
            raise JsonataError("T2012", value=found)
        for name in names if isinstance(part, dict) else ():
            part.pop(name, None)


class PartialApplication(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """A built-in function with some of its arguments bound.

    Args:
        function: takes the complete list of arguments.
        args: the arguments in order; the syntax node ``?`` stands for one that is left open.
    """

    def __init__(self, function: Callable[[list[Any]], Any], args: list[Any]) -> None:
        self.function = function
        self.args = args
        self.arity = sum(map(is_open_argument, args))

    def call(self, input: Any, args: Any) -> Any:
        """Call the function with these arguments in the open places."""
        rest = iter(args)
        return self.function([next(rest, None) if is_open_argument(arg) else arg for arg in self.args])


def is_open_argument(arg: Any) -> bool:
    """Return whether an argument of a partial application is the ``?`` that leaves it open."""
    return isinstance(arg, Symbol) and arg.type == "operator" and arg.value == "?"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
