from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.engine.limits import MAX_PAYLOAD_BYTES
from sfn_provider.engine.map_run.item_batcher import ItemBatches


def make_batches(items: Iterable[Any], **limits: Any) -> Iterator[dict[str, Any]]:
    batches = ItemBatches(**limits)
    found = (*map(batches.add, items), batches.rest())
    return (batch for batch in found if batch is not None)


def size(batch: object) -> int:
    return len(json.dumps(batch, separators=(",", ":"), ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("count", "most", "sizes"),
    [(0, 3, []), (7, 3, [3, 3, 1]), (6, 3, [3, 3]), (2, 5, [2]), (3, 0, [3])],
    ids=["no items", "remainder", "even", "one batch", "no limit"],
)
def test_batches_by_number(count: int, most: int, sizes: list[int]) -> None:
    batches = list(make_batches(list(range(count)), max_items=most))
    assert [len(batch["Items"]) for batch in batches] == sizes
    assert [item for batch in batches for item in batch["Items"]] == list(range(count))


def test_batch_input_is_in_every_batch() -> None:
    batches = list(make_batches(["a", "b"], max_items=1, batch_input={"day": "Monday"}))
    assert batches == [{"BatchInput": {"day": "Monday"}, "Items": [item]} for item in ("a", "b")]


def test_a_batch_may_be_exactly_as_large_as_allowed() -> None:
    whole = size({"Items": ["ä", "b"]})
    assert [batch["Items"] for batch in make_batches(["ä", "b"], max_bytes=whole)] == [["ä", "b"]]
    assert [batch["Items"] for batch in make_batches(["ä", "b"], max_bytes=whole - 1)] == [["ä"], ["b"]]


def test_batch_input_counts() -> None:
    whole = size({"BatchInput": {"k": 1}, "Items": [1, 2, 3]})
    made = list(make_batches([1, 2, 3], max_bytes=whole - 1, batch_input={"k": 1}))
    assert [batch["Items"] for batch in made] == [[1, 2], [3]]


def test_an_item_that_is_too_large_stands_alone() -> None:
    assert [batch["Items"] for batch in make_batches(["x" * 50, "y"], max_bytes=30)] == [["x" * 50], ["y"]]


def test_no_batch_is_larger_than_an_input_may_be() -> None:
    items = ["x" * 1000] * 600
    batches = list(make_batches(items))
    assert len(batches) == 3
    assert all(size(batch) <= MAX_PAYLOAD_BYTES for batch in batches)


@given(
    st.lists(st.one_of(st.integers(), st.text(max_size=20), st.lists(st.integers(), max_size=5))),
    st.integers(0, 5),
    st.integers(20, 120),
)
def test_batches_hold_all_items_within_the_limits(items: list[object], most: int, most_bytes: int) -> None:
    batches = list(make_batches(items, max_items=most, max_bytes=most_bytes))
    assert [item for batch in batches for item in batch["Items"]] == items
    for place, batch in enumerate(batches):
        held = len(batch["Items"])
        assert held == 1 or size(batch) <= most_bytes
        assert not most or held <= most
        if place + 1 < len(batches) and held != most:
            grown = {"Items": [*batch["Items"], batches[place + 1]["Items"][0]]}
            assert size(grown) > most_bytes, "the next item would have fitted"
