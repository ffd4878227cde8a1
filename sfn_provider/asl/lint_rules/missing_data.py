"""Rule: a path does not read data that cannot exist in the input of its state.

Step Functions does not check this: the execution fails. What a state's input can hold is followed from state to state
(`data_shapes`), through Pass, Parameters, ResultPath and Catch; what tasks return is unknown. A path is reported where
no route to the state leaves it anything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sfn_provider.asl.definition_index.data_shapes import (
    EMPTY,
    ERROR_OUTPUT,
    UNKNOWN,
    DataShape,
    MissingMember,
    Work,
    follow_members,
    parse_member_path,
    shape_at_path,
    shape_of_jsonata_template,
    shape_of_template,
    shape_of_value,
    union_of_shapes,
    write_member,
)
from sfn_provider.asl.definition_index.expression_walk import PathUse, Reads, path_uses
from sfn_provider.asl.definition_index.index import (
    DefinitionIndex,
    Fields,
    Group,
    PlacedState,
    catchers,
    inner_groups,
    objects,
    rule_tree,
)
from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.lint_rules.reporting import join_some, warning
from sfn_provider.asl.scope import Json
from sfn_provider.asl.suggestions import Suggestions

MAX_INPUT_CHANGES = 12
"""How often a state's input may change in the analysis before it counts as unknown."""

MAX_WORK = 300_000
"""How many members the analysis of a definition merges and copies before every further input counts as unknown."""

_CALLING_TYPES = ("Task", "Map", "Parallel")


@dataclass(frozen=True, slots=True)
class _Edge:
    target: Json
    output: DataShape


@dataclass(slots=True)
class _Flow:
    """The input of each state by its pointer, and the states whose Catch replaces that input by the error."""

    inputs: dict[str, DataShape] = field(default_factory=dict)
    visits: dict[str, int] = field(default_factory=dict)
    bare_catches: dict[str, dict[str, None]] = field(default_factory=dict)
    work: Work = field(default_factory=Work)

    def reach(self, at: str, shape: DataShape) -> bool:
        """Add a route to a state; True where that changes what its input can be."""
        known = self.inputs.get(at)
        if known is shape or known == UNKNOWN:
            return False
        self.work.members += len(shape.members)
        if self.work.members > MAX_WORK:
            merged = UNKNOWN
        else:
            merged = shape if known is None else union_of_shapes(known, shape, self.work)
        if merged == known:
            return False
        self.visits[at] = self.visits.get(at, 0) + 1
        self.inputs[at] = UNKNOWN if self.visits[at] > MAX_INPUT_CHANGES else merged
        return True


