"""Explains why a JSONPath that Step Functions accepts finds nothing, whatever the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sfn_provider.asl.jsonpath.errors import format_keys
from sfn_provider.asl.jsonpath.syntax import Filter, FilterPath, Indices, Names, Selector, Slice

_LAST = "the last item is [(@.length-1)], and [-1:] is an array of it"


def find_pitfalls(selectors: Sequence[Selector]) -> Iterator[str]:
    """Yield a sentence for each selector of a path that can select nothing.

    Source: Jayway JsonPath 2.0.0, and executions for a negative index.
    """
    for position, selector in enumerate(selectors):
        negative = [index for index in _indices(selector) if index < 0]
        if negative:
            yield f"Step Functions finds nothing at the negative index {format_keys(negative[0])}; {_LAST}"
        elif isinstance(selector, Slice) and _is_empty(selector):
            sides = f"[{selector.start}:{selector.end}]"
            yield f"Step Functions finds nothing in {sides}: with both sides given it does not count from the end"
        elif isinstance(selector, Names) and position < len(selectors) - 1:
            yield f"Step Functions fails at {format_keys(*selector.names)}: several names can only end a path"
        elif isinstance(selector, Filter):
            yield from _filter_pitfalls(selector)


def _indices(selector: Selector) -> Sequence[int]:
    if isinstance(selector, Indices):
        return selector.indices
    return (selector,) if isinstance(selector, int) else ()


def _is_empty(selector: Slice) -> bool:
    start, end = selector.start, selector.end
    return start is not None and end is not None and (start < 0 or end <= start)


def _filter_pitfalls(selector: Filter) -> Iterator[str]:
    for criterion in (criterion for criteria in selector.alternatives for criterion in criteria):
        for operand in (criterion.left, criterion.right):
            if isinstance(operand, FilterPath):
                yield from find_pitfalls(operand.selectors)
            elif isinstance(operand, str) and len(operand) > 1 and operand[0] == operand[-1] == '"':
                yield f"Step Functions takes the double quotes for a part of {operand}; write '{operand[1:-1]}'"
