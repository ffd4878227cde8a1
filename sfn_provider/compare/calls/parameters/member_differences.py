"""Finds where the parameters of two calls differ, also within texts that hold JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.scope import MISSING, Json


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
    if isinstance(machine, dict) and isinstance(dag, dict):
        for key in {**machine, **dag}:
            one, other = machine.get(key, MISSING), dag.get(key, MISSING)
            yield from find_member_differences(one, other, at + pointer(key), in_text=in_text)
    elif isinstance(machine, list) and isinstance(dag, list):
        for index, (one, other) in enumerate(zip_longest(machine, dag, fillvalue=MISSING)):
            yield from find_member_differences(one, other, at + pointer(index), in_text=in_text)
    elif isinstance(machine, str) and isinstance(dag, str):
        if machine != dag:
            yield from _text_differences(machine, dag, at, in_text)
    elif machine is MISSING and isinstance(dag, dict) and dag and not in_text:
        yield from find_member_differences({}, dag, at)
    elif dag is MISSING and isinstance(machine, dict) and machine and not in_text:
        yield from find_member_differences(machine, {}, at)
    elif isinstance(machine, bool) is not isinstance(dag, bool) or machine != dag:
        yield MemberDifference(at, machine, dag, in_text)


def _text_differences(machine: str, dag: str, at: str, in_text: bool) -> Iterator[MemberDifference]:
    one, other = _parse(machine), _parse(dag)
    if one is MISSING or other is MISSING or type(one) is not type(other):
        yield MemberDifference(at, machine, dag, in_text)
        return
    inner = list(find_member_differences(one, other, at, in_text=True))
    yield from inner or [MemberDifference(at, machine, dag, in_text, same_json=True)]


def _parse(text: str) -> Json:
    """The object or list that a text holds as JSON; MISSING for any other text."""
    if text.lstrip()[:1] not in ("{", "["):
        return MISSING
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return MISSING
    return value
