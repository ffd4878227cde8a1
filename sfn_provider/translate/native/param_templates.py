"""Checks that the templates of a user stand in the place of fields of the input that a DAG reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sfn_provider.asl.model import Map, Pass
from sfn_provider.asl.suggestions import closest_word
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.native.data_flow.call_names import TEMPLATE
from sfn_provider.translate.native.data_flow.evaluation import ScopeFlow
from sfn_provider.translate.native.data_flow.values import INPUT, Call, Value, as_json, reads_of, walk
from sfn_provider.translate.native.prepared_machine import values_of_state
from sfn_provider.translate.native.states.conditions import rule_values


def check_templates(scope: ScopeFlow, names: Iterable[str]) -> None:
    """Check that each field of the input that has a template is read.

    Args:
        scope: the data of the states, with the templates in it.
        names: the fields that have one.

    Raises:
        UsageError: no state reads a field, neither by itself nor with the whole input.
    """
    wanted = list(names)
    if not wanted:
        return
    values = [part for value in _read_values(scope) for part in walk(value)]
    used = {as_json(value.arguments[1]) for value in values if isinstance(value, Call) and value.name == TEMPLATE}
    read = {keys[0]: None for value in values for source, keys in reads_of(value) if source == INPUT and keys}
    known = [name for name in read if isinstance(name, str)]
    for name in wanted:
        if name not in used:
            near = closest_word(name, known)
            hint = f"did you mean {near}?" if near else f"it reads {', '.join(known) or 'none'}"
            raise UsageError(f"a template for {name}: no state reads this field of the input; {hint}")


def _read_values(scope: ScopeFlow) -> Iterator[Value]:
    for flow in scope.walk():
        yield from values_of_state(flow)
        yield from rule_values(flow)
        if isinstance(flow.state, Map | Pass):
            yield flow.effective
