"""Edits of segments and of batches of items that would lose a state or an item: none imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfn_provider.exceptions import InconsistentFlow
from sfn_provider.operators.groups import (
    MapBatchStartOperator,
    MapItemsOperator,
    MapJoinOperator,
    MapStartOperator,
    MapTaskGroup,
    TaskGroup,
)
from sfn_provider.operators.state_machine import PassStateOperator
from sfn_provider.runtime.flow.check import read_flow
from sfn_provider.runtime.state_operator import StateOperator
from tests.fixtures.airflow.edited_dags import Edit, edit, import_error
from tests.fixtures.airflow.task_runs import dag
from tests.fixtures.machines.definitions import END, machine

EDITS = [
    Edit(
        "a misspelt state within a segment",
        '"Next": "Any refunds?"',
        '"Next": "Any refund?"',
        "state 'Find refunds': Next is 'Any refund?', but no task of the DAG runs that state; did you mean",
        "refund_batches",
    ),
    Edit(
        "a misspelt exit of a segment",
        '"Next": "Pay refunds"',
        '"Next": "Pay refund"',
        "state 'Any refunds?': Choices[0].Next is 'Pay refund'",
        "refund_batches",
    ),
    Edit(
        "a state of a segment that nothing leads to",
        '"Default": "Nothing to pay"',
        '"Default": "Pay refunds"',
        "no way leads to its state 'Nothing to pay' from where the segment is entered",
        "refund_batches",
    ),
    Edit(
        "a misspelt field in a segment",
        '"ResultPath": "$.statement"',
        '"ResultPth": "$.statement"',
        "ResultPth",
        "refund_batches",
    ),
    Edit("no items in a batch", "batch_size=20", "batch_size=0", "batch_size is 0: give it how many", "refund_batches"),
    Edit(
        "a misspelt state in a batch",
        '"Next": "Pay"',
        '"Next": "Payy"',
        "'Payy', which is no state beside it; did you mean 'Pay'?",
        "refund_batches",
    ),
]


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.name)
def test_an_edit_that_would_not_run_what_the_file_names_does_not_import(case: Edit, tmp_path: Path) -> None:
    found = import_error(edit(case.file, case), tmp_path)
    assert found is not None and case.problem in found, found


@pytest.mark.parametrize(
    ("start", "first", "problem"),
    [
        (
            MapBatchStartOperator,
            PassStateOperator,
            "MapBatchStartOperator does not list its items for 'Each.item.first', which is a PassStateOperator",
        ),
        (
            MapStartOperator,
            MapItemsOperator,
            "MapStartOperator does not list its items for 'Each.item.first', which is a MapItemsOperator",
        ),
    ],
    ids=["batches_for_states", "items_for_batches"],
)
def test_a_start_task_lists_items_for_the_kind_of_task_that_runs_them(
    start: type[MapStartOperator], first: type[StateOperator], problem: str
) -> None:
    size = {"batch_size": 2} if start is MapBatchStartOperator else {}
    fields = {"end": True} if first is PassStateOperator else {"item_processor": machine({"One": END})}
    with dag() as made, TaskGroup("Each"):
        started = start(task_id="start", state_name="Each", **size)
        with MapTaskGroup("item", items=started) as items:
            first(task_id="first", state_name="Each" if first is MapItemsOperator else "One", **fields)
        items >> MapJoinOperator(task_id="join", state_name="Each", end=True)
    with pytest.raises(InconsistentFlow) as raised:
        read_flow(made)
    assert problem in str(raised.value)
