"""Finds calls of intrinsic functions that fail whatever their paths read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from sfn_provider.asl.intrinsics.arguments import InvalidArguments
from sfn_provider.asl.intrinsics.functions import IntrinsicFunction
from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.scope import Json

UNKNOWN: Final = object()
"""Stands for an argument that is read when the call runs."""

_SAMPLES: tuple[Json, ...] = (None, True, 0, 1, 2, "", "a", "MD5", [], [1, 2], {}, {"a": 1})
"""Values of every kind that an argument may have."""

_RANDOM = ("States.UUID", "States.MathRandom")
_MAX_TRIES = 2000
_MAX_ITEMS = 10_000


@dataclass(frozen=True, slots=True)
class CallNode:
    """A call with what is known of its arguments.

    Args:
        function: the function.
        arguments: constants, calls, and UNKNOWN for paths.
    """

    function: IntrinsicFunction
    arguments: tuple[Json, ...]


def certain_failures(call: CallNode) -> list[str]:
    """Return a sentence for each call that fails whatever its paths read, the inner ones first."""
    found: list[str] = []
    _evaluate(call, found)
    return found


def _evaluate(argument: Json, found: list[str]) -> Json:
    """Return the value of an argument; UNKNOWN if it depends on a path, or if the call fails."""
    if not isinstance(argument, CallNode):
        return argument
    values = [_evaluate(inner, found) for inner in argument.arguments]
    function = argument.function
    if not function.accepts(len(values)):
        return UNKNOWN  # reported by the parser
    try:
        return _call(function, values)
    except InvalidArguments as refused:
        detail = (refused.detail or f"Invalid arguments in {function.name}").removesuffix(".")
        found.append(f"{detail}: the state fails when it runs, whatever its input is")
        return UNKNOWN


def _call(function: IntrinsicFunction, arguments: Sequence[Json]) -> Json:
    """Return the result of a call if all arguments are known; UNKNOWN of any other.

    Raises:
        InvalidArguments: the function refuses what is known, with whatever values for the rest.
    """
    unknown = sum(argument is UNKNOWN for argument in arguments)
    if unknown == len(arguments) and arguments:
        return UNKNOWN
    if not unknown:
        result = function.call(arguments, random.Random(0))
        return UNKNOWN if function.name in _RANDOM else result
    samples = _samples(arguments)
    if len(samples) ** unknown > _MAX_TRIES:
        return UNKNOWN
    refused = InvalidArguments()
    for values in product(samples, repeat=unknown):
        chosen = iter(values)
        try:
            function.call([next(chosen) if item is UNKNOWN else item for item in arguments], random.Random(0))
        except InvalidArguments as error:
            refused = error
        else:
            return UNKNOWN
    raise refused


def _samples(arguments: Sequence[Json]) -> list[Json]:
    """Return values for the arguments that are not known: near the numbers beside them, and as long as these say."""
    numbers = list(filter(is_number, arguments))
    near = [number + offset for number in numbers for offset in (-1, 0, 1)]
    longest = [list(range(int(number) + 1)) for number in numbers if 0 <= number < _MAX_ITEMS]
    template = "{}" * (len(arguments) - 1)  # of Format
    return [*_SAMPLES, template, *near, *longest]
