"""Says what kind of value a call of AWS takes at a place in its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sfn_provider.asl.aws_actions.parameter_types import type_at
from sfn_provider.asl.resources import parse_resource
from sfn_provider.compare.machine_analysis.data_read_types import ValueKind
from sfn_provider.exceptions import SfnProviderError

if TYPE_CHECKING:
    from sfn_provider.engine.state_test.result_checks import ResultShape

_TYPE_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys("in", "number"),
    **dict.fromkeys("mo", "object"),
    **{"b": "boolean", "l": "list", "d": "time"},
}
"""What a parameter takes, by the first letter of its type; texts are what is made without a reason for more."""

_SHAPE_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys(("structure", "map"), "object"),
    **{"list": "list", "number": "number", "boolean": "boolean"},
}
"""The same, by the kind of a shape in the service's model."""


def parameter_kind(resource: str, steps: Sequence[str]) -> ValueKind:
    """Return what a call takes at a place in its parameters; ``any`` for texts, and where it is not known.

    The tables of actions have the types of AWS SDK integrations at the top alone: the rest is in the model of the
    service, where botocore is installed.

    Args:
        resource: the task's Resource as written.
        steps: the members and indices that lead there; a member may end in ``.$``.
    """
    kind = type_at(parse_resource(resource), steps)
    if kind:
        return _TYPE_KINDS.get(kind[:1], "object" if kind.isdecimal() else "any")
    shape = _parameter_shape(resource)
    for step in steps:
        if shape is None:
            return "any"
        is_container = shape.kind in ("list", "map")
        shape = shape.entry() if is_container else shape.field(step.removesuffix(".$"))
    return "any" if shape is None else _SHAPE_KINDS.get(shape.kind, "any")


@lru_cache(512)
def _parameter_shape(resource: str) -> ResultShape | None:
    try:
        from sfn_provider.engine.state_test.result_shapes import find_parameter_shape

        return find_parameter_shape(parse_resource(resource))
    except (SfnProviderError, ImportError):
        return None
