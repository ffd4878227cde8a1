"""Names of executions."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.executions.names import execution_name, numbered_name

ALLOWED = re.compile(r"[0-9A-Za-z_-]{1,80}")
ids = st.text(min_size=1, max_size=250)


@given(ids, ids, ids, st.none() | st.integers(-1, 5000))
def test_a_name_is_one_that_aws_takes(dag_id: str, run_id: str, task_id: str, map_index: int | None) -> None:
    assert ALLOWED.fullmatch(execution_name(dag_id, run_id, task_id, map_index))


def test_a_name_is_readable_and_the_same_in_every_try() -> None:
    names = {execution_name("sales", "scheduled__2025-03-15T02:00:00+00:00", "load.start", 7) for _ in range(3)}
    assert names == {"sales-load-start-scheduled__2025-03-15T02-00-00-00-00-7-2bb239db8a44"}


def test_task_instances_that_clean_or_join_alike_have_names_of_their_own() -> None:
    tasks = list(product(["a", "a-b"], ["r:1", "r-1"], ["b-c", "c", "b.c"], [-1, 0, 1]))
    assert len({execution_name(*task) for task in tasks}) == len(tasks)


def test_long_ids_differ_though_cut() -> None:
    names = {execution_name("d" * 200, "r", "t" * 200 + str(i)) for i in range(3)}
    assert len(names) == 3
    assert {len(name) for name in names} == {80}


@pytest.mark.parametrize("name", ["nightly", "n" * 77, "n" * 78, "n" * 80])
def test_numbered_names_are_short_enough_and_all_different(name: str) -> None:
    names = [numbered_name(name, number) for number in (1, 2, 3, 10, 100)]
    assert names[0] == name
    assert len(set(names)) == 5
    assert all(ALLOWED.fullmatch(each) for each in names)


def test_two_long_names_stay_different_with_a_number() -> None:
    assert numbered_name("n" * 79 + "a", 2) != numbered_name("n" * 79 + "b", 2)
