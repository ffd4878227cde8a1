"""Finds where the parameters of two calls differ, also within texts that hold JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfn_provider.asl.json_values.json_walk import walk_differences
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.diff.json_diff import parse_container


@dataclass(frozen=True, slots=True)
class MemberDifference:
    """One place where two values differ.

    Args:
        location: JSON pointer; it goes on within a text that holds JSON.
        machine: the value on the machine's side; MISSING for none.
        dag: the value on the DAG's side; MISSING for none.
        in_text: whether the place is within such a text.
        same_json: whether both texts are the same JSON, written in two ways.
    """

    location: str
    machine: Json
    dag: Json
    in_text: bool = False
    same_json: bool = False


def find_member_differences(
    machine: Json, dag: Json, at: str = "", *, in_text: bool = False
) -> Iterator[MemberDifference]:
    """Yield every place where two values differ, in the order of the machine's.

    Numbers are equal by value: 1 and 1.0 are.

    Args:
        machine: the value on the machine's side.
        dag: the value on the DAG's side.
        at: the JSON pointer of both.
        in_text: whether they stand within a text that holds JSON.
    """
    for place, one, other in walk_differences(machine, dag, at):
        if isinstance(one, str) and isinstance(other, str):
            yield from _text_differences(one, other, place, in_text)
        elif one is MISSING and isinstance(other, dict) and other and not in_text:
            yield from find_member_differences({}, other, place)
        elif other is MISSING and isinstance(one, dict) and one and not in_text:
            yield from find_member_differences(one, {}, place)
        else:
            yield MemberDifference(place, one, other, in_text)


def _text_differences(machine: str, dag: str, at: str, in_text: bool) -> Iterator[MemberDifference]:
    one, other = parse_container(machine), parse_container(dag)
    if one is MISSING or other is MISSING or type(one) is not type(other):
        yield MemberDifference(at, machine, dag, in_text)
        return
    inner = list(find_member_differences(one, other, at, in_text=True))
    yield from inner or [MemberDifference(at, machine, dag, in_text, same_json=True)]
