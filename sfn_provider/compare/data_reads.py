"""Lists what states read, by path and kind, of their input, their task's result, variables, items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sfn_provider.asl.comparisons import COMPARISONS
from sfn_provider.asl.diagnostics import split_pointer
from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS
from sfn_provider.asl.jsonpath.syntax import Selector, Slice, Wildcard, end_of_path, parse_path
from sfn_provider.asl.lint_rules.definition_walk import DefinitionIndex, PlacedState
from sfn_provider.asl.lint_rules.expression_walk import JsonataUse, PathUse, jsonata_uses, path_uses
from sfn_provider.asl.lint_rules.service_calls import parameters_field
from sfn_provider.asl.parameter_types import type_at
from sfn_provider.asl.resources import parse_resource

Key = str | int
"""A member's name, or an index."""

ValueKind = Literal["any", "text", "number", "boolean", "list", "object", "json", "json list", "time"]
"""What a value must be: ``json`` is text that holds JSON, ``json list`` text that holds a list, ``time`` a timestamp;
``any`` where nothing is known."""

Root = Literal["input", "effective input", "result", "output", "context", "item", "variables"]
"""What a path starts from; ``item`` is ``$$.Map.Item.Value``, ``output`` what ResultPath leaves."""

EACH: Final = "*"
"""A step to each entry of a list."""


@dataclass(frozen=True, slots=True)
class DataRead:
    """A value that a state reads.

    Args:
        root: what the path starts from.
        steps: members, indices and `EACH`; for ``variables`` the first one is the variable's name.
        kind: what the value must be.
        optional: True where the state works without it: a rule tests whether it is present.
    """

    root: Root
    steps: tuple[Key, ...]
    kind: ValueKind = "any"
    optional: bool = False


_FIELD_KINDS: Final[Mapping[str, ValueKind]] = {
    "ItemsPath": "list",
    "SecondsPath": "number",
    "TimestampPath": "time",
    "TimeoutSecondsPath": "number",
    "HeartbeatSecondsPath": "number",
    "MaxConcurrencyPath": "number",
    "ToleratedFailureCountPath": "number",
    "ToleratedFailurePercentagePath": "number",
    "MaxItemsPerBatchPath": "number",
    "MaxInputBytesPerBatchPath": "number",
    "MaxItemsPath": "number",
    "InputPath": "object",
    "ErrorPath": "text",
    "CausePath": "text",
    "Items": "list",
    "Seconds": "number",
    "Timestamp": "time",
    "TimeoutSeconds": "number",
    "HeartbeatSeconds": "number",
    "MaxConcurrency": "number",
    "MaxItems": "number",
    "Error": "text",
    "Cause": "text",
    "Condition": "boolean",
    "Bucket.$": "text",
    "Key.$": "text",
    "Prefix.$": "text",
}
"""What a field takes whose whole value is a path or an expression."""

_ARGUMENT_KINDS: Final[Mapping[str, tuple[ValueKind, ...]]] = {
    "States.ArrayPartition": ("list", "number"),
    "States.ArrayContains": ("list", "any"),
    "States.ArrayRange": ("number", "number", "number"),
    "States.ArrayGetItem": ("list", "number"),
    "States.ArrayLength": ("list",),
    "States.ArrayUnique": ("list",),
    "States.Base64Encode": ("text",),
    "States.Base64Decode": ("text",),
    "States.Hash": ("text", "text"),
    "States.JsonMerge": ("object", "object", "boolean"),
    "States.StringToJson": ("json",),
    "States.MathRandom": ("number", "number", "number"),
    "States.MathAdd": ("number", "number"),
    "States.StringSplit": ("text", "text"),
    "States.Format": ("text",) * 32,
}
"""What intrinsic functions take, by position."""

_TYPE_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys("in", "number"),
    **dict.fromkeys("mo", "object"),
    **{"b": "boolean", "l": "list", "d": "time"},
}
"""What a parameter takes, by the first letter of its type; texts are what is made without a reason for more."""

_ITEM: Final = ("Map", "Item", "Value")
_TOKEN: Final = re.compile(r"'(?:[^'\\]|\\.)*'|States\.\w+\s*\(|\(|\)|,|\$", re.DOTALL)


def reads_by_state(index: DefinitionIndex) -> dict[str, list[DataRead]]:
    """Return what each state reads, by its JSON pointer."""
    found: dict[str, list[DataRead]] = {state.at: [] for state in index.states}
    for use in path_uses(index):
        found[use.state.at] += _reads_of_path(use)
    for jsonata in jsonata_uses(index):
        found[jsonata.state.at] += _reads_of_expression(jsonata)
    for state in index.states:
        if state.language == "JSONPath" and isinstance(path := state.fields.get("ResultPath"), str) and path != "$":
            found[state.at].append(DataRead("input", (), "object"))
        if state.type == "Map" and "ItemsPath" not in state.fields and "ItemReader" not in state.fields:
            root: Root = "effective input" if state.language == "JSONPath" else "input"
            if "Items" not in state.fields:
                found[state.at].append(DataRead(root, (), "list"))
    return found


