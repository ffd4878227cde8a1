"""Compiles the text of an expression and evaluates it with jsonata-python.

Import this lazily, see ``library``. Programs know nothing of fields and AWS's sentences: ``expression`` adds them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.asl.jsonata.budget import refuse_larger
from sfn_provider.asl.jsonata.errors import cause_suffix
from sfn_provider.asl.jsonata.evaluation.evaluator import Evaluator
from sfn_provider.asl.jsonata.library import JException
from sfn_provider.asl.jsonata.limits import (
    MAX_COMPILED_TOKENS,
    STACK_OVERFLOW,
    WORK_OF_EVALUATION,
    EvaluationLimits,
    add_work,
)
from sfn_provider.asl.jsonata.shortcuts import NO_SHORTCUT, Constant, VariablePath, find_shortcut, states_variable
from sfn_provider.asl.jsonata.syntax.parser import ParseError, parse
from sfn_provider.asl.jsonata.syntax.references import References, find_references
from sfn_provider.asl.jsonata.values import UnsupportedResult, from_value, join_surrogates
from sfn_provider.asl.scope import MISSING, Json, Randomness, Scope

__all__ = ["EvaluationFailed", "ParseError", "Program", "compile_program"]


class EvaluationFailed(Exception):
    """An evaluation ended without a value; the text is the predicate of AWS's sentence about the expression."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression, shared by all fields that hold the same text.

    Args:
        tree: the library's syntax tree.
        shortcut: answers the expression without the evaluator; None where it needs it.
        references: the variables and ``$states`` fields that the expression reads.
    """

    tree: Any
    shortcut: Constant | VariablePath | None
    references: References

    @property
    def tokens(self) -> int:
        """How many names, values and operators the expression has."""
        return int(self.tree.tokens)

    def evaluate(self, scope: Scope, entropy: Randomness, limits: EvaluationLimits | None = None) -> Json:
        """Evaluate the program.

        Args:
            scope: the data it sees.
            entropy: the source of randomness.
            limits: what it may take, and then what it has left; None for the bounds of an execution.

        Returns:
            Plain JSON; MISSING for undefined.

        Raises:
            EvaluationFailed: the evaluation raised an error, or its result is no JSON.
        """
        try:
            if self.shortcut is not None and (found := self.shortcut(scope)) is not NO_SHORTCUT:
                return found
            return self._evaluate(scope, entropy, limits or EvaluationLimits())
        except JException as error:
            suffix = join_surrogates(cause_suffix(error), "replace")
            raise EvaluationFailed(f"threw an error during evaluation{suffix}") from error
        except UnsupportedResult as error:
            raise EvaluationFailed("returned an unsupported result type.") from error
        except RecursionError as error:
            raise EvaluationFailed(f"threw an error during evaluation: {STACK_OVERFLOW}") from error
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            # What the library does not foresee; the reference has no words for it.
            raise EvaluationFailed(f"threw an error during evaluation: {error}") from error

    def _evaluate(self, scope: Scope, entropy: Randomness, limits: EvaluationLimits) -> Json:
        evaluator = Evaluator(self._variables(scope), lambda: scope.context, entropy, limits)
        try:
            value = evaluator.run(self.tree)
            refuse_larger(value)
            evaluator.budget.spend_on_all_of((value,))
            return MISSING if value is None else from_value(value)
        finally:
            used = limits.work - evaluator.budget.left
            limits.work, limits.matching_seconds = evaluator.budget.left, evaluator.matching_budget.seconds
            add_work(used + WORK_OF_EVALUATION)

    def _variables(self, scope: Scope) -> dict[str, Json]:
        references = self.references
        variables = {name: scope.variables[name] for name in references.variables if name in scope.variables}
        if "states" in references.variables:
            reads_context = references.any_states_field or "context" in references.states_fields
            variables["states"] = states_variable(scope, with_context=reads_context)
        return variables


class _RecentPrograms:
    """The programs that were used last, as many as have `MAX_COMPILED_TOKENS` together."""

    def __init__(self) -> None:
        self._programs: OrderedDict[str, Program] = OrderedDict()
        self._tokens = 0
        self._lock = threading.Lock()

    def get(self, source: str) -> Program | None:
        """Return the program of an expression, None if it is not there."""
        with self._lock:
            found = self._programs.get(source)
            if found is not None:
                self._programs.move_to_end(source)
            return found

    def add(self, source: str, program: Program) -> None:
        """Add a program, in place of those that were not used for the longest time."""
        with self._lock:
            if source in self._programs:  # another thread was faster
                return
            self._programs[source] = program
            self._tokens += program.tokens
            while self._tokens > MAX_COMPILED_TOKENS:
                _, oldest = self._programs.popitem(last=False)
                self._tokens -= oldest.tokens


_recent: Final = _RecentPrograms()


def compile_program(source: str) -> Program:
    """Compile an expression.

    Args:
        source: the text between ``{%`` and ``%}``, stripped.

    Raises:
        ParseError: the text is no JSONata 2.0.6.
    """
    program = _recent.get(source)
    if program is None:
        tree = parse(source)
        try:
            program = Program(tree, find_shortcut(tree), find_references(tree))
        except RecursionError as error:
            raise ParseError("The expression is nested too deeply", "", 0, tree.tokens) from error
        _recent.add(source, program)
    return program
