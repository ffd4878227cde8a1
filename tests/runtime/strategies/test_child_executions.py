"""A distributed Map as a task group with mapped parts, in a real Airflow, against the engine."""

from __future__ import annotations

import json

import pytest

from sfn_provider._compat import mapped_groups_must_expand
from sfn_provider.engine.limits import CHILDREN_PER_TASK
from tests.fixtures.airflow.dag_cases import (
    CAUGHT,
    Case,
    call,
    check,
    distributed,
    fail,
    flow,
    larger_than,
    map_,
    parallel,
    pass_,
    wait,
)
from tests.fixtures.machines.distributed_maps import WRITER, reading

EXCEEDED = {
    "Error": "States.ExceedToleratedFailureThreshold",
    "Cause": "The specified tolerated failure threshold was exceeded",
}
NOT_CHOSEN = "success" if mapped_groups_must_expand() else "skipped"
MANY = list(range(2 * CHILDREN_PER_TASK + 5))
TWICE = flow(
    Look=larger_than(80, "Slow", "Fast", "$"),
    Slow=wait("Fast"),
    Fast=pass_(Parameters={"twice.$": "States.MathAdd($, $)"}),
)
PICKY = flow(Look=larger_than(80, "Bad", "Good", "$"), Bad=fail(), Good=pass_())


