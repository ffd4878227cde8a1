"""Evaluates a syntax tree with the reference's semantics, AWS's limits and explicit inputs."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from sfn_provider.asl.jsonata.budget import EvaluationBudget, work_of
from sfn_provider.asl.jsonata.equality import is_equal
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.evaluation.function_values import (
    Closure,
    PartialApplication,
    TransformFunction,
    is_open_argument,
)
from sfn_provider.asl.jsonata.evaluation.grouping import make_object
from sfn_provider.asl.jsonata.evaluation.operators import calculate, compare, make_range
from sfn_provider.asl.jsonata.evaluation.order_by import sort_by_terms
from sfn_provider.asl.jsonata.evaluation.scope_data import ConstantStep, ScopeData
from sfn_provider.asl.jsonata.evaluation.signatures import bind_arguments
from sfn_provider.asl.jsonata.functions.arrays import contains_item
from sfn_provider.asl.jsonata.functions.dates import iso_to_millis
from sfn_provider.asl.jsonata.functions.numeric import is_finite_number, to_boolean
from sfn_provider.asl.jsonata.functions.strings import to_string
from sfn_provider.asl.jsonata.functions.table import BASE_FRAME, BuiltIn
from sfn_provider.asl.jsonata.library import NULL, Frame, Functions, Jsonata, Sequence, Utils
from sfn_provider.asl.jsonata.limits import (
    MAX_ARRAY_ITEMS,
    MAX_STRING_LENGTH,
    MEMORY_LIMIT,
    STACK_OVERFLOW,
    EvaluationLimits,
)
from sfn_provider.asl.jsonata.normalized_json import to_double
from sfn_provider.asl.jsonata.regular_expressions import MatchingBudget
from sfn_provider.asl.jsonata.values import float_to_int, is_function
from sfn_provider.asl.scope import Json, Randomness

MAX_DEPTH: Final = 100
"""How deep evaluation may nest on AWS: 100 terms of a sum, 31 calls of a simple recursive function."""

_WORK_OF_A_CONTAINER: Final = 2
"""The work of making an array beside that of the node that makes it."""


class Evaluator(Jsonata):  # type: ignore[misc]
    """One evaluation of one expression.

    Args:
        variables: what is bound, by name without dollar sign, as JSON.
        context: the context object, or a function that makes it; ``$now()`` is its ``State.EnteredTime``, else its
            ``Execution.StartTime``.
        entropy: the source of randomness.
        limits: what it may take.
    """

    def __init__(
        self,
        variables: Mapping[str, Json],
        context: Mapping[str, Json] | Callable[[], Mapping[str, Json]],
        entropy: Randomness,
        limits: EvaluationLimits,
    ) -> None:
        converted: dict[int, Any] = {}
        self.parser = None
        self.environment = Frame(BASE_FRAME)
        bindings = self.environment.bindings
        for name, data in variables.items():
            bindings[name] = ScopeData(data, converted)
        self.context = context
        self.entropy = entropy
        self.budget = EvaluationBudget(limits.work)
        self.matching_budget = MatchingBudget(limits.matching_seconds)
        self.depth = 0

    def run(self, tree: Any) -> Any:
        """Evaluate a syntax tree; None is undefined, the library's NULL is JSON null."""
        return self.eval(tree, None, self.environment)

    def now_millis(self) -> int | float:
        """Return when the state was entered, in milliseconds since the epoch.

        Raises:
            JsonataError: the context object does not say.
        """
        context = self.context() if callable(self.context) else self.context
        for part, name in (("State", "EnteredTime"), ("Execution", "StartTime")):
            found = (context.get(part) or {}).get(name)
            if isinstance(found, str):
                return iso_to_millis(found)
            if isinstance(found, datetime.datetime):
                return math.floor(found.timestamp() * 1000)
        raise JsonataError("D3137", "the context object has no State.EnteredTime to take the time from")

    def eval(self, expr: Any, input: Any, environment: Any) -> Any:
        """Evaluate a node; replaces the library's, which looks up callbacks and its thread at every node."""
        self.depth += 1
        budget = self.budget
        budget.left -= 1
        if self.depth > MAX_DEPTH:
            raise JsonataError(None, STACK_OVERFLOW)
        if budget.left < budget.next_check:
            budget.check()
        handler = _HANDLERS.get(expr.type)
        result = handler(self, expr, input, environment) if handler is not None else None
        if expr.predicate is not None:
            for item in expr.predicate:
                result = self.evaluate_filter(item.expr, result, environment)
        if expr.group is not None and expr.type != "path":
            result = self.evaluate_group_expression(expr.group, result, environment)
        self.depth -= 1
        if isinstance(result, (list, str)):
            if expr.type not in _NAMING_TYPES:
                budget.spend(work_of(result) + (_WORK_OF_A_CONTAINER if isinstance(result, list) else 0))
            return self._collapse(expr, result)
        return result

    def _collapse(self, expr: Any, result: Any) -> Any:
        """Return the item of a sequence of one, undefined for an empty one; refuse what is too large."""
        if len(result) > (MAX_STRING_LENGTH if isinstance(result, str) else MAX_ARRAY_ITEMS):
            raise JsonataError(None, MEMORY_LIMIT)
        if isinstance(result, Sequence) and result.sequence and not result.tuple_stream:
            if expr.keep_array:
                result.keep_singleton = True
            if not result:
                return None
            if len(result) == 1 and not result.keep_singleton:
                return result[0]
        return result

    def evaluate_path(self, expr: Any, input: Any, environment: Any) -> Any:
        """Walk the plain names at the start of a path over the scope's own data, and leave the rest to the library."""
        if getattr(expr, "plain_steps", 0):
            root = environment.lookup(expr.steps[0].value)
            if type(root) is ScopeData:
                return self._evaluate_scope_path(expr, root, environment)
        return super().evaluate_path(expr, input, environment)

    def _evaluate_scope_path(self, expr: Any, root: ScopeData, environment: Any) -> Any:
        data, used = root.data, 1
        while used < expr.plain_steps and isinstance(data, dict):
            if expr.steps[used].value not in data:
                return self._missing(expr, environment)
            data = data[expr.steps[used].value]
            used += 1
        if used == len(expr.steps):
            return root.convert(data)
        if used < expr.plain_steps and not isinstance(data, list):
            return self._missing(expr, environment)
        first = ConstantStep(root.convert(data))
        rest = SimpleNamespace(
            steps=[first, *expr.steps[used:]],
            tuple=expr.tuple,
            keep_singleton_array=expr.keep_singleton_array,
            group=expr.group,
        )
        return super().evaluate_path(rest, None, environment)

    def _missing(self, expr: Any, environment: Any) -> Any:
        return self.evaluate_group_expression(expr.group, None, environment) if expr.group is not None else None

    def evaluate_variable(self, expr: Any, input: Any, environment: Any) -> Any:
        """Look a variable up; ``$`` is the context."""
        if expr.value == "":
            return input
        found = environment.lookup(expr.value)
        return found.convert(found.data) if type(found) is ScopeData else found

    def evaluate_lambda(self, expr: Any, input: Any, environment: Any) -> Any:
        """Make a function value."""
        return Closure(expr, input, environment)

    def evaluate_apply_expression(self, expr: Any, input: Any, environment: Any) -> Any:
        """``lhs ~> function`` and ``lhs ~> function(more)``; two functions make a third."""
        lhs = self.eval(expr.lhs, input, environment)
        if expr.rhs.type == "function":
            return self.evaluate_function(expr.rhs, input, environment, lhs)
        function = self.eval(expr.rhs, input, environment)
        if not is_function(function):
            raise JsonataError("T2006", value=function)
        if is_function(lhs):
            return self.apply(self.eval(Jsonata.chain_ast(), None, environment), [lhs, function], NULL, environment)
        return self.apply(function, [lhs], NULL, environment)

    def evaluate_condition(self, expr: Any, input: Any, environment: Any) -> Any:
        """``condition ? then : else``."""
        if to_boolean(self.eval(expr.condition, input, environment)):
            return self.eval(expr.then, input, environment)
        return None if expr._else is None else self.eval(expr._else, input, environment)

    def evaluate_binary(self, expr: Any, input: Any, environment: Any) -> Any:
        """All operators with two sides; the library hides what goes wrong on the right of ``and`` and ``or``."""
        operator = expr.value
        lhs = self.eval(expr.lhs, input, environment)
        if operator in ("and", "or"):
            return self.evaluate_boolean_expression(lhs, lambda: self.eval(expr.rhs, input, environment), operator)
        rhs = self.eval(expr.rhs, input, environment)
        if isinstance(lhs, _LONG_TYPES) or isinstance(rhs, _LONG_TYPES):
            (self.budget.spend_on_all_of if operator in _DEEP_OPERATORS else self.budget.spend_on)((lhs, rhs))
        if operator == "&":
            return self.evaluate_string_concat(lhs, rhs)
        return _OPERATORS[operator](lhs, rhs, operator)

    def evaluate_boolean_expression(self, lhs: Any, evalrhs: Callable[[], Any], op: Any) -> bool:
        """The operators ``and`` and ``or``."""
        left = bool(to_boolean(lhs))
        if left == (op == "or"):
            return left
        try:
            return bool(to_boolean(evalrhs()))
        except JsonataError as failure:  # the reference names this operator for whatever went wrong on its right side
            failure.values["token"] = op
            raise

    def evaluate_transform_expression(self, expr: Any, input: Any, environment: Any) -> Any:
        """Make the function that a transform stands for."""
        evaluate = partial(self._evaluate_in, environment)
        return TransformFunction(expr, evaluate, self.budget)

    def _evaluate_in(self, environment: Any, node: Any, context: Any) -> Any:
        return self.eval(node, context, environment)

    def evaluate_partial_application(self, expr: Any, input: Any, environment: Any) -> Any:
        """``function(argument, ?)``; the library takes no partial applications for functions."""
        args = [arg if is_open_argument(arg) else self.eval(arg, input, environment) for arg in expr.arguments]
        function = self.eval(expr.procedure, input, environment)
        if is_function(function):
            if Functions.is_lambda(function):
                return self.partial_apply_procedure(function, args)

            def call(full: list[Any]) -> Any:
                return self.apply(function, full[: function.arity], NULL, self.environment)

            return PartialApplication(call, args)
        name = expr.procedure.steps[0].value if expr.procedure.type == "path" else None
        if function is None and name is not None and environment.lookup(str(name)) is not None:
            raise JsonataError("T1007", token=name)
        raise JsonataError("T1008")

    def apply_inner(self, proc: Any, args: Any, input: Any, environment: Any) -> Any:
        """Call a function value; the library's prints to stdout where there is none."""
        if Functions.is_lambda(proc):
            if proc.signature is not None:
                args = bind_arguments(proc.signature, args, input, proc.token)
            return self.apply_procedure(proc, args)
        if isinstance(proc, BuiltIn):
            self.budget.spend(proc.work)
            (self.budget.spend_on_all_of if proc.visits_all else self.budget.spend_on)(args)
            if proc.checks is not None:
                args = bind_arguments(proc.checks, args, input, proc.name)
                if not proc.takes_undefined and args[0] is None:
                    return None
            elif len(args) > proc.arity:
                raise JsonataError("T0410", index=proc.arity + 1, token=proc.name)
            found = proc.implementation(self, *args) if proc.needs_evaluator else proc.implementation(*args)
            return float_to_int(found)
        if isinstance(proc, Jsonata.JFunctionCallable):
            return proc.call(input, args)
        raise JsonataError("T1006")

    def evaluate_filter(self, predicate: Any, input: Any, environment: Any) -> Any:
        """Select by position or condition; the library cuts negative fractions to the wrong side."""
        if predicate.type == "number":
            items = input if isinstance(input, list) else [] if input is None else [input]
            index = math.floor(predicate.value)
            index += len(items) if index < 0 else 0
            results = self._empty_sequence_like(input)
            if not 0 <= index < len(items):
                return results
            if isinstance(items[index], list):
                return items[index]
            results.append(items[index])
            return results
        return self._filter_by_condition(predicate, input, environment)

    def _filter_by_condition(self, predicate: Any, input: Any, environment: Any) -> Any:
        items = input if isinstance(input, list) else [] if input is None else [input]
        results = self._empty_sequence_like(input)
        for index, item in enumerate(items):
            context, frame = item, environment
            if results.tuple_stream:
                context, frame = item["@"], self.create_frame_from_tuple(environment, item)
            found = self.eval(predicate, context, frame)
            if is_finite_number(found):
                found = [found]
            if isinstance(found, list) and all(map(is_finite_number, found)):
                positions = [math.floor(position) for position in found]
                results.extend(item for position in positions if position in (index, index - len(items)))
            elif to_boolean(found):
                results.append(item)
        return results

    @staticmethod
    def _empty_sequence_like(input: Any) -> Any:
        results = Sequence()
        results.sequence = True
        results.tuple_stream = isinstance(input, Sequence) and input.tuple_stream
        return results

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        """The operator ``&``; undefined is empty."""
        return (to_string(lhs) or "") + (to_string(rhs) or "")

    def evaluate_sort_expression(self, expr: Any, input: Any, environment: Any) -> Any:
        """``^(...)``; the library orders text by characters, not by units of UTF-16."""
        return sort_by_terms(self, expr, input, environment)

    def evaluate_name(self, expr: Any, input: Any, environment: Any) -> Any:
        """Read a member, of an array that of each item."""
        if isinstance(input, list):
            self.budget.spend(work_of(input))
        return super().evaluate_name(expr, input, environment)

    def evaluate_wildcard(self, expr: Any, input: Any) -> Any:
        """``*``: of an array its items, with those of the arrays in it."""
        if isinstance(input, (list, dict)):
            self.budget.spend_on_all_of((input,))
        return super().evaluate_wildcard(expr, input)

    def evaluate_descendants(self, expr: Any, input: Any) -> Any:
        """``**``: everything inside of a value."""
        if isinstance(input, (list, dict)):
            self.budget.spend_on_all_of((input,))
        return super().evaluate_descendants(expr, input)

    def evaluate_group_expression(self, expr: Any, input: Any, environment: Any) -> Any:
        """Make an object; the library writes into an empty input, and copies a group for each of its items."""
        return make_object(self, expr, input, environment)


