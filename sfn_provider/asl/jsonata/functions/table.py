"""Binds every built-in function to its name, signature and implementation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions import arrays, dates, numeric, step_functions, strings
from sfn_provider.asl.jsonata.functions.number_pictures import format_number
from sfn_provider.asl.jsonata.library import Frame, Functions, Jsonata, Signature

_TAKE_UNDEFINED: Final = frozenset(
    ("append", "assert", "count", "error", "exists", "keys", "lookup", "millis", "now", "spread", "zip")
)
"""Functions with a signature that are called even where their first argument is undefined."""


_VISIT_ALL: Final = frozenset(("clone", "distinct", "merge", "string", "zip"))
"""Functions that go through everything in their arguments, not only through the items of an array."""


_WORK_OF_A_CALL: Final = 8
"""The work of calling a function, whose arguments are checked; that of evaluating a node is 1."""

_WORK: Final = dict.fromkeys(("now", "fromMillis", "toMillis", "formatNumber", "formatInteger", "parseInteger"), 100)
"""That of functions which read a picture."""


class BuiltIn(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """A built-in function as a value.

    Args:
        name: without the dollar sign.
        signature: in JSONata's notation; empty where the function checks their types itself.
        arity: the number of its parameters, and of the arguments that higher-order functions pass.
        implementation: what it does. It gets the evaluator first where it needs one. It is not called where its first
            argument is undefined, which makes the result undefined, but for functions in ``_TAKE_UNDEFINED``.
        needs_evaluator: whether it does.
    """

    def __init__(
        self, name: str, signature: str, arity: int, implementation: Callable[..., Any], needs_evaluator: bool
    ) -> None:
        self.name = name
        self.arity = arity
        self.checks = Signature(signature, name) if signature else None
        self.implementation = implementation
        self.needs_evaluator = needs_evaluator
        self.takes_undefined = name in _TAKE_UNDEFINED
        self.visits_all = name in _VISIT_ALL
        self.work = _WORK.get(name, _WORK_OF_A_CALL)


def _error(message: str | None) -> None:
    raise JsonataError("D3137", message or "$error() function evaluated")


def _assert(condition: Any, message: str | None) -> None:
    if not condition:
        raise JsonataError("D3141", message or "$assert() statement failed")


def _maximum(values: list[Any]) -> Any:
    return max(values, default=None)


def _minimum(values: list[Any]) -> Any:
    return min(values, default=None)


def _not(value: Any) -> bool:
    return not numeric.to_boolean(value)


_PURE: Final[tuple[tuple[str, str, int, Callable[..., Any]], ...]] = (
    ("sum", "<a<n>:n>", 1, numeric.sum_numbers),
    ("count", "<a:n>", 1, arrays.count),
    ("max", "<a<n>:n>", 1, _maximum),
    ("min", "<a<n>:n>", 1, _minimum),
    ("average", "<a<n>:n>", 1, numeric.average),
    ("string", "<x-b?:s>", 1, strings.to_string),
    ("substring", "<s-nn?:s>", 3, strings.substring),
    ("substringBefore", "<s-s:s>", 2, Functions.substring_before),
    ("substringAfter", "<s-s:s>", 2, Functions.substring_after),
    ("lowercase", "<s-:s>", 1, str.lower),
    ("uppercase", "<s-:s>", 1, str.upper),
    ("length", "<s-:n>", 1, len),
    ("trim", "<s-:s>", 1, Functions.trim),
    ("pad", "<s-ns?:s>", 3, strings.pad),
    ("join", "<a<s>s?:s>", 2, strings.join),
    ("formatNumber", "<n-so?:s>", 3, format_number),
    ("formatBase", "<n-n?:s>", 2, numeric.format_base),
    ("formatInteger", "<n-s:s>", 2, dates.format_integer),
    ("parseInteger", "<s-s:n>", 2, dates.parse_integer),
    ("number", "<(nsb)-:n>", 1, numeric.to_number),
    ("floor", "<n-:n>", 1, numeric.floor),
    ("ceil", "<n-:n>", 1, numeric.ceil),
    ("round", "<n-n?:n>", 2, numeric.round_half_even),
    ("abs", "<n-:n>", 1, abs),
    ("sqrt", "<n-:n>", 1, Functions.sqrt),
    ("power", "<n-n:n>", 2, numeric.power),
    ("boolean", "<x-:b>", 1, numeric.to_boolean),
    ("not", "<x-:b>", 1, _not),
    ("zip", "<a+>", 0, Functions.zip),
    ("keys", "<x-:a<s>>", 1, Functions.keys),
    ("lookup", "<x-s:x>", 2, Functions.lookup),
    ("append", "<xx:a>", 2, Functions.append),
    ("exists", "<x:b>", 1, Functions.exists),
    ("spread", "<x-:a<o>>", 1, arrays.spread),
    ("merge", "<a<o>:o>", 1, Functions.merge),
    ("reverse", "<a:a>", 1, Functions.reverse),
    ("error", "<s?:x>", 1, _error),
    ("assert", "<bs?:x>", 2, _assert),
    ("type", "<x:s>", 1, numeric.type_name),
    ("distinct", "<x:x>", 1, arrays.distinct),
    ("base64encode", "<s-:s>", 1, strings.base64_encode),
    ("base64decode", "<s-:s>", 1, strings.base64_decode),
    ("encodeUrlComponent", "<s-:s>", 1, strings.encode_url_component),
    ("encodeUrl", "<s-:s>", 1, strings.encode_url),
    ("decodeUrlComponent", "<s-:s>", 1, strings.decode_url_component),
    ("decodeUrl", "<s-:s>", 1, strings.decode_url),
    ("fromMillis", "<n-s?s?:s>", 3, dates.from_millis),
    ("clone", "<(oa)-:o>", 1, arrays.clone),
    ("partition", "", 2, step_functions.partition),
    ("range", "", 3, step_functions.range_),
    ("hash", "", 2, step_functions.hash_),
    ("parse", "", 1, step_functions.parse),
)

_WITH_EVALUATOR: Final[tuple[tuple[str, str, int, Callable[..., Any]], ...]] = (
    ("match", "<s-f<s:o>n?:a<o>>", 3, strings.match),
    ("contains", "<s-(sf):b>", 2, strings.contains),
    ("replace", "<s-(sf)(sf)n?:s>", 4, strings.replace),
    ("split", "<s-(sf)n?:a<s>>", 3, strings.split),
    ("map", "<af>", 2, arrays.map_),
    ("filter", "<af>", 2, arrays.filter_),
    ("single", "<af?>", 2, arrays.single),
    ("reduce", "<afj?:j>", 3, arrays.reduce),
    ("sift", "<o-f?:o>", 2, arrays.sift),
    ("each", "<o-f:a>", 2, arrays.each),
    ("sort", "<af?:a>", 2, arrays.sort),
    ("shuffle", "<a:a>", 1, arrays.shuffle),
    ("toMillis", "<s-s?:n>", 2, dates.to_millis),
    ("now", "<s?s?:s>", 2, dates.now),
    ("millis", "<:n>", 0, dates.millis),
    ("random", "", 1, step_functions.random_),
    ("uuid", "", 0, step_functions.uuid_),
)


def _frame() -> Any:
    """Make the outermost frame. ``$eval`` is not in it: AWS answers a call with T1006."""
    frame = Frame(None)
    for table, needs_evaluator in ((_PURE, False), (_WITH_EVALUATOR, True)):
        for name, signature, arity, implementation in table:
            frame.bindings[name] = BuiltIn(name, signature, arity, implementation, needs_evaluator)
    return frame


BASE_FRAME: Final = _frame()
"""Every built-in function by its name. Not to be changed: all evaluations share it."""
