"""Implements the built-in functions on arrays and objects, including the higher-order ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from sfn_provider.asl.json_values.java_values import utf16_units
from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonata.budget import refuse_larger
from sfn_provider.asl.jsonata.equality import equality_key
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions.numeric import is_javascript_truthy, to_boolean
from sfn_provider.asl.jsonata.library import NULL, Functions, Sequence
from sfn_provider.asl.jsonata.values import make_sequence


def arity(function: Any) -> int:
    """Count the parameters of a function value; it decides which arguments a higher-order function passes."""
    if hasattr(function, "arity"):
        return int(function.arity)
    return len(function.arguments) if Functions.is_lambda(function) else 1


def _call(evaluator: Any, function: Any, *args: Any) -> Any:
    count = max(arity(function), 1)
    return evaluator.apply(function, list(args[:count]), NULL, evaluator.environment)


def map_(evaluator: Any, array: list[Any], function: Any) -> Any:
    """``$map``: undefined results are left out."""
    results = (_call(evaluator, function, item, index, array) for index, item in enumerate(array))
    return make_sequence(result for result in results if result is not None)


def filter_(evaluator: Any, array: list[Any], function: Any) -> Any:
    """``$filter``."""
    return make_sequence(
        item for index, item in enumerate(array) if to_boolean(_call(evaluator, function, item, index, array))
    )


def single(evaluator: Any, array: list[Any], function: Any) -> Any:
    """``$single``: the only item for which the function is true.

    Raises:
        JsonataError: D3138 where there are more, D3139 where there is none.
    """
    found = [
        item
        for index, item in enumerate(array)
        if function is None or to_boolean(_call(evaluator, function, item, index, array))
    ]
    if len(found) != 1:
        raise JsonataError("D3138" if found else "D3139")
    return found[0]


def reduce(evaluator: Any, array: list[Any], function: Any, start: Any) -> Any:
    """``$reduce``: from the left.

    Raises:
        JsonataError: D3050 where the function takes fewer than two arguments.
    """
    count = arity(function)
    if count < 2:
        raise JsonataError("D3050")
    rest = list(enumerate(array))
    result = rest.pop(0)[1] if start is None and rest else start
    for index, item in rest:
        result = evaluator.apply(function, [result, item, index, array][:count], NULL, evaluator.environment)
    return result


def each(evaluator: Any, mapping: dict[str, Any], function: Any) -> Any:
    """``$each``: over the pairs of an object."""
    results = (_call(evaluator, function, value, key, mapping) for key, value in mapping.items())
    return make_sequence(result for result in results if result is not None)


def sift(evaluator: Any, mapping: dict[str, Any], function: Any) -> Any:
    """``$sift``: the pairs for which the function is true; undefined where there is none."""
    pairs = mapping.items()
    return {key: value for key, value in pairs if to_boolean(_call(evaluator, function, value, key, mapping))} or None


def sort(evaluator: Any, array: list[Any], comparator: Any) -> Any:
    """``$sort``: a stable merge sort; the comparator says whether its first argument comes after its second.

    Raises:
        JsonataError: D3070 where there is no comparator and the items are neither all texts nor all numbers.
    """
    if len(array) <= 1:
        return array
    if comparator is None:
        if all(isinstance(item, str) for item in array):
            return sorted(array, key=utf16_units)
        if not all(map(is_number, array)):
            raise JsonataError("D3070")
        return sorted(array)

    def comes_after(left: Any, right: Any) -> bool:
        return is_javascript_truthy(evaluator.apply(comparator, [left, right], NULL, evaluator.environment))

    return merge_sorted(list(array), comes_after)


def merge_sorted(items: list[Any], comes_after: Callable[[Any, Any], bool]) -> list[Any]:
    """Sort as the reference does, so that inconsistent comparators have the same result."""
    if len(items) <= 1:
        return items
    middle = len(items) // 2
    left, right = merge_sorted(items[:middle], comes_after), merge_sorted(items[middle:], comes_after)
    merged: list[Any] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if comes_after(left[i], right[j]):
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    return merged + left[i:] + right[j:]


def shuffle(evaluator: Any, array: list[Any]) -> Any:
    """``$shuffle``: with the evaluation's source of randomness."""
    if len(array) <= 1:
        return array
    evaluator.budget.spend(len(array))
    shuffled = list(array)
    evaluator.entropy.shuffle(shuffled)
    return shuffled


def distinct(array: Any) -> Any:
    """``$distinct``: the first of equal items; 1 and true are not equal."""
    if not isinstance(array, list) or len(array) <= 1:
        return array
    refuse_larger(array)
    first: dict[Any, Any] = {}
    for item in array:
        first.setdefault(equality_key(item), item)
    found = list(first.values())
    return make_sequence(found) if isinstance(array, Sequence) and array.sequence else found


def count(array: list[Any] | None) -> int:
    """``$count``: 0 for undefined."""
    return 0 if array is None else len(array)


def spread(value: Any) -> Any:
    """``$spread``: an object for each pair of an object, and of each in an array. The library copies for each item."""
    if isinstance(value, dict):
        return make_sequence({key: item} for key, item in value.items())
    if not isinstance(value, list):
        return value
    parts = [part for part in map(spread, value) if part is not None]
    found = chain.from_iterable(part if isinstance(part, list) else (part,) for part in parts)
    return Sequence(found) if parts else make_sequence(())  # an array stays one, also with one item


def clone(value: Any) -> Any:
    """Copy arrays and objects all the way down; everything else as it is."""
    if isinstance(value, list):
        return [clone(item) for item in value]
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    return NULL if value is NULL else value


def contains_item(item: Any, items: Any) -> bool:
    """The operator ``in``: JavaScript's ``===``, so no object or array is in another."""
    for other in items if isinstance(items, list) else [items]:
        if isinstance(item, (list, dict)):
            if item is other:
                return True
        elif isinstance(item, bool) == isinstance(other, bool) and item == other:
            return True
    return False
