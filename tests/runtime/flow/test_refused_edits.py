"""Edits of the sales pipeline that would skip a state, run it early or hide its failure: none imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.airflow.edited_dags import Edit, adding, edit, import_error

PUBLISH = "resource='arn:aws:states:::sns:publish', end=True"
ALL_ENDS = "[notify_success, notify_quality_failure, notify_failure]"
GOLD = '                "Next": "RunGoldAggregation",\n'
NEXT = '        next="NotifySuccess",\n'
CATCH = '        catch=[{"ErrorEquals": ["FileNotFoundError"], "Next": "NotifyFailure"}],\n'

BAR = [
    Edit(
        "a misspelt successor",
        'next="CheckDataQuality"',
        'next="CheckDataQualty"',
        (
            "task 'RunGlueTransform': next is 'CheckDataQualty', but no task of the DAG runs that state; "
            "did you mean 'CheckDataQuality'?"
        ),
    ),
    Edit(
        "a dropped edge",
        "    check_data_quality >> quality_passed\n",
        "",
        (
            "task 'CheckDataQuality': next is 'QualityPassed?', but no edge leads to its task: add "
            "CheckDataQuality >> QualityPassed"
        ),
    ),
    Edit(
        "a swapped edge",
        "run_glue_transform >> check_data_quality",
        "run_glue_transform >> run_gold_aggregation",
        "an edge leads to task 'RunGoldAggregation', which is not named by",
    ),
    Edit(
        "a Choice rule that names no task",
        '"Next": "RunGoldAggregation"',
        '"Next": "RunGold"',
        (
            "state 'QualityPassed?' (task 'QualityPassed'): choices[0][\"Next\"] is 'RunGold', but no "
            "task of the DAG runs that state; did you mean 'RunGoldAggregation', to which an edge leads?"
        ),
    ),
]
NAMES = [
    Edit("a misspelt default", 'default="NotifyQualityF', 'default="NotifyQualtyF', "default is 'NotifyQualtyFailure'"),
    Edit("a misspelt catch", '"Next": "NotifyFailure"', '"Next": "NotifyFail"', "catch[0][\"Next\"] is 'NotifyFail'"),
    Edit(
        "a rule without Next",
        '                "Next": "RunGoldAggregation",\n',
        "",
        'choices[0]["Next"] names no state',
    ),
    Edit("a next that is a task", 'next="NotifySuccess"', "next=check_data_quality", "next names no state"),
    Edit(
        "a renamed task",
        'task_id="CheckDataQuality"',
        'task_id="CheckQuality"',
        "next is 'CheckDataQuality', but no task of the DAG runs that state; did you mean 'CheckQuality'?",
    ),
    Edit("a renamed state", 'state_name="QualityPassed?"', 'state_name="Passed?"', "next is 'QualityPassed?'"),
    Edit("a name left out", '        state_name="QualityPassed?",\n', "", "did you mean 'QualityPassed'?"),
    Edit(
        "two tasks of one state",
        'task_id="NotifyQualityFailure",\n',
        'task_id="Other",\n        state_name="NotifyFailure",\n',
        "runs a state 'NotifyFailure', too: names are unique in a DAG",
    ),
    Edit(
        "a state replaced by an operator of Airflow",
        'next="RunGlueTransform"',
        'next="Glue"',
        "next is 'Glue', but that task runs no state (it is of EmptyOperator)",
        added="validate_input_file >> EmptyOperator(task_id='Glue') >> run_glue_transform",
    ),
]
EDGES = [
    Edit(
        "a dropped edge to a handler",
        ">> [run_glue_transform, notify_failure]",
        ">> run_glue_transform",
        "add ValidateInputFile >> NotifyFailure",
    ),
    Edit(
        "an edge too many",
        "run_glue_transform >> check_data_quality",
        "run_glue_transform >> [check_data_quality, notify_failure]",
        "remove RunGlueTransform >> NotifyFailure, or name the state",
    ),
    Edit(
        "an edge the wrong way round",
        "run_gold_aggregation >> notify_success",
        "notify_success >> run_gold_aggregation",
        "add RunGoldAggregation >> NotifySuccess",
    ),
    Edit(
        "a removed handler whose edge stays",
        '        catch=[{"ErrorEquals": ["FileNotFoundError"], "Next": "NotifyFailure"}],\n',
        "",
        "ValidateInputFile': an edge leads to task 'NotifyFailure'",
    ),
]
ENDS = [
    Edit(
        "no next",
        '        next="NotifySuccess",\n',
        "",
        "'RunGoldAggregation': it has neither next nor end=True: add one",
    ),
    Edit("end=False", '        next="NotifySuccess",\n', "        end=False,\n", "it has neither next nor end=True"),
    Edit(
        "an end with a successor",
        '        next="NotifySuccess",\n',
        "        end=True,\n",
        "Aggregation': an edge leads to task 'NotifySuccess'",
    ),
    Edit(
        "next and end",
        '        next="NotifySuccess",\n',
        '        next="NotifySuccess",\n        end=True,\n',
        "it has both next and end=True",
    ),
    Edit(
        "a Choice with next",
        '        default="Not',
        '        next="NotifyFailure",\n        default="Not',
        "a Choice state",
    ),
    Edit(
        "a Choice that ends",
        '        default="Not',
        '        end=True,\n        default="Not',
        "end: a Choice state has no field 'End'",
    ),
]
STARTS = [
    adding(
        "a state that nobody names",
        "TaskStateOperator(task_id='Archive', resource='arn:aws:states:::sns:publish', end=True)",
        "no state leads to task 'ValidateInputFile' and task 'Archive': an execution starts at one state",
    ),
    adding(
        "a state that nobody names behind a task of another kind",
        (
            "notify_success >> EmptyOperator(task_id='own') >> TaskStateOperator(task_id='Archive', "
            "resource='arn:aws:states:::sns:publish', end=True)"
        ),
        "no state leads to task 'ValidateInputFile' and task 'Archive'",
    ),
]
RULES = [
    Edit(
        "a trigger rule",
        '        next="NotifySuccess",\n',
        '        next="NotifySuccess",\n        trigger_rule="all_success",\n',
        "trigger_rule is 'all_success'",
    ),
    Edit(
        "all_done",
        '        next="NotifySuccess",\n',
        '        next="NotifySuccess",\n        trigger_rule="all_done",\n',
        "trigger_rule is 'all_done'",
    ),
    adding(
        "a trigger rule that is set later", "quality_passed.trigger_rule = 'one_failed'", "trigger_rule is 'one_failed'"
    ),
    adding("a teardown", "notify_failure.as_teardown()", "a state is no teardown"),
    adding("no XCom", "notify_failure.do_xcom_push = False", "do_xcom_push is False"),
]
OTHERS = [
    adding(
        "a last task that hides failures",
        (
            "[notify_success, notify_quality_failure, notify_failure] >> EmptyOperator(task_id='done', "
            "trigger_rule='all_done')"
        ),
        (
            "would leave the run green: Airflow takes a run's result from its last tasks, and behind it "
            "there is only 'done (all_done)'"
        ),
    ),
    adding(
        "a last task that is always skipped",
        "[notify_success, notify_quality_failure, notify_failure] >> EmptyOperator(task_id='done')",
        "'done (all_success)', which may run or be skipped in spite of it",
    ),
    adding(
        "a way that hides a failure",
        "notify_success >> EmptyOperator(task_id='done', trigger_rule='one_failed')",
        "'done (one_failed)'",
    ),
    Edit(
        "a task between that runs whatever happened",
        "check_data_quality >> quality_passed",
        "check_data_quality >> EmptyOperator(task_id='own', trigger_rule='all_done') >> quality_passed",
        "a failure of 'RunGlueTransform' and 'CheckDataQuality' would leave the run green",
    ),
    Edit(
        "a task between that is skipped",
        "check_data_quality >> quality_passed",
        "check_data_quality >> EmptyOperator(task_id='own', trigger_rule='one_failed') >> quality_passed",
        "by its trigger_rule 'one_failed', task 'own' could be skipped, and with it 'QualityPassed', although",
    ),
    Edit(
        "a task between that waits for a way not taken",
        "check_data_quality >> quality_passed",
        "[check_data_quality, notify_failure] >> EmptyOperator(task_id='own') >> quality_passed",
        "add CheckDataQuality >> QualityPassed",
    ),
]
DEFAULT = 'default="NotifyQualityFailure"'
CHOICES = """        choices=[
            {
                "Variable": "$.quality_score",
                "NumericGreaterThan": 0.95,
                "Next": "RunGoldAggregation",
            },
        ],
        default="NotifyQualityFailure",
