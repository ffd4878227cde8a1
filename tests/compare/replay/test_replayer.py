from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sfn_provider.compare.airflow.dag_execution import DAG_ID, DagSource
from sfn_provider.compare.comparison import Comparison
from sfn_provider.compare.replay.replayer import replay_recording
from sfn_provider.translate import translate
from sfn_provider.translate.emit.python_file import emit
from sfn_provider.translate.plan.model import DagPlan, GroupPlan, Node, TaskPlan
from tests.fixtures.machines.definitions import END, call, machine
from tests.fixtures.machines.recorded_histories import recording

ORDERS = machine(
    {
        "Load": call(
            "Prepare",
            Parameters={"day.$": "$.day", "again.$": "$$.State.RetryCount"},
            ResultSelector={"rows.$": "$.rows"},
            ResultPath="$.loaded",
            Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "MaxAttempts": 2}],
            Catch=[{"ErrorEquals": ["Missing"], "ResultPath": "$.error", "Next": "Report"}],
        ),
        "Prepare": {
            "Type": "Pass",
            "Parameters": {"rows.$": "$.loaded.rows", "count.$": "States.ArrayLength($.loaded.rows)"},
            "Assign": {"count.$": "$.count"},
            "OutputPath": "$",
            "Next": "Enough?",
        },
        "Enough?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.count", "NumericGreaterThan": 1, "Next": "Each"}],
            "Default": "Too few",
        },
        "Too few": {"Type": "Fail", "Error": "TooFew", "Cause": "not enough rows"},
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.rows",
            "ItemSelector": {"row.$": "$$.Map.Item.Value", "of.$": "$.count"},
            "ItemProcessor": machine({"Price": call("Round", InputPath="$.row", ResultPath="$.price"), "Round": END}),
            "ResultPath": "$.priced",
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [machine({"Store": call()}), machine({"Mail": call("Mailed"), "Mailed": END})],
            "ResultPath": "$.both",
            "Next": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 30, "Next": "Done"},
        "Done": {"Type": "Pass", "Parameters": {"all.$": "$.both", "count.$": "$count"}, "End": True},
        "Report": call(Parameters={"why.$": "$.error.Error"}),
    }
)

BUSY = {"Throw": {"Error": "Busy", "Cause": "try again"}}
MISSING = {"Throw": {"Error": "Missing", "Cause": "no file"}}
LOADED = {"Return": {"rows": [{"id": 1}, {"id": 2}], "other": True}}
PRICED = [{"Return": 10}, {"Return": 20}]
GOOD = {
    "Load": [BUSY, LOADED],
    "Price": PRICED,
    "Store": [{"Return": "stored"}],
    "Mail": [{"Return": "sent"}],
}
CAUGHT = {"Load": [MISSING], "Report": [{"Return": "told"}]}


def replay(definition: dict[str, Any], input: Any, mocks: dict[str, Any], plan: DagPlan | None = None) -> Comparison:
    dag = DagSource(emit(plan), DAG_ID) if plan is not None else None
    return replay_recording(definition, recording(definition, input, **mocks), dag=dag)


@pytest.mark.parametrize("mocks", [GOOD, CAUGHT], ids=["retried", "caught"])
def test_the_translated_dag_does_what_was_recorded(mocks: dict[str, Any]) -> None:
    result = replay(ORDERS, {"day": "Monday"}, mocks)
    assert result.agrees, [state.differences for state in result.states if not state.agrees]
    assert result.airflow is not None
    assert result.airflow.execution.output == result.expected.output


def test_an_execution_that_failed_fails_again() -> None:
    result = replay(ORDERS, {"day": "Monday"}, {"Load": [{"Return": {"rows": []}}]})
    assert result.agrees
    assert result.airflow is not None and result.airflow.execution.error == "TooFew"


# What cannot repeat --------------------------------------------------------------------------------------------------

UNREPEATABLE = machine(
    {
        "Make": {
            "Type": "Pass",
            "Parameters": {
                "id.$": "States.UUID()",
                "dice.$": "States.MathRandom(1, 1000000)",
                "entered.$": "$$.State.EnteredTime",
                "of.$": "States.Format('{}-{}', $$.Execution.Name, $$.StateMachine.Name)",
                "day.$": "$.day",
            },
            "Next": "Send",
        },
        "Send": call("End", Parameters={"id.$": "$.id", "day.$": "$.day"}, ResultPath="$.sent"),
        "End": END,
    }
)