def _equal(lhs: Any, rhs: Any, op: str) -> bool:
    """The operators ``=`` and ``!=``; numbers are doubles, and undefined is neither equal nor unequal."""
    if lhs is None or rhs is None:
        return False
    lhs, rhs = (to_double(side) if type(side) is int else side for side in (lhs, rhs))
    return is_equal(lhs, rhs) is (op == "=")


_OPERATORS: Final[dict[str, Callable[[Any, Any, str], Any]]] = {
    **dict.fromkeys(("+", "-", "*", "/", "%"), calculate),
    **dict.fromkeys(("<", "<=", ">", ">="), compare),
    **dict.fromkeys(("=", "!="), _equal),
    "..": lambda lhs, rhs, _op: make_range(lhs, rhs),
    "in": lambda lhs, rhs, _op: lhs is not None and rhs is not None and contains_item(lhs, rhs),
}
"""How to evaluate each operator on the values of its sides, but for ``and``, ``or`` and ``&``."""

_DEEP_OPERATORS: Final = frozenset(("=", "!=", "&"))
"""Operators that visit everything in their sides."""

_LONG_TYPES: Final = (str, list, dict)

_NAMING_TYPES: Final = frozenset(("variable", "constant", "string", "value"))
"""Types of nodes whose value exists already."""

