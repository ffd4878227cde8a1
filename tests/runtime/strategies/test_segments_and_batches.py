"""Segments, machines and batches of items as tasks, in a real Airflow, against the engine."""

from __future__ import annotations

import pytest

from tests.fixtures.airflow.dag_cases import (
    CAUGHT,
    Case,
    call,
    check,
    fail,
    flow,
    larger_than,
    map_,
    parallel,
    pass_,
    wait,
)

BROKEN = {"Throw": {"Error": "Own.Error", "Cause": "it broke"}}
FAILURE = {"Error": "Own.Error", "Cause": "it broke"}
SEGMENT, MACHINE = {"tasks": "segment"}, {"tasks": "machine"}
TWO_CALLS = flow(One=call("Two"), Two=call())
LONG = flow(A1=pass_("A2"), A2=pass_("A3"), A3=pass_("A4"), A4=pass_())
SHORT = flow(B1=pass_("B2"), B2=call())
SORT = flow(Look=larger_than(2, "Bad", "Good", "$"), Bad=fail(), Good=pass_("Last"), Last=pass_())


def answers(**values: object) -> dict[str, list[object]]:
    """What tasks answer, always the same."""
    return {name: [{"Return": value}] for name, value in values.items()}


CASES = [
    Case(
        "a_segment_goes_on_behind_a_wait",
        flow(One=call("Pause"), Pause=wait("Two"), Two=call("Last"), Last=pass_()),
        {},
        2,
        tasks={"One": "success", "Pause": "success", "Two": None, "Last": None},
        mocks=answers(One=1, Two=2),
        granularity=SEGMENT,
    ),
    Case(
        "a_choice_leaves_its_segment_or_not",
        flow(
            Look=larger_than(2, "Pause", "Small"),
            Small=pass_("Last", Result="small"),
            Pause=wait("Last"),
            Last=pass_(),
        ),
        {"n": 1},
        "small",
        tasks={"Look": "success", "Pause": "skipped", "Last": "success"},
        granularity=SEGMENT,
    ),
    Case(
        "a_caught_error_goes_on_in_the_same_task",
        flow(One=pass_("Two"), Two=call("Last", Catch=[CAUGHT]), Last=pass_(), Caught=pass_()),
        {},
        {"failure": FAILURE},
        tasks={"One": "success", "Two": None},
        mocks={"Two": [BROKEN]},
        granularity=SEGMENT,
    ),
    Case(
        "an_error_in_the_midst_of_a_segment_fails_it",
        flow(One=pass_("Two"), Two=call("Pause"), Pause=wait()),
        {},
        error="Own.Error",
        tasks={"One": "failed", "Pause": "upstream_failed"},
        mocks={"Two": [BROKEN]},
        granularity=SEGMENT,
    ),
    *(
        Case(
            f"a_branch_that_fails_stops_a_segment_beside_it_in_its_midst_{order}",
            flow(
                Both=parallel(*branches, Catch=[CAUGHT]),
                Caught=pass_(),
            ),
            {},
            {"failure": FAILURE},
            tasks={"Both.join": "success", "Caught": "success"},
            mocks={"B2": [BROKEN]},
            granularity=SEGMENT,
        )
        for order, branches in (
            ("before", (LONG, SHORT)),
            ("behind", (SHORT, LONG)),
        )
    ),
    Case(
        "one_task_an_item",
        flow(Each=map_(flow(One=call("Pause"), Pause=wait("Two"), Two=call()), MaxConcurrency=2)),
        [1, 2, 3],
        ["b", "b", "b"],
        tasks={"Each.item.One[2]": "success", "Each.item.Two[2]": None, "Each.join": "success"},
        mocks=answers(One="a", Two="b"),
        granularity=SEGMENT,
    ),
    Case(
        "an_item_that_fails_stops_those_before_it",
        flow(Each=map_(SORT, Catch=[CAUGHT], ItemsPath="$.all"), Caught=pass_()),
        {"all": [1, 1, 5]},
        {"all": [1, 1, 5], "failure": FAILURE},
        tasks={"Each.item.Look[0]": "skipped", "Each.item.Look[2]": "failed", "Caught": "success"},
        granularity=SEGMENT,
    ),
    Case(
        "a_machine_is_one_task",
        flow(
            Each=map_(TWO_CALLS, next="Both"),
            Both=parallel(flow(A=wait()), flow(B=pass_()), next="Last"),
            Last=pass_(),
        ),
        [1, 2],
        [["b", "b"], ["b", "b"]],
        tasks={"Each": "success", "Both": None, "Last": None},
        mocks=answers(One="a", Two="b"),
        granularity=MACHINE,
    ),
    Case(
        "a_machine_that_fails",
        flow(One=pass_("Two"), Two=fail()),
        {},
        error="Own.Error",
        tasks={"One": "failed"},
        granularity=MACHINE,
    ),
    Case(
        "batches_keep_the_order_and_what_an_item_sees",
        flow(
            Each=map_(
                flow(
                    One=pass_("Two"),
                    Two=pass_(Parameters={"in.$": "$", "at.$": "$$.Map.Item.Index", "item.$": "$$.Map.Item.Value"}),
                ),
                ItemSelector={"v.$": "$$.Map.Item.Value"},
            )
        ),
        ["a", "b", "c"],
        [{"in": {"v": value}, "at": index, "item": value} for index, value in enumerate("abc")],
        tasks={"Each.batch.items[0]": "success", "Each.batch.items[1]": "success", "Each.batch.items[2]": None},
        granularity={"map_batch": 2},
    ),
    Case(
        "batches_of_no_items",
        flow(Each=map_(TWO_CALLS, ItemsPath="$.all", next="After"), After=pass_()),
        {"all": []},
        [],
        tasks={"Each.join": "success", "After": "success"},
        granularity={"map_batch": 2},
    ),
    Case(
        "an_item_that_fails_ends_its_batch_and_stops_the_others",
        flow(Each=map_(SORT, Catch=[CAUGHT], ItemsPath="$.all"), Caught=pass_()),
        {"all": [1, 1, 5, 1, 1]},
        {"all": [1, 1, 5, 1, 1], "failure": FAILURE},
        tasks={
            "Each.batch.items[0]": "skipped",
            "Each.batch.items[1]": "failed",
            "Each.batch.items[2]": "skipped",
            "Each.join": "success",
            "Caught": "success",
        },
        granularity={"map_batch": 2},
    ),
    Case(
        "an_item_that_fails_the_execution_whatever_is_caught",
        flow(Each=map_(flow(One=pass_(InputPath="$.no")), Catch=[CAUGHT], ItemsPath="$.all"), Caught=pass_()),
        {"all": [{"no": 1}, {}]},
        error="States.Runtime",
        tasks={"Each.batch.items[0]": "failed", "Each.join": "failed", "Caught": "upstream_failed"},
        granularity={"map_batch": 2},
    ),
    Case(
        "batches_that_nobody_chose_and_a_map_in_a_batch",
        flow(
            Look=larger_than(2, "Each", "Last"),
            Each=map_(flow(In=map_(flow(X=pass_()))), ItemsPath="$.all", next="Last"),
            Last=pass_(),
        ),
        {"n": 3, "all": [[1], [2, 3], []]},
        [[1], [2, 3], []],
        tasks={"Each.batch.items[0]": "success", "Last": "success"},
        granularity={"tasks": "segment", "map_batch": 2},
    ),
    Case(
        "batches_in_a_branch",
        flow(
            Both=parallel(
                flow(Each=map_(TWO_CALLS, ItemsPath="$.all", MaxConcurrency=1)),
                flow(Every=map_(flow(X=pass_("Y"), Y=pass_()), ItemsPath="$.all")),
            )
        ),
        {"all": [1, 2, 3]},
        [["b", "b", "b"], [1, 2, 3]],
        tasks={"Both.Every.batch.items[0]": "success"},
        mocks=answers(One="a", Two="b"),
        granularity={"map_batch": 2},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_dag_ends_as_the_engine_does(case: Case) -> None:
    check(case)
