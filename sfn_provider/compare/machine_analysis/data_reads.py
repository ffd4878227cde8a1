"""Lists what states read, by path and kind, of their input, their task's result, variables, items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.definition_index.expression_walk import JsonataUse, PathUse, jsonata_uses, path_uses
from sfn_provider.asl.definition_index.index import DefinitionIndex, PlacedState
from sfn_provider.asl.diagnostics import split_pointer
from sfn_provider.asl.jsonpath.syntax import Selector, Slice, Wildcard, end_of_path, parse_path
from sfn_provider.asl.lint_rules.service_calls import parameters_field
from sfn_provider.compare.machine_analysis.data_read_types import EACH, DataRead, Key, Root, ValueKind
from sfn_provider.compare.machine_analysis.jsonata_reads import expression_reads
from sfn_provider.compare.machine_analysis.parameter_kinds import parameter_kind

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

_ITEM: Final = ("Map", "Item", "Value")
_TOKEN: Final = re.compile(r"'(?:[^'\\]|\\.)*'|States\.\w+\s*\(|\(|\)|,|\$", re.DOTALL)


def reads_by_state(index: DefinitionIndex) -> dict[str, list[DataRead]]:
    """Return what each state reads, by its JSON pointer."""
    found: dict[str, list[DataRead]] = {state.at: [] for state in index.states}
    tested = {state.at: _presence_tests(state) for state in index.of_type("Choice")}
    for use in path_uses(index):
        found[use.state.at] += _reads_of_path(use, tested.get(use.state.at, frozenset()))
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


def _reads_of_path(use: PathUse, tested: frozenset[str]) -> Iterator[DataRead]:
    if not isinstance(use.value, str) or (use.reads in ("unknown", "error") and not use.field.endswith(".$")):
        return
    is_role = use.at.startswith(f"{use.state.at}/Credentials/")  # the engine evaluates them with the Parameters
    for text, kind in typed_paths(use.value, _kind_of_use(use)):
        read = _read(text, "effective input" if is_role else use.reads, kind, text in tested)
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
    return parameter_kind(str(use.state.fields.get("Resource")), split_pointer(use.at[len(parameters) :]))


def _presence_tests(state: PlacedState) -> frozenset[str]:
    """Return the paths of a Choice that may be absent: IsPresent tests them."""
    return frozenset(str(rule.get("Variable")) for _, rule, _ in state.rules if "IsPresent" in rule)


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
        return DataRead("execution input", steps[2:], kind) if steps[:2] == ("Execution", "Input") else None
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


def _reads_of_expression(use: JsonataUse) -> Iterator[DataRead]:
    if use.source is None:
        return
    kind = _FIELD_KINDS.get(use.at.rsplit("/", 1)[-1]) or _parameter_kind(use)
    for read in expression_reads(use.source, kind):
        # The result is there in Assign and Output of the state itself only.
        if read.root != "result" or use.part == "":
            yield read


# Choices --------------------------------------------------------------------------------------------------------------


def operand_paths(rule: Any) -> Iterator[str]:
    """Yield the paths of a JSONPath rule: variables, and operands that are paths."""
    for inner in (*(rule.and_ or ()), *(rule.or_ or ()), *((rule.not_,) if rule.not_ else ())):
        yield from operand_paths(inner)
    if rule.variable is not None:
        yield rule.variable
        if rule.comparison is not None and COMPARISONS[rule.comparison].operand_is_path:
            yield str(rule.operand)
