"""Choice: goes on with the first rule that holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.model import ChoiceRule
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.engine.choice import compile_rule
from sfn_provider.engine.dataflow import JsonataFlow, rescope, template
from sfn_provider.engine.fields import expect
from sfn_provider.engine.program import Compiled, given_fields
from sfn_provider.engine.state import Frame
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.run import Run


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    rules = state.behaviour
    if rules is None:
        compile_one = _compile_condition if state.language == "JSONata" else compile_rule
        rules = state.behaviour = [(compile_one(rule), rule) for rule in state.model.choices]
    scope = run.scope(frame)
    (_decide_jsonata if state.language == "JSONata" else _decide_jsonpath)(run, frame, state, scope, rules)


def _decide_jsonpath(run: Run, frame: Frame, state: Compiled, scope: Scope, rules: list[Any]) -> None:
    value = state.flow.enter(scope, run.entropy)
    seen = rescope(scope, value)
    rule = next((rule for holds, rule in rules if holds(seen)), None)
    exit = state.flow.leave(scope, value, run.entropy)
    if rule is not None and "assign" in rule.model_fields_set:
        exit = exit._replace(assigned=template(rule.assign, "JSONPath", "Assign")(seen, run.entropy))
    elif rule is not None:
        exit = exit._replace(assigned={})
    run.leave(frame, state, exit, _target(state, rule))


def _decide_jsonata(run: Run, frame: Frame, state: Compiled, scope: Scope, rules: list[Any]) -> None:
    rule = next((rule for place, (holds, rule) in enumerate(rules) if holds(run, scope, place)), None)
    # A rule that holds brings its own Assign and Output, those of the state are for Default (recorded executions).
    flow = state.flow if rule is None else JsonataFlow(given_fields(rule))
    run.leave(frame, state, flow.leave(scope, MISSING, run.entropy), _target(state, rule))


def _target(state: Compiled, rule: ChoiceRule | None) -> str:
    target: str | None = state.model.default if rule is None else rule.next
    if target is None:
        # Observed on AWS; its documentation calls this error States.NoChoiceMatched, which no execution reports.
        cause = "Failed to transition out of the state. The state does not point to a next state."
        raise StatesError("States.Runtime", cause)
    return target


def _compile_condition(rule: ChoiceRule) -> Callable[[Run, Scope, int], bool]:
    condition = rule.condition
    if condition is None or isinstance(condition, bool):
        return lambda run, scope, place: bool(condition)

    def holds(run: Run, scope: Scope, place: int) -> bool:
        field = f"Choices[{place}]/Condition"
        value: Json = template(condition, "JSONata", field)(scope, run.entropy)
        return bool(expect(value, "boolean", condition, field))

    return holds


BEHAVIOUR = Behaviour(_execute)
