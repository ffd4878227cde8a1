"""Edits of emitted DAG files that change nothing, or change the flow everywhere: the DAGs import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.airflow.edited_dags import Edit, adding, edit, import_error

ARCHIVE = "TaskStateOperator(task_id='Archive', resource='arn:aws:states:::sns:publish', end=True)"
TEARDOWN = "[notify_success, notify_quality_failure, notify_failure] >> EmptyOperator(task_id='done').as_teardown()"
EDITS = [
    Edit(
        "another task id, with the name of the state",
        'task_id="CheckDataQuality",\n',
        'task_id="check",\n        state_name="CheckDataQuality",\n',
    ),
    Edit(
        "a state behind the last, which names it",
        '            "Message": "Daily sales pipeline completed successfully",\n        },\n        end=True,\n',
        '            "Message": "Daily sales pipeline completed successfully",\n        },\n        next="Archive",\n',
        added=f"notify_success >> {ARCHIVE}",
    ),
    Edit(
        "the first state left out, with its edges",
        "    validate_input_file >> [run_glue_transform, notify_failure]\n",
        "    for each in (validate_input_file, notify_failure):\n"
        "        each.dag.task_group.children.pop(each.task_id)\n"
        "        each.dag.task_dict.pop(each.task_id)\n",
    ),
    Edit("a label on an edge", "run_glue_transform >> check", "run_glue_transform >> Label('glue') >> check"),
    Edit(
        "a trigger rule of the DAG",
        "    catchup=False,\n",
        "    catchup=False,\n    default_args={'trigger_rule': 'all_done'},\n",
    ),
    Edit(
        "a direct edge beside a task that skips",
        "run_glue_transform >> check_data_quality",
        "run_glue_transform >> [check_data_quality, EmptyOperator(task_id='own', trigger_rule='one_failed')]",
    ),
    adding(
        "a task with all_done that another last task goes with",
        "notify_success >> EmptyOperator(task_id='a', trigger_rule='all_done')\n"
        "notify_success >> EmptyOperator(task_id='b')",
    ),
    adding("a teardown behind all ends", TEARDOWN),
    adding(
        "a task that waits for two states in a row",
        "[validate_input_file, run_glue_transform] >> EmptyOperator(task_id='own')",
    ),
    adding(
        "a task that waits for a state and a task behind it",
        "[run_glue_transform, run_glue_transform >> EmptyOperator(task_id='a')] >> EmptyOperator(task_id='b')",
    ),
    adding(
        "a task that waits for a Choice and one of its ways, whose last task it is not",
        "[quality_passed, notify_failure] >> EmptyOperator(task_id='own')\n"
        "notify_failure >> EmptyOperator(task_id='last')",
    ),
    Edit(
        "a task between that waits for a task before all states, too",
        "check_data_quality >> quality_passed",
        "[check_data_quality, EmptyOperator(task_id='before')] >> EmptyOperator(task_id='own') >> quality_passed",
    ),
    Edit(
        "a task between that waits for a state that always runs, too",
        "check_data_quality >> quality_passed",
        "[check_data_quality, validate_input_file] >> EmptyOperator(task_id='own') >> quality_passed",
    ),
    adding(
        "a task in a branch that leads out of it",
        "check_payment >> EmptyOperator(task_id='own') >> pack_parcels",
        file="order_checks",
    ),
]


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.name)
def test_an_edit_that_leaves_names_and_edges_in_agreement_imports(case: Edit, tmp_path: Path) -> None:
    assert import_error(edit(case.file, case), tmp_path) is None
