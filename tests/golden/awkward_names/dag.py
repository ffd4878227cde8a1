"""The state machine awkward_names.

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import ChoiceStateOperator, PassStateOperator

with DAG(
    dag_id="awkward_names",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    what_really = ChoiceStateOperator(
        task_id="What_Really",
        task_display_name="What? Really?",
        state_name="What? Really?",
        choices=[
            {
                "Variable": "$.way",
                "StringEquals": "What! Really!",
                "Next": "What! Really!",
            },
            {"Variable": "$.way", "StringEquals": "Überprüfen", "Next": "Überprüfen"},
            {"Variable": "$.way", "StringEquals": "状态", "Next": "状态"},
            {
                "Variable": "$.way",
                "StringEquals": "end of a name that is as long as a name may be, and then there is no more of it,",
                "Next": "end of a name that is as long as a name may be, and then there is no more of it,",
            },
            {
                "Variable": "$.way",
                "StringEquals": "ThisNameIsInCamelCaseAndSoItsVariableIsALongOneEvenThoughTheNameItselfIsOnly80Lo",
                "Next": "ThisNameIsInCamelCaseAndSoItsVariableIsALongOneEvenThoughTheNameItselfIsOnly80Lo",
            },
        ],
        default="ThisNameIsInCamelCaseAndSoItsVariableIsALongOneEvenThoughTheNameItselfIsOnly80Lo",
    )

    what_really_2 = PassStateOperator(
        task_id="What_Really_2",
        task_display_name="What! Really!",
        state_name="What! Really!",
        next="Überprüfen",
    )

    uberprufen = PassStateOperator(
        task_id="Uberprufen",
        task_display_name="Überprüfen",
        state_name="Überprüfen",
        next="状态",
    )

    state = PassStateOperator(
        task_id="state",
        task_display_name="状态",
        state_name="状态",
        next="class",
    )

    class_ = PassStateOperator(
        task_id="class",
        next="Print",
    )

    print_ = PassStateOperator(
        task_id="Print",
        next="print",
    )

    print__2 = PassStateOperator(
        task_id="print",
        next="2nd try",
    )

    state_2nd_try = PassStateOperator(
        task_id="2nd_try",
        task_display_name="2nd try",
        state_name="2nd try",
        next="2nd-try",
    )

    state_2nd_try_2 = PassStateOperator(
        task_id="2nd-try",
        next="l",
    )

    l_ = PassStateOperator(
        task_id="l",
        next="datetime",
    )

    datetime_ = PassStateOperator(
        task_id="datetime",
        next="DAG",
    )

    dag_ = PassStateOperator(
        task_id="DAG",
        next="a.b",
    )

    a_b = PassStateOperator(
        task_id="a_b",
        task_display_name="a.b",
        state_name="a.b",
        next="a b",
    )

    a_b_2 = PassStateOperator(
        task_id="a_b_2",
        task_display_name="a b",
        state_name="a b",
        next="a_b_2",
    )

    a_b_2_2 = PassStateOperator(
        task_id="a_b_2_2",
        task_display_name="a_b_2",
        state_name="a_b_2",
        next="__",
    )

    state_2 = PassStateOperator(
        task_id="state_2",
        task_display_name="__",
        state_name="__",
        next='say "hi"',
    )

    say_hi = PassStateOperator(
        task_id="say_hi",
        task_display_name='say "hi"',
        state_name='say "hi"',
        next="back\\slash",
    )

    back_slash = PassStateOperator(
        task_id="back_slash",
        task_display_name="back\\slash",
        state_name="back\\slash",
        next="it's",
    )

    it_s = PassStateOperator(
        task_id="it_s",
        task_display_name="it's",
        state_name="it's",
        next="{{ ds }}",
    )

    ds = PassStateOperator(
        task_id="ds",
        task_display_name="{{ ds }}",
        state_name="{{ ds }}",
        next="tab\there",
    )

    tab_here = PassStateOperator(
        task_id="tab_here",
        task_display_name="tab\there",
        state_name="tab\there",
        next="end of a name that is as long as a name may be, and then there is no more of it,",
    )

    end_of_a_name_that_is_as_long_as_a_name_may_be_and_then_ther = PassStateOperator(
        task_id="end_of_a_name_that_is_as_long_as_a_name_may_be_and_then_there_is_no_more_of_it",
        task_display_name="end of a name that is as long as a name may be, and then there is no more of it,",
        state_name="end of a name that is as long as a name may be, and then there is no more of it,",
        next="ThisNameIsInCamelCaseAndSoItsVariableIsALongOneEvenThoughTheNameItselfIsOnly80Lo",
    )

    this_name_is_in_camel_case_and_so_its_variable_is_a_long_one = PassStateOperator(
        task_id="ThisNameIsInCamelCaseAndSoItsVariableIsALongOneEvenThoughTheNameItselfIsOnly80Lo",
        end=True,
    )

    what_really >> [
        what_really_2,
        uberprufen,
        state,
        end_of_a_name_that_is_as_long_as_a_name_may_be_and_then_ther,
        this_name_is_in_camel_case_and_so_its_variable_is_a_long_one,
    ]
    what_really_2 >> uberprufen
    uberprufen >> state
    state >> class_
    class_ >> print_
    print_ >> print__2
    print__2 >> state_2nd_try
    state_2nd_try >> state_2nd_try_2
    state_2nd_try_2 >> l_
    l_ >> datetime_
    datetime_ >> dag_
    dag_ >> a_b
    a_b >> a_b_2
    a_b_2 >> a_b_2_2
    a_b_2_2 >> state_2
    state_2 >> say_hi
    say_hi >> back_slash
    back_slash >> it_s
    it_s >> ds
    ds >> tab_here
    tab_here >> end_of_a_name_that_is_as_long_as_a_name_may_be_and_then_ther
    (
        end_of_a_name_that_is_as_long_as_a_name_may_be_and_then_ther
        >> this_name_is_in_camel_case_and_so_its_variable_is_a_long_one
    )
