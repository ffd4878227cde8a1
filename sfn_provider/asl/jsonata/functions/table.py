"""The table of built-in functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions import arrays as sequences
from sfn_provider.asl.jsonata.functions import dates, numeric
from sfn_provider.asl.jsonata.functions import step_functions as additions
from sfn_provider.asl.jsonata.functions import strings as text
from sfn_provider.asl.jsonata.functions.number_pictures import format_number
from sfn_provider.asl.jsonata.library import Frame, Functions, Jsonata, Signature


class BuiltIn(Jsonata.JFunctionCallable):  # type: ignore[misc]
    """A built-in function as a value.

    Args:
        name: without the dollar sign.
        signature: in JSONata's notation; empty where the function checks its arguments itself.
        arity: how many parameters it has for higher-order functions.
        implementation: what it does. It gets the evaluator first where it needs one.
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


def _error(message: str | None) -> None:
    raise JsonataError("D3137", message or "$error() function evaluated")


def _assert(condition: Any, message: str | None) -> None:
    if not condition:
        raise JsonataError("D3141", message or "$assert() statement failed")


def _exists(value: Any) -> bool:
    return value is not None


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _upper(value: str | None) -> str | None:
    return None if value is None else value.upper()


def _length(value: str | None) -> int | None:
    return None if value is None else len(value)


_PURE: Final[tuple[tuple[str, str, int, Callable[..., Any]], ...]] = (
    ("sum", "<a<n>:n>", 1, numeric.sum_numbers),
    ("count", "<a:n>", 1, sequences.count),
    ("max", "<a<n>:n>", 1, numeric.maximum),
    ("min", "<a<n>:n>", 1, numeric.minimum),
    ("average", "<a<n>:n>", 1, numeric.average),
    ("string", "<x-b?:s>", 1, text.to_string),
    ("substring", "<s-nn?:s>", 3, text.substring),
    ("substringBefore", "<s-s:s>", 2, text.substring_before),
    ("substringAfter", "<s-s:s>", 2, text.substring_after),
    ("lowercase", "<s-:s>", 1, _lower),
    ("uppercase", "<s-:s>", 1, _upper),
    ("length", "<s-:n>", 1, _length),
    ("trim", "<s-:s>", 1, text.trim),
    ("pad", "<s-ns?:s>", 3, text.pad),
    ("join", "<a<s>s?:s>", 2, text.join),
    ("formatNumber", "<n-so?:s>", 3, format_number),
    ("formatBase", "<n-n?:s>", 2, numeric.format_base),
    ("formatInteger", "<n-s:s>", 2, dates.format_integer),
    ("parseInteger", "<s-s:n>", 2, dates.parse_integer),
    ("number", "<(nsb)-:n>", 1, numeric.to_number),
    ("floor", "<n-:n>", 1, numeric.floor),
    ("ceil", "<n-:n>", 1, numeric.ceil),
    ("round", "<n-n?:n>", 2, numeric.round_half_even),
    ("abs", "<n-:n>", 1, numeric.absolute),
    ("sqrt", "<n-:n>", 1, numeric.square_root),
    ("power", "<n-n:n>", 2, numeric.power),
    ("boolean", "<x-:b>", 1, numeric.to_boolean),
    ("not", "<x-:b>", 1, numeric.negation),
    ("zip", "<a+>", 0, sequences.zip_),
    ("keys", "<x-:a<s>>", 1, Functions.keys),
    ("lookup", "<x-s:x>", 2, Functions.lookup),
    ("append", "<xx:a>", 2, Functions.append),
    ("exists", "<x:b>", 1, _exists),
    ("spread", "<x-:a<o>>", 1, Functions.spread),
    ("merge", "<a<o>:o>", 1, sequences.merge),
    ("reverse", "<a:a>", 1, sequences.reverse),
    ("error", "<s?:x>", 1, _error),
    ("assert", "<bs?:x>", 2, _assert),
    ("type", "<x:s>", 1, numeric.type_name),
    ("distinct", "<x:x>", 1, sequences.distinct),
    ("base64encode", "<s-:s>", 1, text.base64_encode),
    ("base64decode", "<s-:s>", 1, text.base64_decode),
    ("encodeUrlComponent", "<s-:s>", 1, text.encode_url_component),
    ("encodeUrl", "<s-:s>", 1, text.encode_url),
    ("decodeUrlComponent", "<s-:s>", 1, text.decode_url_component),
    ("decodeUrl", "<s-:s>", 1, text.decode_url),
    ("fromMillis", "<n-s?s?:s>", 3, dates.from_millis),
    ("clone", "<(oa)-:o>", 1, sequences.clone),
    ("partition", "", 2, additions.partition),
    ("range", "", 3, additions.range_),
    ("hash", "", 2, additions.hash_),
    ("parse", "", 1, additions.parse),
)

_WITH_EVALUATOR: Final[tuple[tuple[str, str, int, Callable[..., Any]], ...]] = (
    ("match", "<s-f<s:o>n?:a<o>>", 3, text.match),
    ("contains", "<s-(sf):b>", 2, text.contains),
    ("replace", "<s-(sf)(sf)n?:s>", 4, text.replace),
    ("split", "<s-(sf)n?:a<s>>", 3, text.split),
    ("map", "<af>", 2, sequences.map_),
    ("filter", "<af>", 2, sequences.filter_),
    ("single", "<af?>", 2, sequences.single),
    ("reduce", "<afj?:j>", 3, sequences.reduce),
    ("sift", "<o-f?:o>", 2, sequences.sift),
    ("each", "<o-f:a>", 2, sequences.each),
    ("sort", "<af?:a>", 2, sequences.sort),
    ("shuffle", "<a:a>", 1, sequences.shuffle),
    ("toMillis", "<s-s?:n>", 2, dates.to_millis),
    ("now", "<s?s?:s>", 2, dates.now),
    ("millis", "<:n>", 0, dates.millis),
    ("random", "", 1, additions.random_),
    ("uuid", "", 0, additions.uuid_),
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
