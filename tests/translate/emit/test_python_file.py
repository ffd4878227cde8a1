"""The text of DAG files with task groups: readable, formatted, only data, and the same DAG as the live one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sfn_provider._compat import BaseOperator
from sfn_provider.translate import translate
from sfn_provider.translate.emit.live_dag import live_dag
from sfn_provider.translate.plan.layout import task_ids
from sfn_provider.translate.plan.model import GroupPlan, TaskPlan
from tests.fixtures.airflow.dag_cases import CAUGHT, call, flow, larger_than, map_, parallel, pass_
from tests.translate.test_safety import BREAKOUTS, check_is_only_data

LONG = "A state with a name as long as Step Functions allows, which is eighty characters"
HOSTILE = "\"\"\"'); __import__('builtins').broken = 1 #\\"

ORDERS = flow(
    Look=pass_("Check"),
    Check=parallel(
        flow(Price=pass_()),
        flow(Stock=pass_("Enough?"), **{"Enough?": larger_than(2, "Yes", "No")}, Yes=pass_(), No=pass_()),
        Parameters={"id.$": "$.id"},
        ResultPath="$.checks",
        Catch=[CAUGHT],
        next="Ship",
        Comment="Price and stock side by side",
    ),
    Ship=map_(flow(Pack=pass_("Send"), Send=pass_()), ItemsPath="$.parts", MaxConcurrency=4),
    Caught=pass_(),
)

EXPECTED = """\
    look = PassStateOperator(
        task_id="Look",
        next="Check",
    )

    with TaskGroup(group_id="Check") as check:
        check_start = ParallelStartOperator(
            task_id="start",
            state_name="Check",
            comment="Price and stock side by side",
            parameters={"id.$": "$.id"},
            branches=["Price", "Stock"],
        )

        price = PassStateOperator(
            task_id="Price",
            end=True,
        )

        with TaskGroup(group_id="branch_2") as check_branch_2:
            stock = PassStateOperator(
                task_id="Stock",
                next="Enough?",
            )

            enough = ChoiceStateOperator(
                task_id="Enough",
                task_display_name="Enough?",
                state_name="Enough?",
                choices=[{"Variable": "$.n", "NumericGreaterThan": 2, "Next": "Yes"}],
                default="No",
            )

            yes = PassStateOperator(
                task_id="Yes",
                end=True,
            )

            no = PassStateOperator(
                task_id="No",
                end=True,
            )

            stock >> enough
            enough >> [yes, no]

        check_join = ParallelJoinOperator(
            task_id="join",
            state_name="Check",
            result_path="$.checks",
            catch=[
                {
                    "ErrorEquals": ["States.ALL"],
                    "Next": "Caught",
                    "ResultPath": "$.failure",
                },
            ],
            next="Ship",
        )

        check_start >> [price, check_branch_2] >> check_join

    with TaskGroup(group_id="Ship") as ship:
        ship_start = MapStartOperator(
            task_id="start",
            state_name="Ship",
            items_path="$.parts",
        )

        with MapTaskGroup(
            group_id="item",
            max_concurrency=4,
            items=ship_start,
        ) as ship_item:
            pack = PassStateOperator(
                task_id="Pack",
                next="Send",
            )

            send = PassStateOperator(
                task_id="Send",
                end=True,
            )

            pack >> send

        ship_join = MapJoinOperator(
            task_id="join",
            state_name="Ship",
            end=True,
        )

        ship_item >> ship_join

    caught = PassStateOperator(
        task_id="Caught",
        end=True,
    )

    look >> check
    check >> [ship, caught]
