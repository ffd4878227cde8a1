"""Redrives on the engine: an execution goes on where it has failed, with the frames that were live then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.engine.compiled_machine import CompiledMachine
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.progress.execution_state import Frame
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import EPOCH, advance
from tests.fixtures.machines.engine import group, inline_map, one, parallel, returns, task, throws


@dataclass
class Redriven:
    """An execution that fails and is redriven: the frames of its last failure, if any, and the calls of each run."""

    definition: dict[str, Any]
    frames: dict[int, Frame] | None = None
    interpreter: Interpreter = field(init=False)

    def __post_init__(self) -> None:
        self.interpreter = Interpreter(parse(self.definition), on_failure=self._take)

    def _take(self, frames: dict[int, Frame]) -> None:
        self.frames = frames

    def run(self, input: Any, mocks: Mocks) -> StepResult:
        context = execution_context(input, EPOCH, machine="M", name="e")
        step = self.interpreter.start(input, at=EPOCH, context=context, deadline=EPOCH + 1e6)
        return advance(self.interpreter, step, mocks)

    def redrive(self, failed: StepResult, mocks: Mocks) -> StepResult:
        assert self.frames is not None
        frames, self.frames = self.frames, None
        at = failed.state.now + 100
        step = self.interpreter.redrive(failed.state, frames, at=at, deadline=at + 1e6, redrives=1)
        return advance(self.interpreter, step, mocks)


@dataclass(frozen=True)
class Case:
    """A machine that fails, and the calls of its redrive.

    Args:
        definition: the machine.
        failing: mocks of the first run.
        calls: how often each state calls in the redrive, in which each call succeeds.
        output: what it comes to.
        input: the execution's input.
    """

    definition: dict[str, Any]
    failing: dict[str, Any]
    calls: dict[str, int]
    output: Any
    input: Any = 1


CATCH_OTHER = [{"ErrorEquals": ["Other"], "Next": "Handle"}]
TWO = {"Good": returns(1), "Bad": throws("Broken")}
CASES = {
    "a task": Case(group({"Good": task(Next="Bad"), "Bad": task()}), TWO, {"Bad": 1}, "again"),
    "a branch": Case(one(parallel({"Good": task()}, {"Bad": task()})), TWO, {"Bad": 1}, [1, "again"]),
    "a branch that had not ended": Case(
        one(parallel({"Wait": {"Type": "Wait", "Seconds": 5, "Next": "Good"}, "Good": task()}, {"Bad": task()})),
        TWO,
        {"Good": 1, "Bad": 1},
        ["again", "again"],
    ),
    "an iteration": Case(
        one(inline_map({"Item": task()}, MaxConcurrency=1)),
        {"Item": [*returns(1), *throws("Broken")]},
        {"Item": 2},
        [1, "again", "again"],
        [1, 2, 3],
    ),
    "a branch in a branch": Case(
        one(parallel({"Inner": parallel({"Good": task()}, {"Bad": task()})}, {"Other": {"Type": "Pass"}})),
        TWO,
        {"Bad": 1},
        [[1, "again"], 1],
    ),
    "an error that is not caught": Case(
        group({"Both": parallel({"Bad": task()}, Catch=CATCH_OTHER, Next="Handle"), "Handle": {"Type": "Pass"}}),
        TWO,
        {"Bad": 1},
        ["again"],
    ),
    "a fault that nothing catches": Case(
        one(parallel({"Good": task()}, {"Bad": task()})),
        {**TWO, "Bad": throws("States.Runtime")},
        {"Bad": 1},
        [1, "again"],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_only_what_has_not_succeeded_is_executed_again(case: Case) -> None:
    execution = Redriven(case.definition)
    failed = execution.run(case.input, Mocks.from_mapping(case.failing))
    assert failed.state.status == "FAILED"
    answers = Mocks.from_mapping(dict.fromkeys(case.failing, returns("again")))
    redriven = execution.redrive(failed, answers)
    assert (redriven.state.status, redriven.state.output) == ("SUCCEEDED", case.output)
    assert answers.calls == case.calls
    assert execution.frames is None
    first, event, *_ = redriven.records[0].id, redriven.records[0]
    assert (event.type, event.details, event.previous) == ("ExecutionRedriven", {"redriveCount": 1}, first - 1)
    assert first == failed.records[-1].id + 1
    assert [record.id for record in redriven.records] == list(range(first, first + len(redriven.records)))
    entered = {record.details["name"] for record in redriven.records if record.type.endswith("StateEntered")}
    assert "Bad" not in entered


RETRY = [{"ErrorEquals": ["Broken"], "MaxAttempts": 2}]
RETRIED = {
    "a task": (task(Retry=RETRY), 2),
    "a Parallel": (parallel({"State": task()}, Retry=RETRY), [2]),
    "a Map": (inline_map({"State": task()}, Retry=RETRY), [2]),
}


@pytest.mark.parametrize(("state", "output"), RETRIED.values(), ids=RETRIED)
def test_retries_are_counted_anew(state: dict[str, Any], output: Any) -> None:
    execution = Redriven(group({"Retried": state}))
    name = "Retried" if state["Type"] == "Task" else "State"
    failed = execution.run([1], Mocks.from_mapping({name: throws("Broken")}))
    answers = Mocks.from_mapping({name: [*throws("Broken", "Broken"), *returns(2)]})
    assert execution.redrive(failed, answers).state.output == output
    assert answers.calls == {name: 3}


def test_a_failure_that_is_caught_leaves_nothing() -> None:
    catch = [{"ErrorEquals": ["Broken"], "Next": "Handle"}]
    states = {"Both": parallel({"Bad": task()}, Catch=catch, Next="Handle"), "Handle": {"Type": "Pass"}}
    execution = Redriven(group(states))
    assert execution.run(1, Mocks.from_mapping({"Bad": throws("Broken")})).state.status == "SUCCEEDED"
    assert execution.frames is None


def test_a_later_failure_has_the_frames_of_its_own_time() -> None:
    catch = [{"ErrorEquals": ["Broken"], "Next": "Later"}]
    states = {"Both": parallel({"Bad": task()}, Catch=catch, Next="Later"), "Later": task()}
    execution = Redriven(group(states))
    failed = execution.run(1, Mocks.from_mapping({"Bad": throws("Broken"), "Later": throws("Late")}))
    assert execution.frames is not None
    assert [frame.state for frame in execution.frames.values()] == ["Later"]
    assert execution.redrive(failed, Mocks.from_mapping({"Later": returns(3)})).state.output == 3


def test_interpreters_share_a_compiled_machine_and_limit_its_events() -> None:
    compiled = CompiledMachine(parse(one({"Type": "Pass"})))
    context = execution_context({}, EPOCH, machine="M", name="e")
    fine = Interpreter(compiled).start({}, at=EPOCH, context=context)
    short = Interpreter(compiled, max_events=3).start({}, at=EPOCH, context=context)
    assert (fine.state.status, short.state.status) == ("SUCCEEDED", "FAILED")
    assert short.state.cause == "The execution reached the maximum number of history events (3)."
