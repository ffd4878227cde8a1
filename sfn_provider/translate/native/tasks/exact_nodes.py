"""Makes the tasks of states that stay exact: our operator with its input, and the tasks behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfn_provider.translate.emit.literals import Code, Wrapped
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Member, Object, Source, Value
from sfn_provider.translate.native.expressions.jinja import JinjaWriter
from sfn_provider.translate.native.model import NativeNode
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.routing.routes import END
from sfn_provider.translate.native.tasks.nodes import NodeMaker

OPERATOR = "StatesOperator"
MODULE = "sfn_provider.operators.states"

_OPTIMIZED = "arn:aws:states:::"
"""What the ARNs of integrations start with: they are the same in every account."""


def make_exact(
    maker: NodeMaker, flow: StateFlow, targets: dict[str, str] | None, document: str | None = None
) -> NativeNode:
    """Make the task of states that stay exact.

    Args:
        maker: makes what all tasks need.
        flow: the states.
        targets: where several states may come next, the key of the task, or `END`, by the name of the state; else None.
        document: the text of the result of the task that makes the input; None where a template does.

    Raises:
        NotNative: what they start with cannot be said.
    """
    part = flow.state
    if not isinstance(part, ExactPart):
        raise TypeError(f"{flow.name} is not among the states that stay exact")
    jinja = JinjaWriter(maker.find, maker.find_mark)
    arguments: dict[str, Any] = {"states": _with_constants(part.definition(), maker)}
    if flow.language != "JSONPath":
        arguments["query_language"] = flow.language
    arguments["input"] = Wrapped(jinja.json_text(flow.effective)) if document is None else Code(document)
    if flow.environment.variables:
        arguments["variables"] = Wrapped(jinja.json_text(_together(flow.environment.variables)))
    if targets is not None:
        arguments["next_tasks"] = {
            name: None if key == END else maker.task_ids[key] for name, key in targets.items() if name != END
        }
    return NativeNode(
        flow.name,
        maker.task_ids[flow.name],
        "",
        "exact",
        operator=OPERATOR,
        arguments=arguments,
        imports=frozenset({(MODULE, OPERATOR)}),
    )


def _together(variables: Mapping[str, Value]) -> Value:
    """Return the object of some variables; where all are those behind other exact states that of these.

    It has more members then, and those are missing that have no value.
    """
    bases = {
        value.base if isinstance(value, Member) and value.key == name else None for name, value in variables.items()
    }
    base = bases.pop() if len(bases) == 1 else None
    if isinstance(base, Source) and base.kind == "variables":
        return base
    return Object(tuple(variables.items()))


def _with_constants(value: Any, maker: NodeMaker) -> Any:
    """Return JSON with the names of constants at the top of the file in place of ARNs."""
    if isinstance(value, dict):
        return {name: _with_constants(entry, maker) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_constants(entry, maker) for entry in value]
    if not isinstance(value, str) or value.startswith(_OPTIMIZED):
        return value
    found = maker.constant(value, value)
    return found if isinstance(found, Code) else value
