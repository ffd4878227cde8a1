"""Which tasks run after a clear, and on which data: XComs of the pass before it stay in Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.runtime.routing import task_routing as routing
from tests.fixtures.airflow.cleared_runs import ClearedRun
from tests.fixtures.machines.definitions import END, choose, go, machine

pytestmark = pytest.mark.usefixtures("skip_by_airflow")

Json = Any


@pytest.fixture
def skip_by_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's SkipMixin, for the tasks of a `ClearedRun`."""

    class Skipper:
        def skip_all_except(self, instance: Any, taken: list[str]) -> None:
            instance.skip(taken)

    monkeypatch.setattr(routing, "SkipMixin", Skipper)


def fail(error: str) -> dict[str, Any]:
    """A state that fails."""
    return {"Type": "Fail", "Error": error}


def parallel(*branches: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A Parallel with a branch for each object of states, that goes on to After."""
    return {"Type": "Parallel", "Branches": [machine(states) for states in branches], "Next": "After"} | fields


DIAMOND = machine(
    {
        "A": choose("$.a", {"S": "S", "T": "T"}),
        "T": choose("$.t", {"V": "V", "X": "X"}),
        "V": go("S", Result="by V"),
        "S": END,
        "X": END,
    }
)
GROUP = machine(
    {
        "Ask": choose("$.way", {"group": "Both", "other": "Other"}, "Broken"),
        "Both": parallel({"L": END | {"Result": "l"}}, {"R": END | {"Result": "r"}}),
        "Other": go("After", Result="other"),
        "After": END,
        "Broken": fail("Broken"),
    }
)
BRANCHED = machine(
    {
        "Both": parallel(
            {"Ask": choose("$.way", {"a": "A", "b": "B"}, "Bad"), "A": END, "B": END, "Bad": fail("Bad")},
            {"R": END | {"Result": "r"}},
        ),
        "After": END,
    }
)
MAP = machine(
    {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": machine(
                {"Ask": choose("$", {"bad": "Bad", "b": "B"}, "A"), "A": END, "B": END, "Bad": fail("Bad")}
            ),
            "Next": "After",
        },
        "After": END,
    }
)
PROCESSOR = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
DISTRIBUTED = machine(
    {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": machine(
                {"Work": END}, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
            ),
            "Next": "After",
        },
        "After": END,
    }
)


@dataclass(frozen=True)
class Case:
    """A machine whose first task is cleared between two inputs.

    Args:
        name: of the case.
        definition: the machine.
        inputs: the input of each pass.
        ran: the tasks that ran in the last pass.
        output: what the task of the state After or S returned in the last pass; None where it did not run.
    """

    name: str
    definition: dict[str, Any]
    inputs: tuple[Json, ...]
    ran: str
    output: Json = None


V, X, S = {"a": "T", "t": "V"}, {"a": "T", "t": "X"}, {"a": "S"}
CASES = [
    Case("a state that the token of a skipped task names", DIAMOND, (V, X), "A T X"),
    Case("a state that two tokens name, one of a skipped task", DIAMOND, (V, S), "A S", S),
    Case("and back", DIAMOND, (V, S, V), "A T V S", "by V"),
    Case("a group that is left", GROUP, ({"way": "group"}, {"way": "other"}), "Ask Other After", "other"),
    Case(
        "a group that is entered",
        GROUP,
        ({"way": "other"}, {"way": "group"}),
        "Ask Both.start Both.L Both.R Both.join After",
        ["l", "r"],
    ),
    Case("a group whose upstream fails", GROUP, ({"way": "group"}, {"way": "none"}), "Ask Broken"),
    Case(
        "a branch that ends elsewhere",
        BRANCHED,
        ({"way": "a"}, {"way": "b"}),
        "Both.start Both.branch_1.Ask Both.branch_1.B Both.R Both.join After",
        [{"way": "b"}, "r"],
    ),
    Case(
        "a branch that had failed",
        BRANCHED,
        ({"way": "bad"}, {"way": "a"}),
        "Both.start Both.branch_1.Ask Both.branch_1.A Both.R Both.join After",
        [{"way": "a"}, "r"],
    ),
    Case(
        "a Map with fewer items, of which one had failed",
        MAP,
        ({"items": ["a", "b", "bad"]}, {"items": ["b", "a"]}),
        "Each.start Each.item.Ask Each.item.A Each.item.B Each.join After",
        ["b", "a"],
    ),
    Case(
        "a distributed Map with fewer batches",
        DISTRIBUTED,
        ({"items": list(range(100))}, {"items": [5, 6]}),
        "Each.start Each.part.children Each.join After",
        [5, 6],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pass_after_a_clear_is_what_a_first_pass_is(case: Case) -> None:
    run = ClearedRun(case.definition, case.inputs[0])
    run.run()
    for input in case.inputs[1:]:
        run.conf = input
        run.clear(next(task_id for task_id, task in run.dag.task_dict.items() if not task.upstream_task_ids))
        ran = run.run()
    assert ran == set(case.ran.split())
    first = ClearedRun(case.definition, case.inputs[-1])
    assert ran == first.run()
    assert run.states.items() >= first.states.items()
    last = "S" if case.definition is DIAMOND else "After"
    assert (run.xcoms[last, -1, "return_value"] if last in ran else None) == case.output


def test_one_item_that_is_cleared_runs_alone_and_takes_its_place() -> None:
    run = ClearedRun(MAP, {"items": ["a", "bad", "b"]})
    assert "Each.item.Bad" in run.run("Each.item.A", "Each.item.B")
    assert run.states["After", -1] == "upstream_failed"
    run.xcoms["Each.start", -1, "return_value"][1] = "other"  # what the item says now
    run.clear("Each.item.Ask", map_index=1)
    assert run.run() == {"Each.item.Ask", "Each.item.A", "Each.join", "After"}
    assert run.ran.count("Each.item.Ask") == 1
    assert run.xcoms["After", -1, "return_value"] == ["a", "other", "b"]


def test_a_join_that_is_cleared_collects_again() -> None:
    run = ClearedRun(GROUP, {"way": "group"})
    run.run()
    run.clear("Both.join")
    assert run.run() == {"Both.join", "After"}
    assert run.xcoms["After", -1, "return_value"] == ["l", "r"]


def test_a_branch_does_not_stop_for_the_error_of_a_sibling_that_was_cleared() -> None:
    states = {"Ask": choose("$.way", {"bad": "Bad"}, "Good"), "Bad": fail("Bad"), "Good": END}
    run = ClearedRun(machine({"Both": parallel(states, {"First": go("Second"), "Second": END}), "After": END}), {})
    run.conf = {"way": "bad"}
    run.run()
    failed = next(task_id for task_id in run.dag.task_dict if task_id.endswith("Bad"))
    assert run.states[failed, -1] == "failed"
    run.conf = {"way": "good"}
    run.clear("Both.start")
    second = next(task_id for task_id in run.dag.task_dict if task_id.endswith("Second"))
    assert second in run.run(next(task_id for task_id in run.dag.task_dict if task_id.endswith("First")))
    assert run.states["After", -1] == "success"


def test_a_state_that_two_tasks_have_chosen_takes_the_later_choice() -> None:
    run = ClearedRun(DIAMOND, V)
    run.run()
    run.conf = S
    run.clear("A", downstream=False)
    run.run()
    assert run.states["T", -1] == "skipped", "Airflow skips what A does not choose now"
    run.clear("S")
    run.run()
    assert run.xcoms["S", -1, "return_value"] == S
