"""Edits of task groups and loops that would skip a state, run it early or hide its failure: none imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.airflow.edited_dags import FILES, Edit, adding, edit, import_error

NAMES = [
    Edit(
        "a misspelt branch", '"Look into stock", "Ch', '"Look in stock", "Ch', "branches[1] is 'Look in", "order_checks"
    ),
    Edit("a misspelt rule in a mapped group", '"Next": "Split"', '"Next": "Spit"', "mean 'Split'?", "order_checks"),
    Edit(
        "a misspelt catch of a join",
        '"Next": "Put aside"',
        '"Next": "Put asid"',
        "(task 'Check_the_order.join')",
        "order_checks",
    ),
    Edit(
        "another name in the start",
        'state_name="Check the address",\n                branches',
        'state_name="Address",\n                branches',
        "branches[2] is 'Check the address'",
        "order_checks",
    ),
    Edit(
        "a misspelt exit of a loop",
        '"Next": "Stored"',
        '"Next": "Stord"',
        "state 'Retry until stored': Next is 'Stord'",
        "three_loops",
    ),
    Edit(
        "a misspelt state within a loop",
        '"Next": "Has more pages?"',
        '"Next": "Has more?"',
        "state 'Take a page': Next is 'Has more?'",
        "three_loops",
    ),
    Edit(
        "a misspelt Default in a loop",
        '"Default": "Report"',
        '"Default": "Reprt"',
        "'Has more pages?': Default is",
        "three_loops",
    ),
    Edit(
        "a misspelt StartAt of a Map in one task",
        '"StartAt": "Shrink"',
        '"StartAt": "Shrnk"',
        "ItemProcessor: StartAt is 'Shrnk', which is no state beside it; did you mean 'Shrink'?",
        "photo_albums",
    ),
    Edit(
        "a misspelt StartAt of child executions",
        '"StartAt": "Tag"',
        '"StartAt": "Tagg"',
        "ItemProcessor: StartAt is 'Tagg'",
        "photo_albums",
    ),
]
EDGES = [
    adding("an edge behind a Fail state", "put_aside >> pack_parcels", "an edge leads to", "order_checks"),
    Edit(
        "a branch that the start does not reach",
        "            check_the_order_branch_2,\n            check_the_address,\n        ]",
        "            check_the_address,\n        ]",
        "no edge leads to its task: add Check_the_order.start >> Check_the_order.branch_2.Look",
        "order_checks",
    ),
    Edit(
        "a branch that is not named",
        '"Check the street", "Check the town"',
        '"Check the street"',
        "which is not named by branches",
        "order_checks",
    ),
    Edit(
        "a branch that no join waits for",
        "        check_payment >> check_the_order_join\n",
        "",
        "its branch ends with it, but no edge leads to the join task",
        "order_checks",
    ),
    Edit(
        "an end within a branch that no join waits for",
        "        ask_the_warehouse >> check_the_order_join\n",
        "",
        (
            "its branch ends with it, but no edge leads to the join task: add "
            "Check_the_order.branch_2.Ask_the_warehouse >> Check_the_order.join"
        ),
        "order_checks",
    ),
    Edit(
        "items that no join waits for",
        "        pack_parcels_item >> pack_parcels_join\n",
        "",
        "its branch ends with it, but no edge",
        "order_checks",
    ),
    Edit(
        "child executions that no join waits for",
        "        each_file_in_the_bucket_part >> each_file_in_the_bucket_join\n",
        "",
        "its branch ends with it, but no edge",
        "photo_albums",
    ),
    Edit(
        "an edge out of a branch",
        "        check_payment >> check_the_order_join\n",
        "        check_payment >> check_the_order_join\n",
        "an edge leads to state 'Put aside' (task 'Put_aside'), which is not named by",
        "order_checks",
        added="check_payment >> put_aside",
    ),
    Edit(
        "a join before its branch ends",
        "            look_into_stock >> [enough",
        "            look_into_stock >> check_the_order_start\n            look_into_stock >> [enough",
        "Cycle",
        "order_checks",
    ),
    adding(
        "an edge from the midst of a branch to the join",
        "look_into_stock >> check_the_order_join",
        "but no branch before that ends with this task",
        "order_checks",
    ),
    adding(
        "a state behind a join that it does not name",
        "check_the_order_join >> PassStateOperator(task_id='More', end=True)",
        "an edge leads to task 'More'",
        "order_checks",
    ),
    Edit(
        "an edge within items",
        "            weigh >> [split, label]\n",
        "            weigh >> label\n",
        "add",
        "order_checks",
    ),
    Edit(
        "an edge to the exit of a loop",
        "take_a_page_loop >> report",
        "report",
        "add Take_a_page_loop >> Report",
        "three_loops",
    ),
    Edit(
        "an edge behind another loop",
        "answered_loop >> [refused, retry_until_stored_loop]",
        "answered_loop >> [refused, retry_until_stored_loop, report]",
        "Cycle",
        "three_loops",
    ),
]
ENDS = [
    Edit(
        "a join without next",
        '            next="Pack parcels",\n',
        "",
        "(task 'Check_the_order.join'): it has neither",
        "order_checks",
    ),
    Edit(
        "a start with next",
        '            items_path="$.order.parcels",\n',
        '            items_path="$.order.parcels",\n            next="Put aside",\n',
        "next is no argument of this task, but of the join task",
        "order_checks",
    ),
    Edit(
        "a loop with next",
        '        task_display_name="Take a page loop",\n',
        '        next="Report",\n',
        "next is no argument of this task, but of the states of the loop",
        "three_loops",
    ),
    Edit(
        "a state of a loop that goes nowhere",
        '"SecondsPath": "$.patience",\n                "Next": "Ask a person",\n',
        '"SecondsPath": "$.patience",\n',
        "state 'Let a day pass': it has neither Next nor End",
        "three_loops",
    ),
    Edit(
        "a state of a loop that is not reached",
        '"Next": "Has more pages?"',
        '"Next": "Report"',
        "no way leads to its state 'Has more pages?'",
        "three_loops",
    ),
    Edit(
        "a state inside that goes nowhere",
        (
            '                            "Retry": [{"ErrorEquals": ["States.ALL"]}],\n'
            '                            "End": True,\n'
        ),
        "",
        "ItemProcessor, state 'Shrink': it has neither Next nor End",
        "photo_albums",
    ),
]
STARTS = [
    Edit(
        "two first states of the items",
        "            weigh >> [split, label]\n",
        "            weigh >> label\n",
        "'Split'",
        "order_checks",
    ),
]
GROUPS = [
    adding(
        "a second join",
        "ParallelJoinOperator(task_id='join2', state_name='Check the order', end=True)",
        "runs a state 'Check the order', too",
        "order_checks",
    ),
    adding(
        "a join without start",
        "ParallelJoinOperator(task_id='join2', state_name='Nothing', end=True)",
        "no start task has the same state",
        "order_checks",
    ),
    Edit(
        "another name in the join",
        '            task_id="join",\n            state_name="Pack parcels",\n',
        '            task_id="join",\n            state_name="Pack",\n',
        "no join task has the same state",
        "order_checks",
    ),
    Edit(
        "a Map that is not mapped",
        (
            "        with MapTaskGroup(\n"
            '            group_id="item",\n'
            "            max_concurrency=3,\n"
            "            items=pack_parcels_start,\n"
            "        ) as"
        ),
        '        with TaskGroup(\n            group_id="item",\n        ) as',
        "exactly one state must be the first of each item",
        "order_checks",
    ),
    Edit(
        "a state moved into the mapped group",
        "            weigh >> [split, label]\n",
        (
            "            weigh >> [split, label]\n"
            "            put_aside = FailStateOperator(task_id='Put_aside', state_name='Put aside')\n"
        ),
        "too: names are unique",
        "order_checks",
    ),
    Edit(
        "a join that is its own next",
        "            result_path=None,\n            end=True,\n",
        '            result_path=None,\n            next="Pack parcels",\n',
        "a cycle is one LoopOperator",
        "order_checks",
    ),
]
RULES = [
    adding(
        "a join that waits for success",
        "check_the_order_join.trigger_rule = 'none_failed'",
        "This task's rule is 'all_done'",
        "order_checks",
    ),
]

LOOP = "loop_in_a_branch"
MORE = [
    Edit(
        "two branches that start at one state",
        '"Check the street", "Check the town"',
        '"Check the street", "Check the street", "Check the town"',
        "branches[1] is 'Check the street' again",
        "order_checks",
    ),
    Edit(
        "another name in the task of child executions",
        'task_id="children",\n                state_name="Each file in the bucket",\n',
        'task_id="children",\n',
        "it is a part of the Map 'Each file in the bucket': correct state_name",
        "photo_albums",
    ),
    Edit(
        "a state in a mapped group",
        'task_id="Put_aside",\n',
        'task_id="Put_aside",\n        task_group=pack_parcels_item,\n',
        "it is in a mapped task group, and would run for each item",
        "order_checks",
    ),
    Edit(
        "a state of the items outside of their group",
        'task_id="Label",\n',
        'task_id="Label",\n                task_group=pack_parcels,\n',
        "it belongs to the items of the Map 'Pack parcels', but is not in the MapTaskGroup",
        "order_checks",
    ),
    Edit(
        "a branch that goes on in another one",
        '            end=True,\n        )\n\n        with TaskGroup(group_id="branch_2")',
        '            next="Check the street",\n        )\n\n        with TaskGroup(group_id="branch_2")',
        "are not in the same branch: no transition leaves or enters",
        "order_checks",
        added="check_payment >> check_the_street",
    ),
    Edit(
        "a branch that goes on outside",
        "                seconds=3600,\n                end=True,\n",
        '                seconds=3600,\n                next="Put aside",\n',
        "are not in the same branch",
        "order_checks",
        added="wait_for_the_warehouse >> put_aside",
    ),
    Edit(
        "another loop state first in its branch",
        '"Ask": {',
        '"Early": {"Type": "Pass", "Next": "Ask"},\n                "Ask": {',
        "its branch starts at 'Ask': put that state first in states",
        LOOP,
    ),
    adding("a loop without states", "both_join >> LoopOperator(task_id='Loop', states={})", "states is empty", LOOP),
    adding(
        "a loop of texts",
        "both_join >> LoopOperator(task_id='Loop', states={'A': 'B'})",
        "state 'A': expected an object, not 'B'",
        LOOP,
    ),
    adding(
        "a task that waits for the ends of two ways of a branch",
        "[both_branch_1, other] >> EmptyOperator(task_id='own') >> both_join",
        "of which only one runs: by its trigger_rule 'all_success' it never runs",
        "choice_in_a_branch",
    ),
    adding(
        "branches of texts",
        "PARALLEL(task_id='P', branches=['A'], end=True)",
        "branches[0]: expected an object, not 'A'",
        LOOP,
    ),
    adding(
        "a branch that starts nowhere",
        "PARALLEL(task_id='P', branches=[{'States': {'A': {'Type': 'Pass', 'End': True}}}], end=True)",
        "branches[0]: the field 'StartAt' is required in a branch",
        LOOP,
    ),
    adding(
        "a state inside that is not reached",
        "end = {'Type': 'Succeed'}\n"
        "PARALLEL(task_id='P', branches=[{'StartAt': 'A', 'States': {'A': end, 'B': end}}], end=True)",
        "Branches[0]: no way leads from its StartAt to state 'B'",
        LOOP,
    ),
]
EDITS = [*NAMES, *EDGES, *ENDS, *STARTS, *GROUPS, *RULES, *MORE]


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.name)
def test_an_edit_that_would_not_run_what_the_file_names_does_not_import(case: Edit, tmp_path: Path) -> None:
    found = import_error(edit(case.file, case), tmp_path)
    assert found is not None and case.problem in found, found


@pytest.mark.parametrize("file", FILES)
def test_the_files_import_without_an_edit(file: str, tmp_path: Path) -> None:
    assert import_error(edit(file), tmp_path) is None