def test_ids_times_and_random_numbers_are_recognised() -> None:
    result = replay(UNREPEATABLE, {"day": "Monday"}, {"Send": [{"Return": 1}]})
    assert result.agrees, [state.differences for state in result.states]
    make, *_ = result.states
    assert [text.partition(":")[0] for text in make.tolerated] == ["output/id", "output/dice", "output/of"]


@pytest.mark.parametrize(
    "parameters",
    [{"id.$": "$.of", "day.$": "$.day"}, {"id.$": "$.id", "day.$": "$.id"}, {"id.$": "$.entered", "day.$": "$.day"}],
    ids=["another text that varies", "an id in place of a value", "a time in place of an id"],
)
def test_a_wrong_path_among_them_is_found(parameters: dict[str, str]) -> None:
    plan = changed(UNREPEATABLE, "Send", parameters=parameters)
    result = replay(UNREPEATABLE, {"day": "Monday"}, {"Send": [{"Return": 1}]}, plan)
    assert [state.state for state in result.states if not state.agrees] == ["Send"]


# Wrong DAGs ----------------------------------------------------------------------------------------------------------


def changed(
    definition: dict[str, Any], state: str, targets: tuple[str, ...] | None = None, **arguments: Any
) -> DagPlan:
    """The plan of a definition with other arguments for one state's task; None takes an argument away.

    An argument that neither half of a Parallel or Map has is left alone in that half. ``targets`` are the states that
    the task may go on to from now on; states that no way leads to any more have no task.
    """
    changes = []

    def change(task: TaskPlan) -> TaskPlan:
        if state not in task.states or not (_alone(task) or set(arguments) & set(task.arguments)):
            return task
        kept = {name: value for name, value in {**task.arguments, **arguments}.items() if value is not None}
        changes.append(kept != dict(task.arguments))
        return replace(task, arguments=kept, targets=task.targets if targets is None else targets)

    plan = translate(definition, dag_id=DAG_ID).plan
    wrong = replace(plan, tasks=_reachable(plan.start_at, tuple(_mapped(node, change) for node in plan.tasks)))
    assert changes == [True]
    return wrong


def _alone(task: TaskPlan) -> bool:
    return not task.operator.endswith(("StartOperator", "JoinOperator"))


def _mapped(node: Node, change: Callable[[TaskPlan], TaskPlan]) -> Node:
    if isinstance(node, TaskPlan):
        return change(node)
    branches = tuple(
        replace(branch, tasks=_reachable(branch.start_at, tuple(_mapped(inner, change) for inner in branch.tasks)))
        for branch in node.branches
    )
    return replace(node, start=change(node.start), join=change(node.join), branches=branches)