"""


def nested(depth: int) -> Any:
    """A Parallel in a Parallel and so on, every name long."""
    if depth == 0:
        return flow(**{f"{LONG[:70]} leaf": pass_(Comment="word " * 30)})
    name = f"{LONG[:70]} level {depth}"
    own = parallel(nested(depth - 1), flow(**{f"{name}b": call(f"{name}c"), f"{name}c": pass_()}))
    return flow(**{name: own})


MACHINES = {
    "orders": ORDERS,
    "long_names_in_six_levels": nested(6),
    "hostile_names": flow(
        **{
            HOSTILE: parallel(
                flow(**{HOSTILE + "1": pass_(Result=HOSTILE, Comment=HOSTILE)}),
                flow(**{"start": map_(flow(join=pass_(), **{}), Comment=HOSTILE)}),
                Comment=HOSTILE,
            )
        }
    ),
    "names_that_collide": flow(
        **{
            "a b": parallel(flow(**{"a_b": pass_()}), flow(**{"a-b": pass_("a/b"), "a/b": pass_()}), next="a.b"),
            "a.b": map_(flow(item=pass_("start"), start=pass_("join"), join=pass_()), next="branch_1"),
            "branch_1": pass_(),
        }
    ),
    "jsonata": flow(
        Both=parallel(
            flow(One=pass_(Output="{% $states.input %}")),
            flow(Two=pass_(Assign={"two": 2})),
            Arguments="{% $states.input %}",
        )
    )
    | {"QueryLanguage": "JSONata"},
    "jsonata_around_jsonpath": flow(
        Both=parallel(flow(One=pass_(InputPath="$.a")), Arguments="{% $states.input %}", QueryLanguage="JSONata")
    ),
}


def test_the_text() -> None:
    source = translate(ORDERS, dag_id="orders").source
    assert source[source.index("    look = ") :] == EXPECTED


@pytest.mark.parametrize("name", MACHINES)
def test_the_text_is_formatted_and_has_no_findings(name: str, tmp_path: Path) -> None:
    file = tmp_path / "machine.py"
    file.write_text(translate(MACHINES[name], dag_id="x").source, encoding="utf-8")
    for command in (["check"], ["format", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", MACHINES)
def test_the_text_holds_only_data(name: str) -> None:
    tree = ast.parse(translate(MACHINES[name], dag_id="x").source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
    assert len(calls) == sum(isinstance(node.func, ast.Name) for node in calls), "no method is called"
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    assert called <= imported


@pytest.mark.parametrize("name", MACHINES)
def test_the_live_dag_is_that_of_the_file(name: str) -> None:
    made = translate(MACHINES[name], dag_id="x")
    namespace: dict[str, Any] = {}
    exec(compile(made.source, "dag.py", "exec"), namespace)
    written = next(value.dag for value in namespace.values() if isinstance(value, BaseOperator))
    live = live_dag(made.plan)
    assert edges(written) == edges(live)
    assert {key: group.group_id for key, group in written.task_group_dict.items()} == {
        key: group.group_id for key, group in live.task_group_dict.items()
    }
    inside = {path for path in task_ids(made.plan).values() if path not in written.task_group_dict}
    assert inside <= set(written.task_dict)


@pytest.mark.parametrize("text", BREAKOUTS, ids=ascii)
def test_no_text_in_a_group_becomes_python(text: str) -> None:
    name = text[:70]
    group = parallel(
        flow(**{f"{name} 1": pass_(f"{name} 2", Result=text), f"{name} 2": pass_(Comment=text)}),
        flow(**{f"{name} 3": map_(flow(**{f"{name} 4": pass_(Result={text: text})}), Comment=text)}),
        Comment=text,
        Parameters={text: text},
        ResultSelector={text: text},
    )
    check_is_only_data(translate(flow(**{f"{name} 5": group}), dag_id="x").source)


def edges(dag: Any) -> dict[str, list[str]]:
    return {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}


@pytest.mark.parametrize(
    "fields",
    [{"Retry": [{"ErrorEquals": ["States.ALL"]}]}, {"MaxConcurrency": 1}, {"MaxConcurrencyPath": "$.n"}],
    ids=lambda fields: next(iter(fields)),
)
def test_a_map_stays_one_task(fields: dict[str, Any]) -> None:
    plan = translate(flow(Each=map_(flow(One=pass_()), **fields)), dag_id="x").plan
    assert [type(node) for node in plan.tasks] == [TaskPlan]


def test_a_parallel_in_a_loop_stays_in_its_task() -> None:
    plan = translate(
        flow(Both=parallel(flow(One=pass_()), next="Look"), Look=larger_than(1, "Both", "Done"), Done=pass_()),
        dag_id="x",
    ).plan
    assert [node.states for node in plan.tasks] == [("Both", "Look"), ("Done",)]


def test_within_a_map_a_parallel_stays_one_task() -> None:
    plan = translate(flow(Each=map_(flow(Both=parallel(flow(One=pass_()))))), dag_id="x").plan
    group = plan.tasks[0]
    assert isinstance(group, GroupPlan) and group.mapped
    assert [type(node) for node in group.branches[0].tasks] == [TaskPlan]


def test_a_group_inside_of_another_has_no_id_of_the_top_level() -> None:
    # Airflow 2 looks for a group's own id among all ids that the DAG has.
    out = parallel(flow(Left=pass_("Right"), Right=pass_()), flow(Each=map_(flow(One=pass_()))))
    plan = translate(flow(**{"item": pass_("branch_1"), "branch_1": pass_("Out"), "Out": out}), dag_id="x").plan
    ids = task_ids(plan)
    assert (ids["Left"], ids["One"]) == ("Out.branch_1_2.Left", "Out.Each.item_2.One")