"""
MORE = [
    Edit(
        "a mapped task between, which is skipped where its list is empty",
        "check_data_quality >> quality_passed",
        "check_data_quality >> PythonOperator.partial(task_id='own', python_callable=print).expand(op_args=[])"
        " >> quality_passed",
        "task 'own' is mapped: where it has nothing to map over, Airflow skips it, and with it 'QualityPassed'",
    ),
    Edit(
        "a next that is the state itself",
        NEXT,
        '        next="RunGoldAggregation",\n',
        "next is its own state: a cycle is one",
    ),
    Edit(
        "a Choice without rules",
        CHOICES,
        '        choices=[],\n        default="NotifyQualityFailure",\n',
        "choices: Choices of a Choice state cannot be empty",
    ),
    Edit(
        "a Choice whose rules are texts",
        CHOICES,
        '        choices=["RunGoldAggregation"],\n        default="NotifyQualityFailure",\n',
        "choices[0]: expected an object, not 'RunGoldAggregation'",
    ),
    adding(
        "a mapped state",
        "quality_passed >> PassStateOperator.partial(task_id='P', end=True).expand(result=[1])",
        "PassStateOperator",
    ),
    Edit(
        "a removed task",
        'notify_failure = TaskStateOperator(\n        task_id="NotifyFailure"',
        'notify_failure = EmptyOperator(task_id="Other")\n    TaskStateOperator(\n        task_id="Nobody"',
        "catch[0][\"Next\"] is 'NotifyFailure', but no task of the DAG runs that state",
    ),
]
EDITS = [*BAR, *NAMES, *EDGES, *ENDS, *STARTS, *RULES, *OTHERS, *MORE]


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.name)
def test_an_edit_that_would_not_run_what_the_file_names_does_not_import(case: Edit, tmp_path: Path) -> None:
    found = import_error(edit(case.file, case), tmp_path)
    assert found is not None and case.problem in found, found