def _reachable(start: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    homes = {name: node for node in nodes for name in node.states}
    waiting, found = [start], set()
    while waiting:
        node = homes[waiting.pop()]
        if node.states[0] not in found:
            found.add(node.states[0])
            waiting += node.targets
    return tuple(node for node in nodes if node.states[0] in found)


@dataclass(frozen=True)
class Wrong:
    """A fault in a DAG.

    Args:
        id: name of the case.
        state: the state whose task is wrong.
        arguments: what its task is given in place of the right thing; None takes it away.
        found_in: the first state where it must be seen.
        targets: the states that the task may go on to, where they change.
        mocks: the recorded answers.
    """

    id: str
    state: str
    arguments: dict[str, Any]
    found_in: str
    targets: tuple[str, ...] | None = None
    mocks: dict[str, Any] | None = None


def _choice(**rule: Any) -> list[dict[str, Any]]:
    return [{"Variable": "$.count", "NumericGreaterThan": 1, "Next": "Each", **rule}]


WRONG = [
    Wrong("an edge moved", "Prepare", {"next": "Done"}, "Enough?", ("Done",)),
    Wrong("an edge past a Wait", "Both", {"next": "Done"}, "Rest", ("Done",)),
    Wrong("an edge within a Map", "Price", {"next": None, "end": True}, "Round", ()),
    Wrong("an edge within a branch", "Mail", {"next": None, "end": True}, "Mailed", ()),
    Wrong("a rule that goes elsewhere", "Enough?", {"choices": _choice(Next="Rest")}, "Each", ("Rest", "Too few")),
    Wrong("a rule with another limit", "Enough?", {"choices": _choice(NumericGreaterThan=2)}, "Each"),
    Wrong(
        "a rule with another operator",
        "Enough?",
        {"choices": [{"Variable": "$.count", "NumericLessThan": 1, "Next": "Each"}]},
        "Each",
    ),
    Wrong("a rule with another path", "Enough?", {"choices": _choice(Variable="$.rows[0].id")}, "Each"),
    Wrong("no retry", "Load", {"retry": None}, "Load"),
    Wrong("a retry for another error", "Load", {"retry": [{"ErrorEquals": ["Other"]}]}, "Load"),
    Wrong("a retry too few", "Load", {"retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 0}]}, "Load"),
    Wrong("no catch", "Load", {"catch": None}, "Load", ("Prepare",), CAUGHT),
    Wrong(
        "a catch that drops the input",
        "Load",
        {"catch": [{"ErrorEquals": ["Missing"], "Next": "Report"}]},
        "Load",
        mocks=CAUGHT,
    ),
    Wrong(
        "a catch that goes elsewhere",
        "Load",
        {"catch": [{"ErrorEquals": ["Missing"], "ResultPath": "$.error", "Next": "Too few"}]},
        "Report",
        ("Prepare", "Too few"),
        CAUGHT,
    ),
    Wrong("another argument", "Load", {"parameters": {"day.$": "$.day", "again": 0}}, "Load"),
    Wrong("an argument's path", "Report", {"parameters": {"why.$": "$.error.Cause"}}, "Report", mocks=CAUGHT),
    Wrong("another result selector", "Load", {"result_selector": {"rows.$": "$.rows", "more": 1}}, "Load"),
    Wrong("another result path", "Each", {"result_path": "$.prices"}, "Each"),
    Wrong("no result path", "Both", {"result_path": None}, "Both"),
    Wrong("another input path", "Price", {"input_path": "$"}, "Price"),
    Wrong("another output path", "Prepare", {"output_path": "$.rows"}, "Prepare"),
    Wrong("other items", "Each", {"items_path": "$.rows[0]"}, "Each"),
    Wrong("another item selector", "Each", {"item_selector": {"row.$": "$$.Map.Item.Value"}}, "Price"),
    Wrong("another variable", "Prepare", {"assign": {"count": 3}}, "Prepare"),
    Wrong("no variable", "Prepare", {"assign": None}, "Prepare"),
    Wrong("another constant", "Done", {"parameters": {"all.$": "$.both", "count": 1}}, "Done"),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.id)
def test_a_wrong_dag_is_found_out(case: Wrong) -> None:
    plan = changed(ORDERS, case.state, case.targets, **case.arguments)
    result = replay(ORDERS, {"day": "Monday"}, case.mocks or GOOD, plan)
    assert not result.agrees
    assert case.found_in in [state.state for state in result.states if not state.agrees]


def test_a_wrong_error_is_found_out() -> None:
    plan = changed(ORDERS, "Too few", error="Other")
    result = replay(ORDERS, {"day": "Monday"}, {"Load": [{"Return": {"rows": []}}]}, plan)
    assert result.outcome == ("error: 'TooFew' on Step Functions, 'Other' on Airflow",)


def test_branches_the_other_way_round_are_found_out() -> None:
    plan = translate(ORDERS, dag_id=DAG_ID).plan
    both = next(node for node in plan.tasks if isinstance(node, GroupPlan) and "Both" in node.states)
    start = replace(both.start, arguments={**both.start.arguments, "branches": ["Mail", "Store"]})
    turned = replace(both, start=start)
    wrong = replace(plan, tasks=tuple(turned if node is both else node for node in plan.tasks))
    result = replay(ORDERS, {"day": "Monday"}, GOOD, wrong)
    assert "Store" in [state.state for state in result.states if not state.agrees]


def test_a_dag_that_does_not_import_is_told() -> None:
    made = recording(ORDERS, {"day": "Monday"}, **GOOD)
    result = replay_recording(ORDERS, made, dag=DagSource("# dag airflow\nimport nowhere_to_be_found", DAG_ID))
    assert not result.agrees and result.airflow is None
    assert "nowhere_to_be_found" in result.outcome[0]