# JSONPath -------------------------------------------------------------------------------------------------------------


def _reads_of_path(use: PathUse) -> Iterator[DataRead]:
    if not isinstance(use.value, str) or (use.reads in ("unknown", "error") and not use.field.endswith(".$")):
        return
    tested = _presence_tests(use.state)
    for text, kind in typed_paths(use.value, _kind_of_use(use)):
        read = _read(text, use.reads, kind, text in tested)
        if read is not None and not (use.field == "ItemsPath" and "ItemReader" in use.state.fields):
            yield read


def _kind_of_use(use: PathUse) -> ValueKind:
    name = use.at.rsplit("/", 1)[-1]
    if use.state.type == "Choice" and name == "Variable":
        return "any"
    return _FIELD_KINDS.get(use.field) or _parameter_kind(use)


def _parameter_kind(use: PathUse | JsonataUse) -> ValueKind:
    """Return what the action that a Task calls takes at a place in its parameters."""
    parameters = f"{use.state.at}/{parameters_field(use.state)}"
    if use.state.type != "Task" or not use.at.startswith(parameters + "/"):
        return "any"
    kind = type_at(parse_resource(str(use.state.fields.get("Resource"))), split_pointer(use.at[len(parameters) :]))
    return _TYPE_KINDS.get(kind[:1], "object" if kind.isdecimal() else "any")


def _presence_tests(state: PlacedState) -> frozenset[str]:
    """Return the paths of a Choice that may be absent: IsPresent tests them."""
    found: set[str] = set()
    stack: list[Any] = list(state.fields.get("Choices") or ()) if state.type == "Choice" else []
    while stack:
        rule = stack.pop()
        if isinstance(rule, dict):
            if "IsPresent" in rule:
                found.add(str(rule.get("Variable")))
            stack += [*(rule.get("And") or ()), *(rule.get("Or") or ()), rule.get("Not")]
    return frozenset(found)


def typed_paths(text: str, kind: ValueKind = "any") -> Iterator[tuple[str, ValueKind]]:
    """Yield the paths of a field with what each must be: the path itself, or the arguments of a call.

    Args:
        text: a path, or a call of an intrinsic function.
        kind: what the whole value must be.
    """
    if text.startswith("$"):
        yield text, kind
        return
    calls: list[list[Any]] = []  # name and position of the argument, of each call around
    position = 0
    while found := _TOKEN.search(text, position):
        token, position = found.group(), found.end()
        if token.startswith("States."):
            calls.append([token.rstrip("( \t\n"), 0])
        elif token == ")" and calls:
            calls.pop()
        elif token == "," and calls:
            calls[-1][1] += 1
        elif token == "$":
            position = end_of_path(text, found.start())
            argument = _argument_kind(calls)
            is_whole = len(calls) == 1 and argument == "json" and kind == "list"
            yield text[found.start() : position].rstrip(), "json list" if is_whole else argument


def _argument_kind(calls: list[list[Any]]) -> ValueKind:
    kinds = _ARGUMENT_KINDS.get(calls[-1][0], ()) if calls else ()
    return kinds[calls[-1][1]] if calls and calls[-1][1] < len(kinds) else "any"


def _read(text: str, reads: str, kind: ValueKind, optional: bool = False) -> DataRead | None:
    try:
        parsed = parse_path(text)
    except ValueError:
        return None
    steps = path_steps(parsed.selectors)
    if parsed.root == "context":
        if steps[:3] == _ITEM:
            return DataRead("item", steps[3:], kind)
        return DataRead("input", steps[2:], kind) if steps[:2] == ("Execution", "Input") else None
    if parsed.root == "variables":
        return DataRead("variables", steps, kind)
    roots: dict[str, Root] = {
        "raw input": "input",
        "effective input": "effective input",
        "result": "result",
        "output": "output",
        "unknown": "result",  # Assign sees the result
    }
    return DataRead(roots[reads], steps, kind, optional) if reads in roots else None


def path_steps(selectors: tuple[Selector, ...]) -> tuple[Key, ...]:
    """Return the members, indices and wildcards at the start of a path."""
    steps: list[Key] = []
    for selector in selectors:
        if isinstance(selector, str | int):
            steps.append(selector)
        elif isinstance(selector, Wildcard | Slice):
            steps.append(EACH)
        else:
            break
    return tuple(steps)


