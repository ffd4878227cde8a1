"""Makes objects: groups items by the keys that an object constructor gives them, in linear time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.library import Jsonata, Sequence


@dataclass(slots=True)
class _Group:
    """The items of one key.

    Args:
        data: the item, or an array of them.
        pair: index of the pair of the constructor that gives the key.
        is_own: True where the array was made here, so that it may grow.
    """

    data: Any
    pair: int
    is_own: bool = False

    def add(self, item: Any) -> None:
        """Add an item; an array adds its items."""
        if not self.is_own:
            self.data = Sequence(self.data if isinstance(self.data, list) else [self.data])
            self.is_own = True
        if isinstance(item, list):
            self.data.extend(item)
        elif item is not None:
            self.data.append(item)


def make_object(evaluator: Any, expr: Any, input: Any, environment: Any) -> dict[str, Any]:
    """Evaluate ``{key: value, ...}``, or ``input{key: value, ...}``.

    The library copies a group's items for each that it adds.

    Args:
        evaluator: the evaluation.
        expr: the node, whose ``lhs_object`` has the pairs.
        input: the items, or one.
        environment: the frame.

    Raises:
        JsonataError: T1003 where a key is no text, D1009 where two pairs give the same key.
    """
    has_tuples = isinstance(input, Sequence) and bool(input.tuple_stream)
    groups: dict[str, _Group] = {}
    for item in (input if isinstance(input, list) else [input]) or [None]:
        frame = evaluator.create_frame_from_tuple(environment, item) if has_tuples else environment
        for index, (key_node, _) in enumerate(expr.lhs_object):
            key = evaluator.eval(key_node, item["@"] if has_tuples else item, frame)
            if key is None:
                continue
            if not isinstance(key, str):
                raise JsonataError("T1003", value=key)
            found = groups.get(key)
            if found is None:
                groups[key] = _Group(item, index)
            elif found.pair != index:
                raise JsonataError("D1009", value=key)
            else:
                found.add(item)
    made = {key: _value_of(evaluator, expr, group, has_tuples, environment) for key, group in groups.items()}
    return {key: value for key, value in made.items() if value is not None}


def _value_of(evaluator: Any, expr: Any, group: _Group, has_tuples: bool, environment: Any) -> Any:
    context, frame = group.data, environment
    if has_tuples:
        # The library copies what it has merged for each tuple: 2,000 copied items are about as much work as a node.
        evaluator.budget.spend(len(context) ** 2 // 4_000 if isinstance(context, list) else 1)
        merged = Jsonata.reduce_tuple_stream(evaluator, context)
        context = merged.pop("@")
        frame = evaluator.create_frame_from_tuple(environment, merged)
    return evaluator.eval(expr.lhs_object[group.pair][1], context, frame)
