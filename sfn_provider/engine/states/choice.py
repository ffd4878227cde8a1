"""Choice: goes on with the first rule that holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from sfn_provider.asl.model import ChoiceRule
from sfn_provider.asl.scope import MISSING, Scope
from sfn_provider.engine.compiled import Compiled, given_fields
from sfn_provider.engine.dataflow.choice_rules import compile_rule
from sfn_provider.engine.dataflow.flow import Evaluator, Exit, JsonataFlow, JsonPathFlow, rescope, template
from sfn_provider.engine.dataflow.typed_fields import expect
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.states.behaviour import Behaviour
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


class _Rule(NamedTuple):
    """A rule, compiled.

    Args:
        holds: tells whether it holds.
        exit: makes what the state leaves with when it does.
        next: name of the state that it goes to.
    """

    holds: Evaluator
    exit: Callable[[Scope, Scope, random.Random], Exit]
    next: str | None


def _execute(run: Run, frame: Frame, state: Compiled) -> None:
    if state.behaviour is None:
        compile_one = _compile_jsonata if state.language == "JSONata" else _compile_jsonpath
        state.behaviour = [compile_one(state, place, rule) for place, rule in enumerate(state.model.choices)]
    scope, entropy = run.scope(frame), run.entropy
    # What the rules see: in JSONPath the input after InputPath, in JSONata the input itself.
    seen = rescope(scope, state.flow.enter(scope, entropy)) if state.language == "JSONPath" else scope
    rule = next((rule for rule in state.behaviour if rule.holds(seen, entropy)), None)
    if rule is None:
        result = seen.input if state.language == "JSONPath" else MISSING
        run.leave(frame, state, state.flow.leave(scope, result, entropy), _target(state.model.default))
    else:
        run.leave(frame, state, rule.exit(scope, seen, entropy), _target(rule.next))


def _compile_jsonpath(state: Compiled, _place: int, rule: ChoiceRule) -> _Rule:
    test = compile_rule(rule)
    # A rule that holds brings its own Assign, that of the state is for Default and not evaluated here.
    own = JsonPathFlow({**given_fields(state.model), "assign": rule.assign})

    def exit(scope: Scope, seen: Scope, entropy: random.Random) -> Exit:
        return own.leave(scope, seen.input, entropy)

    return _Rule(lambda seen, _entropy: test(seen), exit, rule.next)


def _compile_jsonata(_state: Compiled, place: int, rule: ChoiceRule) -> _Rule:
    # A rule that holds brings its own Assign and Output, those of the state are for Default (recorded executions).
    own = JsonataFlow(given_fields(rule))

    def exit(scope: Scope, _seen: Scope, entropy: random.Random) -> Exit:
        return own.leave(scope, MISSING, entropy)

    return _Rule(_compile_condition(rule.condition, f"Choices[{place}]/Condition"), exit, rule.next)


def _compile_condition(condition: str | bool | None, field: str) -> Evaluator:
    if condition is None or isinstance(condition, bool):
        return lambda _scope, _entropy: bool(condition)
    evaluate = template(condition, "JSONata", field)
    return lambda scope, entropy: expect(evaluate(scope, entropy), "boolean", condition, field)


def _target(target: str | None) -> str:
    if target is None:
        # Observed on AWS; its documentation calls this error States.NoChoiceMatched, which no execution reports.
        cause = "Failed to transition out of the state. The state does not point to a next state."
        raise StatesError("States.Runtime", cause)
    return target


BEHAVIOUR = Behaviour(_execute)
