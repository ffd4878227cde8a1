"""Choice: goes to the state of the first rule that holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sfn_provider.asl.model import ChoiceRule
from sfn_provider.asl.scope import MISSING, Randomness, Scope
from sfn_provider.engine.compiled_machine import CompiledState
from sfn_provider.engine.dataflow.choice_rules import compile_rule
from sfn_provider.engine.dataflow.data_flow import (
    Evaluator,
    JsonataFlow,
    JsonPathFlow,
    StateExit,
    compile_evaluator,
    compile_or_fail,
    data_flow_fields,
)
from sfn_provider.engine.dataflow.typed_fields import require_type
from sfn_provider.engine.execution_step import ExecutionStep, StateHandler
from sfn_provider.engine.observations import ChoiceMade
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.exceptions import StatesError


class _Rule(NamedTuple):
    """A rule, compiled.

    Args:
        holds: returns True if the rule matches.
        exit: makes what the state leaves with when it does.
        next: name of the state that it goes to.
    """

    holds: Evaluator
    exit: Callable[[Scope, Scope, Randomness], StateExit]
    next: str | None


def _execute(step: ExecutionStep, frame: Frame, state: CompiledState) -> None:
    if state.compiled_fields is None:
        compile_one = _compile_jsonata if state.language == "JSONata" else _compile_jsonpath
        state.compiled_fields = [compile_one(state, index, rule) for index, rule in enumerate(state.model.choices)]
    scope, entropy = step.scope(frame), step.entropy
    # What the rules see: in JSONPath the input after InputPath, in JSONata the input itself.
    seen = state.data_flow.select_input(scope)
    rule: _Rule | None = None
    for each in state.compiled_fields:
        if each.holds(seen, entropy):
            rule = each
            break
    if step.observer is not None:
        index, target = (state.compiled_fields.index(rule), rule.next) if rule else (None, state.model.default)
        step.observer(ChoiceMade(state.name, state.model, state.language, step.place(frame), seen, index, target))
    if rule is None:
        result = seen.input if state.language == "JSONPath" else MISSING
        step.leave(frame, state, state.data_flow.leave(scope, result, entropy), _target(state.model.default))
    else:
        step.leave(frame, state, rule.exit(scope, seen, entropy), _target(rule.next))


def _compile_jsonpath(state: CompiledState, _index: int, rule: ChoiceRule) -> _Rule:
    test = compile_or_fail(compile_rule, rule)
    # A rule that holds brings its own Assign, that of the state is for Default and not evaluated here.
    rule_flow = JsonPathFlow({**data_flow_fields(state.model), "assign": rule.assign})

    def exit(scope: Scope, seen: Scope, entropy: Randomness) -> StateExit:
        return rule_flow.leave(scope, seen.input, entropy)

    return _Rule(lambda seen, _entropy: test(seen), exit, rule.next)


def _compile_jsonata(_state: CompiledState, index: int, rule: ChoiceRule) -> _Rule:
    # A rule that holds brings its own Assign and Output, those of the state are for Default (recorded executions).
    rule_flow = JsonataFlow(data_flow_fields(rule))

    def exit(scope: Scope, _seen: Scope, entropy: Randomness) -> StateExit:
        return rule_flow.leave(scope, MISSING, entropy)

    return _Rule(_compile_condition(rule.condition, f"Choices[{index}]/Condition"), exit, rule.next)


def _compile_condition(condition: str | bool | None, field: str) -> Evaluator:
    if condition is None or isinstance(condition, bool):
        return lambda _scope, _entropy: bool(condition)
    evaluate = compile_evaluator(condition, "JSONata", field)
    return lambda scope, entropy: require_type(evaluate(scope, entropy), "boolean", condition, field)


def _target(target: str | None) -> str:
    if target is None:
        # Observed on AWS; its documentation calls this error States.NoChoiceMatched, which no execution reports.
        cause = "Failed to transition out of the state. The state does not point to a next state."
        raise StatesError("States.Runtime", cause)
    return target


HANDLER = StateHandler(_execute)