def impossible_paths(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Report every path that leads to nothing on every route, or on the route from a catcher."""
    flow = _propagate_shapes(definition)
    skipping: dict[str, bool] = {}
    suggestions = Suggestions()
    for use in path_uses(definition):
        shape = flow.inputs.get(use.state.at)
        if shape is None or use.reads in ("unknown", "result"):
            continue
        if use.state.type == "Choice" and use.state.at not in skipping:
            skipping[use.state.at] = _tests_presence(use.state)
        if skipping.get(use.state.at) or _is_replaced(use):
            continue
        origins = flow.bare_catches.get(use.state.at, {})
        if miss := _first_missing_member(use, shape):
            yield warning("DATA_PATH_CANNOT_EXIST", _message(use, *miss, origins, suggestions), use.at)
        elif origins and (miss := _first_missing_member(use, ERROR_OUTPUT)):
            message = _message(use, *miss, origins, suggestions, other_routes=True)
            yield warning("DATA_PATH_LOST_IN_CATCH", message, use.at)


def _tests_presence(state: PlacedState) -> bool:
    """Return whether a rule of a Choice tests for presence: Step Functions may not come to the paths behind it."""
    return any("IsPresent" in rule for _, rule, _ in state.rules)


def _is_replaced(use: PathUse) -> bool:
    """Return whether Step Functions does not evaluate a path. Recorded: with an ItemReader, ItemsPath is not."""
    return use.field == "ItemsPath" and "ItemReader" in use.state.fields


def _first_missing_member(use: PathUse, shape: DataShape) -> tuple[str, MissingMember] | None:
    data = _data_of(use.reads, use.state, shape)
    for path in use.paths:
        parsed = parse_member_path(path)
        found = UNKNOWN if parsed is None else follow_members(data, parsed.names)
        if isinstance(found, MissingMember):
            return path, found
    return None


def _message(
    use: PathUse,
    path: str,
    found: MissingMember,
    origins: Collection[str],
    suggestions: Suggestions,
    *,
    other_routes: bool = False,
) -> str:
    parent, hint = found.parent, suggestions.did_you_mean(found.member, found.parent.members, cutoff=0.75)
    there = join_some(parent.members) or "nothing"
    message = f"{path!r} in {use.field} of state {use.state.name!r} cannot exist"
    if parent.kind not in ("", "an object"):
        return f"{message}: {found.member!r} is looked for in {parent.kind}"
    if not origins or parent != ERROR_OUTPUT:
        return f"{message}: there is only {there}{hint}"
    catch = f"the Catch of {join_some(origins)}"
    if other_routes:
        message += f" where {catch} leads here"
    name = found.member if "err" in found.member.casefold() and found.member.isidentifier() else "error"
    return (
        f"{message}: {catch if not other_routes else 'it'} replaces the whole input by {there}{hint or '.'} Read "
        f'$.Error or $.Cause, or set "ResultPath": "$.{name}" on the catcher to keep the input'
    )


def _propagate_shapes(definition: DefinitionIndex) -> _Flow:
    flow = _Flow()
    entries: deque[tuple[Group, DataShape]] = deque([(definition.groups[0], UNKNOWN)])
    while entries:
        group, shape = entries.popleft()
        _follow_group(definition, group, shape, flow)
        for state in definition.states_of[group.at]:
            entries.extend((inner, _inner_input(state, inner, flow)) for inner in inner_groups(state))
    return flow


def _follow_group(definition: DefinitionIndex, group: Group, shape: DataShape, flow: _Flow) -> None:
    states = {state.name: state for state in definition.states_of[group.at]}
    waiting: deque[PlacedState] = deque()

    def reach(name: Json, shape: DataShape) -> None:
        state = states.get(name) if isinstance(name, str) else None
        if state is not None and flow.reach(state.at, shape):
            waiting.append(state)

    reach(group.fields.get("StartAt"), shape)
    while waiting:
        state = waiting.popleft()
        for edge in _edges(state, flow.inputs[state.at]):
            reach(edge.target, edge.output)
    for state in states.values():
        for _, catcher in catchers(state):
            target = states.get(str(catcher.get("Next")))
            if state.at in flow.inputs and target is not None and _replaces_input(state, catcher):
                flow.bare_catches.setdefault(target.at, {})[state.name] = None


def _replaces_input(state: PlacedState, catcher: Fields) -> bool:
    name = "Output" if state.language == "JSONata" else "ResultPath"
    return bool(catcher.get(name, "$") == "$")


def _inner_input(state: PlacedState, group: Group, flow: _Flow) -> DataShape:
    """Return the input of a branch or an iteration."""
    shape = flow.inputs.get(state.at)
    if shape is None or group.distributed or state.language == "JSONata":
        return UNKNOWN
    data = _effective_input(state, shape)
    if state.type == "Parallel":
        return shape_of_template(state.fields["Parameters"], data) if "Parameters" in state.fields else data
    template = state.fields.get("ItemSelector", state.fields.get("Parameters"))
    return UNKNOWN if template is None else shape_of_template(template, data)


def _data_of(reads: Reads, state: PlacedState, shape: DataShape) -> DataShape:
    if reads == "raw input":
        return shape
    if reads == "effective input":
        return _effective_input(state, shape)
    if reads == "output":
        return _with_result(state, shape)
    if reads == "error":
        return ERROR_OUTPUT
    raise ValueError(f"a field cannot read {reads!r} here")


def _effective_input(state: PlacedState, shape: DataShape) -> DataShape:
    path = state.fields.get("InputPath", "$")
    return EMPTY if path is None else shape_at_path(shape, path)


def _edges(state: PlacedState, shape: DataShape) -> Iterator[_Edge]:
    """Yield each state that may follow, with the input that it gets."""
    output = _state_output(state, shape)
    yield _Edge(state.fields.get("Next"), output)
    for _, catcher in catchers(state):
        yield _Edge(catcher.get("Next"), _catcher_output(state, catcher, shape))
    if state.type == "Choice":
        yield _Edge(state.fields.get("Default"), output)
        for _, rule in objects(state.fields, "Choices"):
            yield _Edge(rule.get("Next"), _choice_rule_output(state, rule, output))


def _choice_rule_output(state: PlacedState, rule: Fields, output: DataShape) -> DataShape:
    if state.language == "JSONata":
        return shape_of_jsonata_template(rule["Output"]) if "Output" in rule else output
    # What a rule finds present is there, whatever the analysis thinks.
    for _, part in rule_tree("", rule):
        parsed = parse_member_path(str(part.get("Variable"))) if "IsPresent" in part else None
        if parsed is not None:
            output = write_member(output, parsed.names, UNKNOWN)
    return output


def _catcher_output(state: PlacedState, catcher: Fields, shape: DataShape) -> DataShape:
    if state.language == "JSONata":
        return shape_of_jsonata_template(catcher["Output"]) if "Output" in catcher else ERROR_OUTPUT
    return _apply_result_path(catcher.get("ResultPath", "$"), shape, ERROR_OUTPUT)


def _state_output(state: PlacedState, shape: DataShape) -> DataShape:
    if state.language == "JSONata":
        if "Output" in state.fields:
            return shape_of_jsonata_template(state.fields["Output"])
        return UNKNOWN if state.type in _CALLING_TYPES else shape
    path = state.fields.get("OutputPath", "$")
    return EMPTY if path is None else shape_at_path(_with_result(state, shape), path)


def _with_result(state: PlacedState, shape: DataShape) -> DataShape:
    """Return the value that OutputPath selects from."""
    data = _effective_input(state, shape)
    if state.type not in (*_CALLING_TYPES, "Pass"):
        return data
    result_path = state.fields.get("ResultPath", "$")
    if result_path not in ("$", None) and state.fields.get("InputPath", "$") != "$":
        return UNKNOWN  # avoids a wrong warning: which input the result is written to is not certain
    return _apply_result_path(result_path, shape, _state_result(state, data))


def _state_result(state: PlacedState, data: DataShape) -> DataShape:
    if state.type in _CALLING_TYPES:
        selector = state.fields.get("ResultSelector")
        return UNKNOWN if selector is None else shape_of_template(selector, UNKNOWN)
    if "Result" in state.fields:
        return shape_of_value(state.fields["Result"])
    return shape_of_template(state.fields["Parameters"], data) if "Parameters" in state.fields else data


def _apply_result_path(result_path: Json, shape: DataShape, result: DataShape) -> DataShape:
    """Return the input with the result written to ResultPath."""
    if result_path is None:
        return shape
    parsed = parse_member_path(result_path) if isinstance(result_path, str) else None
    if parsed is None or not parsed.complete:
        return UNKNOWN
    return write_member(shape, parsed.names, result)