# JSONata --------------------------------------------------------------------------------------------------------------

_OPERATOR_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys(("+", "-", "*", "/", "%", "..", "<", ">", "<=", ">="), "number"),
    **dict.fromkeys(("and", "or"), "boolean"),
    "&": "text",
}
_FUNCTION_KINDS: Final[Mapping[str, ValueKind]] = {
    **dict.fromkeys(("count", "map", "filter", "reduce", "join", "sum", "max", "min", "average", "append"), "list"),
    **dict.fromkeys(("sort", "reverse", "shuffle", "distinct", "zip", "single"), "list"),
    **dict.fromkeys(("uppercase", "lowercase", "trim", "substring", "split", "length", "contains", "replace"), "text"),
    **dict.fromkeys(("substringBefore", "substringAfter", "match", "base64encode", "base64decode"), "text"),
    **dict.fromkeys(("keys", "merge", "lookup", "spread", "each", "sift"), "object"),
    **dict.fromkeys(("abs", "floor", "ceil", "round", "power", "sqrt", "fromMillis"), "number"),
    **dict.fromkeys(("toMillis",), "time"),
    **dict.fromkeys(("parse",), "json"),
    **dict.fromkeys(("not",), "boolean"),
}


def _reads_of_expression(use: JsonataUse) -> Iterator[DataRead]:
    if use.source is None:
        return
    kind = _FIELD_KINDS.get(use.at.rsplit("/", 1)[-1]) or _parameter_kind(use)
    for read in expression_reads(use.source, kind):
        # The result is there in Assign and Output of the state itself only.
        if read.root != "result" or use.part == "":
            yield read


def expression_reads(source: str, kind: ValueKind = "any") -> list[DataRead]:
    """Return what a JSONata expression reads; nothing for text that is none.

    Args:
        source: the text between ``{%`` and ``%}``.
        kind: what its value must be.
    """
    from sfn_provider.asl.jsonata.parser import ParseError, parse  # the library takes a tenth of a second

    try:
        tree = parse(source.strip())
    except ParseError:
        return []
    found: list[DataRead] = []
    _visit(tree, kind, found)
    return list(dict.fromkeys(found))


def _visit(node: Any, kind: ValueKind, found: list[DataRead]) -> None:
    from sfn_provider.asl.jsonata.parser import children

    if node.type == "path":
        names = [step.value if step.type in ("variable", "name") else None for step in node.steps]
        if names and node.steps[0].type == "variable":
            known = names[: names.index(None)] if None in names else names
            whole = len(known) == len(names) and not any(step.predicate or step.stages for step in node.steps)
            _add(tuple(known), kind if whole else "any", found)
    elif node.type == "variable":
        _add((node.value,), kind, found)
    inner = _kinds_of_children(node, kind)
    for child in children(node):
        if not (node.type == "path" and child is node.steps[0]):
            _visit(child, inner.get(id(child), "any"), found)


def _kinds_of_children(node: Any, kind: ValueKind) -> dict[int, ValueKind]:
    if node.type == "binary":
        one = _OPERATOR_KINDS.get(str(node.value), "any")
        return {id(node.lhs): one, id(node.rhs): one}
    if node.type == "condition":
        return {id(node.condition): "boolean", id(node.then): kind, id(node._else): kind}
    if node.type in ("function", "partial") and node.arguments:
        return {id(node.arguments[0]): _FUNCTION_KINDS.get(str(node.procedure.value), "any")}
    return {}


def _add(names: tuple[Any, ...], kind: ValueKind, found: list[DataRead]) -> None:
    if names[0] == "states":
        fields: dict[Any, Root] = {"input": "input", "result": "result"}
        root = fields.get(names[1]) if len(names) > 1 else None
        if root is not None:
            found.append(DataRead(root, names[2:], kind))
        elif names[1:5] == ("context", *_ITEM):
            found.append(DataRead("item", names[5:], kind))
        elif names[1:4] == ("context", "Execution", "Input"):
            found.append(DataRead("input", names[4:], kind))
    elif names[0] and names[0] not in BUILT_IN_FUNCTIONS:
        found.append(DataRead("variables", names, kind))


# Choices --------------------------------------------------------------------------------------------------------------


def operand_paths(rule: Any) -> Iterator[str]:
    """Yield the paths of a JSONPath rule: variables, and operands that are paths."""
    for inner in (*(rule.and_ or ()), *(rule.or_ or ()), *((rule.not_,) if rule.not_ else ())):
        yield from operand_paths(inner)
    if rule.variable is not None:
        yield rule.variable
        if rule.comparison is not None and COMPARISONS[rule.comparison].operand_is_path:
            yield str(rule.operand)
