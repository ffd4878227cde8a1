"""Lists the comparison operators of a Choice rule, with their types and relations.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["boolean", "numeric", "string", "timestamp", "test", "match"]
Relation = Literal["==", "<", ">", "<=", ">=", "is", "matches"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison operator.

    Args:
        name: the operator as written, for example ``NumericLessThanEqualsPath``.
        kind: the type that both sides must have; ``test`` for the ``Is*`` operators, ``match`` for StringMatches.
        relation: how the sides must relate.
        operand_is_path: True where the operand is a path to the value, not the value.
    """

    name: str
    kind: Kind
    relation: Relation
    operand_is_path: bool = False


_ORDERED: dict[str, Relation] = {
    "Equals": "==",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "<=",
    "GreaterThanEquals": ">=",
}
_ORDERED_KINDS: dict[str, Kind] = {"String": "string", "Numeric": "numeric", "Timestamp": "timestamp"}
_TESTS = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")


def _table() -> dict[str, Comparison]:
    found = [Comparison("StringMatches", "match", "matches")]
    found += [Comparison(name, "test", "is") for name in _TESTS]
    for suffix, is_path in (("", False), ("Path", True)):
        found.append(Comparison(f"BooleanEquals{suffix}", "boolean", "==", is_path))
        for prefix, kind in _ORDERED_KINDS.items():
            for name, relation in _ORDERED.items():
                found.append(Comparison(f"{prefix}{name}{suffix}", kind, relation, is_path))
    return {comparison.name: comparison for comparison in found}


COMPARISONS: dict[str, Comparison] = _table()
"""Every comparison operator by its name: 39 of them."""
