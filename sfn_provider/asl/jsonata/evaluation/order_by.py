"""Implements the operator ``^(...)``, which sorts by terms."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl.json_values.java_values import utf16_units
from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions.arrays import merge_sorted
from sfn_provider.asl.jsonata.library import Sequence


def sort_by_terms(evaluator: Any, expr: Any, items: Any, environment: Any) -> Any:
    """Sort items by the first term in which they differ; undefined is last, whichever way the term sorts.

    Args:
        evaluator: the evaluation.
        expr: the operator's node; ``terms`` have an ``expression`` and may be ``descending``.
        items: an array, or a stream of tuples; None for undefined.
        environment: the frame of the operator.

    Raises:
        JsonataError: T2008 where a term gives neither number nor text, T2007 where it gives both.
    """
    if items is None or len(items) <= 1:
        return items
    tuples = isinstance(items, Sequence) and items.tuple_stream

    def evaluate(term: Any, item: Any) -> Any:
        if not tuples:
            return evaluator.eval(term.expression, item, environment)
        return evaluator.eval(term.expression, item["@"], evaluator.create_frame_from_tuple(environment, item))

    def comes_after(left: Any, right: Any) -> bool:
        for term in expr.terms:
            order = _order(evaluate(term, left), evaluate(term, right), descending=bool(term.descending))
            if order:
                return order > 0
        return False

    return merge_sorted(list(items), comes_after)


def _order(lhs: Any, rhs: Any, *, descending: bool) -> int:
    """Return below, at or above 0 as the left value comes before, with or after the right one."""
    if lhs is None or rhs is None:
        return (lhs is None) - (rhs is None)
    if not all(is_number(value) or isinstance(value, str) for value in (lhs, rhs)):
        raise JsonataError("T2008", value=lhs, value2=rhs)
    if isinstance(lhs, str) != isinstance(rhs, str):
        raise JsonataError("T2007", value=lhs, value2=rhs)
    if isinstance(lhs, str):
        lhs, rhs = utf16_units(lhs), utf16_units(rhs)
    order = int(lhs > rhs) - int(lhs < rhs)
    return -order if descending else order
