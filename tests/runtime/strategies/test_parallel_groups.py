"""A Parallel as a task group, in a real Airflow, against the engine."""

from __future__ import annotations

import pytest

from tests.fixtures.airflow.dag_cases import CAUGHT, Case, call, check, fail, flow, larger_than, parallel, pass_, wait

BROKEN = [{"Throw": {"Error": "Own.Error", "Cause": "it broke"}}]
FAILURE = {"Error": "Own.Error", "Cause": "it broke"}

CASES = [
    Case(
        "outputs_in_the_order_of_the_branches",
        flow(
            Both=parallel(
                flow(Slow=wait("One"), One=pass_(Result=1)),
                flow(Two=pass_(Result=2)),
                Parameters={"given.$": "$.n"},
                ResultSelector={"all.$": "$"},
                ResultPath="$.found",
                next="After",
            ),
            After=pass_(),
        ),
        {"n": 7},
        {"n": 7, "found": {"all": [1, 2]}},
        tasks={"Both.branch_1.Slow": "success", "Both.Two": "success", "Both.join": "success"},
    ),
    Case(
        "null_and_reserved_keys_as_outputs",
        flow(Both=parallel(flow(Nothing=pass_(Result=None)), flow(Odd=pass_(Result={"__type": [1]})))),
        {"__classname__": "x"},
        [None, {"__type": [1]}],
    ),
    Case(
        "caught_error_of_a_branch",
        flow(
            Both=parallel(flow(Bad=call()), flow(Good=pass_()), Catch=[CAUGHT], next="After"),
            After=pass_(),
            Caught=pass_(),
        ),
        {"n": 1},
        {"n": 1, "failure": FAILURE},
        mocks={"Bad": BROKEN},
        tasks={"Both.Bad": "failed", "Both.join": "success", "After": "skipped", "Caught": "success"},
    ),
    Case(
        "uncaught_error_of_a_branch",
        flow(Both=parallel(flow(Bad=call()), flow(Good=pass_()), next="After"), After=pass_()),
        error="Own.Error",
        mocks={"Bad": BROKEN},
        tasks={"Both.Bad": "failed", "Both.join": "failed", "After": "upstream_failed"},
    ),
    Case(
        "uncaught_fail_state_in_the_last_parallel",
        flow(Both=parallel(flow(Bad=fail()), flow(Good=pass_()))),
        error="Own.Error",
        tasks={"Both.Bad": "failed", "Both.Good": "skipped", "Both.join": "failed"},
    ),
    Case(
        "no_catch_takes_a_runtime_error",
        flow(
            Outer=parallel(
                flow(Inner=parallel(flow(Bad=pass_(InputPath="$.none")), Catch=[CAUGHT]), Caught=pass_()),
                Catch=[{**CAUGHT, "Next": "Late"}],
            ),
            Late=pass_(),
        ),
        error="States.Runtime",
        tasks={"Outer.branch_1.Inner.join": "failed", "Outer.join": "failed"},
    ),
    Case(
        "caught_by_the_outer_of_two",
        flow(
            Outer=parallel(
                flow(Inner=parallel(flow(Bad=call()), flow(Good=pass_()), next="Behind"), Behind=pass_()),
                flow(Beside=pass_()),
                Catch=[CAUGHT],
            ),
            Caught=pass_(),
        ),
        {},
        {"failure": FAILURE},
        mocks={"Bad": BROKEN},
        tasks={"Outer.branch_1.Inner.join": "failed", "Outer.join": "success", "Outer.Beside": "success"},
    ),
    Case(
        "caught_by_the_inner_of_two",
        flow(
            Outer=parallel(
                flow(Inner=parallel(flow(Bad=call()), Catch=[CAUGHT]), Caught=pass_(Result="caught")),
                flow(Beside=pass_(Result="beside")),
            ),
        ),
        {},
        ["caught", "beside"],
        mocks={"Bad": BROKEN},
        tasks={"Outer.branch_1.Inner.Bad": "failed", "Outer.branch_1.Inner.join": "success", "Outer.join": "success"},
    ),
    Case(
        "a_choice_ends_a_branch_early",
        flow(
            Both=parallel(
                flow(
                    Look=larger_than(2, "Large", "More"),
                    Large={"Type": "Succeed"},
                    More=pass_("Most"),
                    Most=pass_(),
                ),
                flow(Other=pass_()),
            ),
        ),
        {"n": 3},
        [{"n": 3}, {"n": 3}],
        tasks={"Both.branch_1.Large": "success", "Both.branch_1.More": "skipped", "Both.branch_1.Most": "skipped"},
    ),
    Case(
        "ways_that_meet_again_in_a_branch",
        flow(
            Both=parallel(
                flow(Look=larger_than(2, "Large", "Small"), Large=pass_("Meet"), Small=pass_("Meet"), Meet=pass_()),
                flow(Other=pass_()),
            ),
        ),
        {"n": 3},
        [{"n": 3}, {"n": 3}],
        tasks={"Both.branch_1.Small": "skipped", "Both.branch_1.Meet": "success"},
    ),
    Case(
        "a_task_that_ends_its_branch_or_is_caught",
        flow(
            Both=parallel(
                flow(Try=call(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Else"}]), Else=pass_()),
                flow(Other=pass_(Result=2)),
            ),
        ),
        {},
        [1, 2],
        mocks={"Try": [{"Return": 1}]},
        tasks={"Both.branch_1.Try": "success", "Both.branch_1.Else": "skipped", "Both.join": "success"},
    ),
    Case(
        "a_failure_stops_the_other_branches_before_their_next_state",
        flow(
            Both=parallel(
                flow(Pause=wait("Bad", 30), Bad=fail()),
                flow(First=wait("Second"), Second=pass_("Third"), Third=pass_()),
                Catch=[CAUGHT],
            ),
            Caught=pass_(),
        ),
        {},
        {"failure": FAILURE},
        tasks={"Both.branch_2.First": "success", "Both.branch_2.Second": "skipped", "Both.branch_2.Third": "skipped"},
    ),
    Case(
        "a_failure_around_stops_a_branch_within",
        flow(
            Outer=parallel(
                flow(Bad=fail()),
                flow(
                    Inner=parallel(
                        flow(First=wait("Second"), Second=pass_("Third"), Third=pass_()), flow(Other=pass_())
                    ),
                ),
            ),
        ),
        error="Own.Error",
        tasks={"Outer.Inner.branch_1.Third": "skipped", "Outer.join": "failed"},
    ),
    Case(
        "the_first_failure_in_time_counts",
        flow(
            Both=parallel(
                flow(Late=wait("Slow", 20), Slow=fail("Late.Error")),
                flow(Soon=wait("Quick", 10), Quick=fail("Soon.Error")),
            ),
        ),
        error="Soon.Error",
    ),
    Case(
        "a_loop_in_a_branch",
        flow(
            Both=parallel(
                flow(
                    Count=pass_("Enough", Parameters={"n.$": "States.MathAdd($.n, 1)"}),
                    Enough=larger_than(2, "Large", "Count"),
                    Large=pass_(),
                ),
                flow(Other=pass_(Result=0)),
            ),
        ),
        {"n": 0},
        [{"n": 3}, 0],
        tasks={"Both.branch_1.Count_loop": "success"},
    ),
    Case(
        "variables_lead_into_branches_and_not_out",
        flow(
            Set=pass_("Both", Assign={"outer": 1}),
            Both=parallel(
                flow(
                    In=pass_("Read", Assign={"inner": 2}),
                    Read=pass_(Parameters={"o.$": "$outer", "i.$": "$inner"}),
                ),
                flow(Other=pass_(Parameters={"o.$": "$outer"})),
                Assign={"joined.$": "$[0].i"},
                next="Out",
            ),
            Out=pass_(Parameters={"o.$": "$outer", "j.$": "$joined"}),
        ),
        {},
        {"o": 1, "j": 2},
    ),
    Case(
        "a_parallel_with_retry_is_one_task",
        flow(
            Both=parallel(flow(Bad=call()), Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}], next="After"),
            After=pass_(),
        ),
        {},
        ["second"],
        mocks={"Bad": [*BROKEN, {"Return": "second"}]},
        tasks={"Both": "success", "Both.start": None},
    ),
    Case(
        "an_error_before_the_branches_is_caught",
        flow(
            Both=parallel(
                flow(One=pass_()),
                flow(Two=pass_()),
                Arguments="{% $error('no') %}",
                Catch=[{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
            ),
            Caught=pass_(Output="caught"),
        )
        | {"QueryLanguage": "JSONata"},
        {},
        "caught",
        tasks={"Both.start": "success", "Both.One": "skipped", "Both.Two": "skipped", "Both.join": "success"},
    ),
    Case(
        "jsonata_forms",
        flow(
            First=pass_("Both", Assign={"base": 10}),
            Both=parallel(
                flow(One=pass_(Output="{% $states.input.n + $base %}")),
                flow(Two=pass_(Output="{% $states.context.State.Name %}")),
                Arguments={"n": "{% $states.input.a %}"},
                Output={"sum": "{% $states.result[0] %}", "in": "{% $states.input.a %}"},
                Assign={"got": "{% $states.result[1] %}"},
                next="Out",
            ),
            Out=pass_(Output="{% $merge([$states.input, {'got': $got}]) %}"),
        )
        | {"QueryLanguage": "JSONata"},
        {"a": 1},
        {"sum": 11, "in": 1, "got": "Two"},
    ),
    Case(
        "a_group_that_nobody_chose",
        flow(
            Look=larger_than(2, "Both", "Plain"),
            Both=parallel(flow(One=pass_("Uno"), Uno=pass_()), flow(Two=parallel(flow(Deep=pass_()))), next="Meet"),
            Plain=pass_("Meet"),
            Meet=pass_(),
        ),
        {"n": 1},
        {"n": 1},
        tasks={"Both.start": "skipped", "Both.Two.join": "skipped", "Both.join": "skipped", "Meet": "success"},
    ),
    Case(
        "a_group_as_the_end_that_nobody_chose",
        flow(
            Look=larger_than(2, "Both", "Plain"),
            Both=parallel(flow(One=pass_())),
            Plain=pass_(),
        ),
        {"n": 1},
        {"n": 1},
        tasks={"Both.join": "skipped", "Plain": "success"},
    ),
    Case(
        "a_group_behind_a_failure_is_red",
        flow(First=call("Both"), Both=parallel(flow(One=pass_()), flow(Two=pass_()))),
        error="Own.Error",
        mocks={"First": BROKEN},
        tasks={"Both.start": "upstream_failed", "Both.One": "upstream_failed", "Both.join": "failed"},
    ),
    Case(
        "ways_that_meet_behind_a_group",
        flow(
            Look=larger_than(2, "Both", "Plain"),
            Both=parallel(flow(One=pass_()), ResultPath=None, next="Meet"),
            Plain=pass_("Meet"),
            Meet=pass_(),
        ),
        {"n": 3},
        {"n": 3},
        tasks={"Both.join": "success", "Plain": "skipped", "Meet": "success"},
    ),
    Case(
        "states_called_as_the_parts_of_a_group",
        flow(join=parallel(flow(start=pass_(Result=1)), flow(branch=pass_("branch_1"), branch_1=pass_(Result=2)))),
        {},
        [1, 2],
        tasks={"join.start": "success", "join.start_2": "success", "join.join": "success"},
    ),
    Case(
        "a_state_machine_timeout_within_a_branch",
        flow(Both=parallel(flow(Slow=wait("Never", 90), Never=pass_()), Catch=[CAUGHT]), Caught=pass_())
        | {"TimeoutSeconds": 30},
        tasks={"Both.branch_1.Slow": "failed", "Both.join": "failed", "Caught": "upstream_failed"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_parallel(case: Case) -> None:
    check(case)