CASES = [
    Case(
        "results_of_several_parts_in_order",
        flow(Each=distributed(TWICE, ItemsPath="$.all", ResultPath="$.done", next="After"), After=pass_()),
        {"all": MANY},
        {"all": MANY, "done": [{"twice": 2 * n} for n in MANY]},
        tasks={
            "Each.part.children[0]": "success",
            "Each.part.children[2]": "success",
            "Each.part.children[3]": None,
            "Each.join": "success",
            "After": "success",
        },
    ),
    Case("no_items", flow(Each=distributed(TWICE, next="After"), After=pass_()), [], [], tasks={"After": "success"}),
    Case(
        "one_at_a_time_is_one_part",
        flow(Each=distributed(TWICE, MaxConcurrencyPath="$.most", ItemsPath="$.all", ResultSelector={"n.$": "$[84]"})),
        {"all": MANY, "most": 1},
        {"n": {"twice": 168}},
        tasks={"Each.part.children[0]": "success", "Each.part.children[1]": None},
    ),
    Case(
        "tolerated_failures",
        flow(
            Each=distributed(PICKY, ToleratedFailurePercentage=5, ResultSelector={"last.$": "$[84].Error"}),
        ),
        MANY,
        {"last": "Own.Error"},
        tasks={"Each.part.children[2]": "success", "Each.join": "success"},
    ),
    Case(
        "too_many_failures",
        flow(Each=distributed(PICKY, ToleratedFailureCount=3, next="After"), After=pass_()),
        MANY,
        error=EXCEEDED["Error"],
        tasks={"Each.part.children[2]": "success", "Each.join": "failed", "After": "upstream_failed"},
    ),
    Case(
        "too_many_failures_are_caught",
        flow(
            Each=distributed(PICKY, ItemsPath="$.all", Catch=[CAUGHT], next="After"),
            After=pass_(),
            Caught=pass_(OutputPath="$.failure"),
        ),
        {"all": MANY},
        EXCEEDED,
        tasks={"Each.join": "success", "After": "skipped", "Caught": "success"},
    ),
    Case(
        "an_error_of_the_start_is_caught_by_the_join",
        flow(
            Each=distributed(PICKY, ItemReader=reading({"InputType": "JSON"}), Catch=[CAUGHT]),
            Caught=pass_(Parameters={"e.$": "$.failure.Error"}),
        ),
        {},
        {"e": "States.ItemReaderFailed"},
        tasks={"Each.start": "success", "Each.join": "success"},
        objects={"s3://data/others": "[]"},
    ),
    Case(
        "items_read_and_batched",
        flow(
            Each=distributed(
                flow(Sum=pass_(Parameters={"n.$": "States.ArrayLength($.Items)", "b.$": "$.BatchInput"})),
                ItemReader=reading({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}),
                ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"k.$": "$.k"}},
            )
        ),
        {"k": 1},
        [{"n": 2, "b": {"k": 1}}, {"n": 1, "b": {"k": 1}}],
        objects={"s3://data/items": "a,b\n1,2\n3,4\n5,6\n"},
    ),
    Case(
        "more_items_than_an_xcom_should_have",
        flow(
            Each=distributed(
                flow(Number=pass_(OutputPath="$.n")),
                ItemReader=reading({"InputType": "JSONL"}),
                ItemSelector={"n.$": "$$.Map.Item.Index"},
                MaxConcurrency=3,
                ResultWriter={**WRITER, "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"}},
                ResultSelector={"bucket.$": "$.ResultWriterDetails.Bucket"},
            )
        ),
        {},
        {"bucket": "out"},
        tasks={"Each.part.children[2]": "success", "Each.part.children[3]": None},
        objects={"s3://data/items": json.dumps({"text": "x" * 500}) + "\n" + '{"text": "y"}\n' * 20_000},
    ),
    Case(
        "a_group_nobody_chose",
        flow(
            Choose=larger_than(1, "Each", "Plain"),
            Each=distributed(TWICE, next="Meet"),
            Plain=pass_("Meet"),
            Meet=pass_(),
        ),
        {"n": 0},
        {"n": 0},
        tasks={"Each.start": NOT_CHOSEN, "Each.join": "skipped", "Meet": "success"},
    ),
    Case(
        "in_a_branch_of_a_parallel",
        flow(
            Both=parallel(
                flow(
                    Each=distributed(
                        flow(
                            One=call(),
                        ),
                        next="Count",
                    ),
                    Count=pass_(Parameters={"n.$": "$[1]"}),
                ),
                flow(Other=pass_(Result=5)),
            )
        ),
        [1, 2],
        [{"n": 7}, 5],
        mocks={"One": [{"Return": 7}]},
        tasks={"Both.branch_1.Each.part.children[0]": "success", "Both.join": "success"},
    ),
    Case(
        "in_a_map_it_stays_one_task",
        flow(All=map_(flow(Each=distributed(TWICE, next="Last"), Last=pass_()))),
        [[1], []],
        [[{"twice": 2}], []],
        tasks={"All.item.Each[1]": "success"},
    ),
    Case(
        "with_retry_it_stays_one_task",
        flow(Each=distributed(TWICE, Retry=[{"ErrorEquals": ["States.ALL"]}])),
        [1],
        [{"twice": 2}],
        tasks={"Each": "success"},
    ),
    Case(
        "children_see_no_variables_and_have_executions_of_their_own",
        flow(
            Set=pass_("Each", Assign={"outer": 1}),
            Each=distributed(
                flow(One=pass_(Parameters={"in.$": "$$.Execution.Input", "name.$": "$$.StateMachine.Name"})),
                Assign={"first.$": "$[0].in"},
                next="Out",
            ),
            Out=pass_(Parameters={"o.$": "$outer", "f.$": "$first"}),
        ),
        ["x"],
        {"o": 1, "f": "x"},
    ),
    Case(
        "jsonata_forms",
        flow(
            Each=distributed(
                flow(One=pass_(Output="{% $states.input.v * 2 %}")),
                Items="{% $states.input.all %}",
                ItemSelector={"v": "{% $states.context.Map.Item.Value %}"},
                MaxConcurrency="{% $states.input.most %}",
                ToleratedFailureCount="{% 1 %}",
                Output="{% $sum($states.result) %}",
            ),
        )
        | {"QueryLanguage": "JSONata"},
        {"all": [1, 2, 3], "most": 2},
        12,
        tasks={"Each.part.children[0]": "success", "Each.part.children[1]": None},
    ),
    Case(
        "under_its_old_name",
        flow(
            Each={
                "Type": "Map",
                "Iterator": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **TWICE},
                "End": True,
            }
        ),
        [1],
        [{"twice": 2}],
        tasks={"Each.part.children[0]": "success"},
    ),
    Case(
        "the_machines_timeout_ends_children",
        flow(Each=distributed(flow(Slow=wait("Never", 90), Never=pass_()), Catch=[CAUGHT]), Caught=pass_())
        | {"TimeoutSeconds": 30},
        [1],
        tasks={"Each.part.children[0]": "failed", "Each.join": "failed", "Caught": "upstream_failed"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_distributed_map(case: Case) -> None:
    check(case)


LENGTH = 1_025  # one more than Airflow maps a task for
TOO_LONG = [
    Case(
        "an_inline_map_of_more_items_than_airflow_maps",
        flow(
            Each=map_(
                flow(
                    Look=larger_than(1_000, "Count", "Same", "$"),
                    Count=parallel(flow(A=pass_()), flow(B=wait()), next="Same"),
                    Same=pass_(),
                ),
                ItemsPath="$.all",
                ResultSelector={"first.$": "$[0]", "last.$": "$[1024]", "n.$": "States.ArrayLength($)"},
                Assign={"n.$": "$.n"},
                next="After",
            ),
            After=pass_(Parameters={"n.$": "$n", "r.$": "$"}),
        ),
        {"all": list(range(LENGTH))},
        {"n": LENGTH, "r": {"first": 0, "last": [1024, 1024], "n": LENGTH}},
        tasks={"Each.start": "success", "Each.item.Same[0]": None, "Each.join": "success", "After": "success"},
    ),
    Case(
        "an_error_of_it_is_caught",
        flow(
            Each=map_(
                flow(Look=larger_than(1_023, "Bad", "Good", "$"), Bad=fail(), Good=pass_()),
                ItemsPath="$.all",
                MaxConcurrency=7,
                Catch=[CAUGHT],
                next="After",
            ),
            After=pass_(),
            Caught=pass_(OutputPath="$.failure"),
        ),
        {"all": list(range(LENGTH))},
        {"Error": "Own.Error", "Cause": "it broke"},
        tasks={"Each.start": "success", "Each.join": "success", "After": "skipped", "Caught": "success"},
    ),
    Case(
        "an_error_of_it_fails_the_run",
        flow(Each=map_(flow(Bad=fail()), next="After"), After=pass_()),
        list(range(LENGTH)),
        error="Own.Error",
        tasks={"Each.start": "failed", "Each.join": "failed", "After": "upstream_failed"},
    ),
    Case(
        "an_error_of_it_is_caught_around",
        flow(
            Both=parallel(flow(Each=map_(flow(Bad=fail()), ItemsPath="$.all")), Catch=[CAUGHT]),
            Caught=pass_(OutputPath="$.failure"),
        ),
        {"all": list(range(LENGTH))},
        {"Error": "Own.Error", "Cause": "it broke"},
        tasks={"Both.Each.start": "failed", "Both.join": "success"},
    ),
    Case(
        "in_both_languages",
        flow(
            Set=pass_("Each", Assign={"base": 1}),
            Each=map_(
                flow(
                    Path=pass_("Data", Parameters={"i.$": "$$.Map.Item.Index"}),
                    Data=pass_(QueryLanguage="JSONata", Output="{% $states.input.i + $base %}"),
                ),
                ItemsPath="$.all",
                QueryLanguage="JSONPath",
                ResultSelector={"last.$": "$[1024]"},
            ),
        ),
        {"all": [0] * LENGTH},
        {"last": LENGTH},
        tasks={"Each.item.Data[0]": None},
    ),
]


@pytest.mark.parametrize("case", TOO_LONG, ids=lambda case: case.id)
def test_more_items_than_airflow_maps(case: Case) -> None:
    check(case)