_HANDLERS: Final[dict[str, Callable[[Any, Any, Any, Any], Any]]] = {
    "constant": lambda evaluator, expr, input, environment: expr.value,
    "path": Evaluator.evaluate_path,
    "binary": Evaluator.evaluate_binary,
    "unary": Evaluator.evaluate_unary,
    "name": Evaluator.evaluate_name,
    **dict.fromkeys(
        ("string", "number", "value"),
        lambda evaluator, expr, input, environment: evaluator.evaluate_literal(expr),
    ),
    "wildcard": lambda evaluator, expr, input, environment: evaluator.evaluate_wildcard(expr, input),
    "descendant": lambda evaluator, expr, input, environment: evaluator.evaluate_descendants(expr, input),
    "parent": lambda evaluator, expr, input, environment: environment.lookup(expr.slot.label),
    "condition": Evaluator.evaluate_condition,
    "block": Evaluator.evaluate_block,
    "bind": Evaluator.evaluate_bind_expression,
    "regex": lambda evaluator, expr, input, environment: expr.value.with_budget(evaluator.matching_budget),
    "function": lambda evaluator, expr, input, environment: evaluator.evaluate_function(
        expr, input, environment, Utils.NONE
    ),
    "variable": Evaluator.evaluate_variable,
    "lambda": Evaluator.evaluate_lambda,
    "partial": Evaluator.evaluate_partial_application,
    "apply": Evaluator.evaluate_apply_expression,
    "transform": Evaluator.evaluate_transform_expression,
}
"""How to evaluate each type of node."""
