from __future__ import annotations

import builtins
import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.translate.plan import naming


@pytest.mark.parametrize(
    ("name", "task_id"),
    [
        ("ValidateInputFile", "ValidateInputFile"),
        ("QualityPassed?", "QualityPassed"),
        ("Is it - really - done?", "Is_it_-_really_-_done"),
        ("a.b", "a_b"),
        ("Überprüfen", "Uberprufen"),
        ("状态", "state"),
        ("状态 2", "2"),
        ("__init__", "init"),
        ("a\nb\x00c", "a_b_c"),
        ("{{ ds }}", "ds"),
        ("\u2028", "state"),
        ("x" * 300, "x" * 250),
    ],
)
def test_task_ids(name: str, task_id: str) -> None:
    assert naming.task_id(name) == task_id


@pytest.mark.parametrize(
    ("task_id", "variable"),
    [
        ("ValidateInputFile", "validate_input_file"),
        ("RunETLJob", "run_etl_job"),
        ("getS3Object", "get_s3_object"),
        ("2nd-try", "state_2nd_try"),
        ("class", "class_"),
        ("match", "match_"),
        ("Print", "print_"),
        ("None", "none"),
        ("DAG", "dag_"),
        ("l", "l_"),
        ("timedelta", "timedelta_"),
        ("-", "state"),
    ],
)
def test_variables(task_id: str, variable: str) -> None:
    assert naming.variable(task_id) == variable


@pytest.mark.parametrize(
    ("name", "dag_id"),
    [
        ("sales_pipeline.asl", "sales_pipeline"),
        ("sales-pipeline.ASL", "sales_pipeline"),
        ("OrdersStateMachine", "orders"),
        ("orders.state-machine", "orders"),
        ("state_machine", "state_machine"),
        ("Überweisungen", "uberweisungen"),
        ("2024 orders", "2024_orders"),
        ("???", "state_machine"),
        ("import", "import"),
    ],
)
def test_dag_ids(name: str, dag_id: str) -> None:
    assert naming.dag_id(name) == dag_id


@given(st.text(max_size=80))
def test_every_name_has_a_valid_task_id_variable_and_dag_id(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,249}", naming.task_id(name))
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,250}", naming.dag_id(name))
    for variable in (naming.variable(name), naming.variable(naming.task_id(name))):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", variable)
        assert not keyword.iskeyword(variable)
        assert not keyword.issoftkeyword(variable)
        assert not hasattr(builtins, variable)


def test_equal_names_are_numbered_in_order() -> None:
    wanted = {"What?": "what", "What!": "what", "what 2": "what_2", "What": "what"}
    assert naming.unique(wanted, wanted) == {"What?": "what", "What!": "what_2", "what 2": "what_2_2", "What": "what_3"}


def test_some_names_cannot_have_what_others_can() -> None:
    wanted = {"A": "item", "B": "item"}
    assert naming.unique(wanted, wanted, {"A": {"item", "item_2"}}) == {"A": "item_3", "B": "item"}


@given(st.lists(st.text("aA_2?", min_size=1, max_size=4), unique=True, max_size=30))
def test_made_names_are_unique_whatever_collides(names: list[str]) -> None:
    made = naming.unique(names, {name: naming.variable(name) for name in names})
    assert list(made) == names
    assert len(set(made.values())) == len(names)
