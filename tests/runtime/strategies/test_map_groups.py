"""An inline Map as a mapped task group, in a real Airflow, against the engine."""

from __future__ import annotations

import pytest

from sfn_provider._compat import mapped_groups_must_expand
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

# On Airflow 3.0 and 3.1 the task that lists the items always runs: the join behind a group that was never expanded
# could not start there.
NOT_CHOSEN = "success" if mapped_groups_must_expand() else "skipped"
BEHIND_A_FAILURE = "failed" if mapped_groups_must_expand() else "upstream_failed"
BROKEN = {"Throw": {"Error": "Own.Error", "Cause": "it broke"}}
FAILURE = {"Error": "Own.Error", "Cause": "it broke"}
SORT = flow(
    Look=larger_than(2, "Large", "Small", "$"),
    Large=pass_("Meet", Result="large"),
    Small=pass_("Meet", Result="small"),
    Meet=pass_(),
)

CASES = [
    Case(
        "five_items_with_a_choice",
        flow(Each=map_(SORT, ItemsPath="$.all", ResultPath="$.sizes", next="After"), After=pass_()),
        {"all": [1, 2, 3, 4, 0]},
        {"all": [1, 2, 3, 4, 0], "sizes": ["small", "small", "large", "large", "small"]},
        tasks={
            "Each.item.Large[0]": "skipped",
            "Each.item.Small[0]": "success",
            "Each.item.Large[2]": "success",
            "Each.item.Small[2]": "skipped",
            "Each.item.Meet[4]": "success",
            "Each.join": "success",
        },
    ),
    Case(
        "item_selector_and_context_in_every_state_of_an_item",
        flow(
            Each=map_(
                flow(
                    One=pass_("Two"),
                    Two=pass_(Parameters={"in.$": "$", "at.$": "$$.Map.Item.Index", "item.$": "$$.Map.Item.Value"}),
                ),
                ItemsPath="$.all",
                ItemSelector={"v.$": "$$.Map.Item.Value", "k.$": "$.key"},
            )
        ),
        {"key": "k", "all": ["a", "b"]},
        [{"in": {"v": value, "k": "k"}, "at": index, "item": value} for index, value in enumerate("ab")],
    ),
    Case(
        "null_and_reserved_keys_as_items_and_outputs",
        flow(Each=map_(flow(One=pass_("Two"), Two=pass_()))),
        [None, {"__type": 1}, [], ""],
        [None, {"__type": 1}, [], ""],
        tasks={"Each.item.Two[3]": "success"},
    ),
    Case(
        "no_items",
        flow(Each=map_(SORT, ItemsPath="$.all", ResultSelector={"r.$": "$"}, next="After"), After=pass_()),
        {"all": []},
        {"r": []},
        tasks={"Each.join": "success", "After": "success"},
    ),
    Case(
        "a_failing_item_is_caught",
        flow(
            Each=map_(
                flow(Look=larger_than(2, "Bad", "Good", "$"), Bad=fail(), Good=pass_()),
                ItemsPath="$.all",
                Catch=[CAUGHT],
                next="After",
            ),
            After=pass_(),
            Caught=pass_(),
        ),
        {"all": [1, 5, 2]},
        {"all": [1, 5, 2], "failure": FAILURE},
        tasks={"Each.item.Bad[1]": "failed", "Each.join": "success", "After": "skipped", "Caught": "success"},
    ),
    Case(
        "a_failing_item_is_not_caught",
        flow(
            Each=map_(flow(Look=larger_than(2, "Bad", "Good", "$"), Bad=fail(), Good=pass_()), next="After"),
            After=pass_(),
        ),
        [1, 5, 2],
        error="Own.Error",
        tasks={"Each.item.Bad[1]": "failed", "Each.join": "failed", "After": "upstream_failed"},
    ),
    Case(
        "a_failing_item_stops_the_others_before_their_next_state",
        flow(
            Each=map_(
                flow(
                    Look=larger_than(2, "Bad", "First", "$"),
                    Bad=fail(),
                    First=wait("Second"),
                    Second=pass_("Third"),
                    Third=pass_(),
                )
            )
        ),
        [5, 1],
        error="Own.Error",
        tasks={"Each.item.Third[1]": "skipped", "Each.join": "failed"},
    ),
    Case(
        "no_list_of_items",
        flow(Each=map_(SORT, ItemsPath="$.all", Catch=[CAUGHT]), Caught=pass_()),
        {"all": 1},
        error="States.Runtime",
        tasks={"Each.start": "success", "Each.join": "failed", "Caught": "upstream_failed"},
    ),
    Case(
        "a_map_in_a_map",
        flow(
            Each=map_(
                flow(Inner=map_(flow(One=pass_("Two"), Two=pass_()), ItemsPath="$.in", next="Last"), Last=pass_()),
            )
        ),
        [{"in": [1, 2]}, {"in": []}],
        [[1, 2], []],
        tasks={"Each.item.Inner[0]": "success", "Each.item.Last[1]": "success"},
    ),
    Case(
        "a_parallel_in_a_map",
        flow(Each=map_(flow(Both=parallel(flow(One=pass_()), flow(Two=pass_(Result=2)))))),
        [5, 6],
        [[5, 2], [6, 2]],
        tasks={"Each.item.Both[1]": "success"},
    ),
    Case(
        "a_map_in_a_parallel",
        flow(
            Both=parallel(
                flow(Each=map_(SORT, next="Count"), Count=pass_(Parameters={"n.$": "States.ArrayLength($)"})),
                flow(Every=map_(flow(Same=pass_()))),
            )
        ),
        [1, 7],
        [{"n": 2}, [1, 7]],
        tasks={"Both.branch_1.Each.item.Large[1]": "success", "Both.Every.item.Same[0]": "success"},
    ),
    Case(
        "a_failing_item_in_a_parallel",
        flow(Both=parallel(flow(Each=map_(flow(Try=call()))), flow(Other=pass_()), Catch=[CAUGHT]), Caught=pass_()),
        {"a": 1},
        error="States.Runtime",
        tasks={"Both.Each.join": "failed", "Both.join": "failed"},
        steps_agree=False,  # it is the join that fails
    ),
    Case(
        "a_loop_for_each_item",
        flow(
            Each=map_(
                flow(
                    Count=pass_("Enough", Parameters={"n.$": "States.MathAdd($.n, 1)"}),
                    Enough=larger_than(2, "Done", "Count"),
                    Done=pass_(),
                )
            )
        ),
        [{"n": 0}, {"n": 5}],
        [{"n": 3}, {"n": 6}],
        tasks={"Each.item.Count_loop[1]": "success"},
    ),
    Case(
        "a_map_after_a_map",
        flow(Each=map_(flow(One=pass_()), next="Again"), Again=map_(flow(Two=pass_(Result=0)))),
        [1, 2, 3],
        [0, 0, 0],
        tasks={"Each.item.One[2]": "success", "Again.item.Two[2]": "success"},
    ),
    Case(
        "variables_lead_into_items_and_not_out",
        flow(
            Set=pass_("Each", Assign={"outer": 1}),
            Each=map_(
                flow(
                    In=pass_("Read", Assign={"inner.$": "$"}),
                    Read=pass_(Parameters={"o.$": "$outer", "i.$": "$inner"}),
                ),
                Assign={"first.$": "$[0].i"},
                next="Out",
            ),
            Out=pass_(Parameters={"o.$": "$outer", "f.$": "$first"}),
        ),
        [8, 9],
        {"o": 1, "f": 8},
    ),
    Case(
        "jsonata_forms",
        flow(
            Each=map_(
                flow(One=pass_(Output="{% $states.input.v * 2 %}")),
                Items="{% $states.input.all %}",
                ItemSelector={"v": "{% $states.context.Map.Item.Value %}"},
                Output="{% $sum($states.result) %}",
                Assign={"count": "{% $count($states.result) %}"},
                next="Out",
            ),
            Out=pass_(Output={"sum": "{% $states.input %}", "count": "{% $count %}"}),
        )
        | {"QueryLanguage": "JSONata"},
        {"all": [1, 2, 3]},
        {"sum": 12, "count": 3},
    ),
    Case(
        "jsonata_items_that_are_no_list_are_caught",
        flow(
            Each=map_(
                flow(One=pass_()),
                Items="{% $states.input.all %}",
                Catch=[{"ErrorEquals": ["States.QueryEvaluationError"], "Output": "caught", "Next": "Caught"}],
            ),
            Caught=pass_(),
        )
        | {"QueryLanguage": "JSONata"},
        {"all": 1},
        "caught",
        tasks={"Each.join": "success"},
    ),
    Case(
        "a_map_with_retry_is_one_task",
        flow(Each=map_(flow(Try=call()), Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}])),
        [1],
        ["second"],
        mocks={"Try": [BROKEN, {"Return": "second"}]},
        tasks={"Each": "success", "Each.start": None},
    ),
    Case(
        "one_item_at_a_time_is_one_task",
        flow(Each=map_(flow(One=pass_("Two"), Two=pass_()), MaxConcurrency=1)),
        [1, 2],
        [1, 2],
        tasks={"Each": "success", "Each.start": None},
    ),
    Case(
        "a_limit_of_items_at_once",
        flow(Each=map_(flow(One=pass_("Two"), Two=pass_()), MaxConcurrency=2)),
        [1, 2, 3],
        [1, 2, 3],
        tasks={"Each.item.Two[2]": "success"},
    ),
    Case(
        "a_map_that_nobody_chose",
        flow(
            Choose=larger_than(2, "Each", "Plain"),
            Each=map_(SORT, ItemsPath="$.all", next="After"),
            Plain=pass_("After"),
            After=pass_(),
        ),
        {"n": 1},
        {"n": 1},
        tasks={"Each.start": NOT_CHOSEN, "Each.join": "skipped", "After": "success"},
    ),
    Case(
        "a_map_behind_a_failure_is_red",
        flow(First=call("Each"), Each=map_(SORT)),
        error="Own.Error",
        mocks={"First": [BROKEN]},
        tasks={"Each.start": BEHIND_A_FAILURE, "Each.join": "failed"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_map(case: Case) -> None:
    check(case)
