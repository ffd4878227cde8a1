"""Memory of a distributed Map does not grow with its items; `tests/benchmarks/test_maps.py` runs a million."""

from __future__ import annotations

import gc
import io
import sys
from typing import Any

import pytest

from sfn_provider.engine import Mocks, simulate
from sfn_provider.engine.map_run import child_inputs, result_writer
from sfn_provider.engine.map_run.item_reader import text_chunks
from sfn_provider.engine.simulation import item_objects
from tests.fixtures.machines.distributed_maps import WRITER, each, reading

KINDS: dict[str, tuple[dict[str, Any], str | None]] = {
    "exported": ({"ResultWriter": WRITER}, None),
    "too large for an output": ({}, "States.DataLimitExceeded"),
    "in batches": ({"ResultWriter": WRITER, "ItemBatcher": {"MaxItemsPerBatch": 3}}, None),
}
FEW, MANY = 500, 1_500


class Lines(io.RawIOBase):
    """A stream of JSON lines that nobody holds; it counts the memory in use at every 100th line.

    Counting takes longer the more memory the process has.

    Args:
        count: how many lines.
        used: gets the largest number of allocated blocks of memory.
    """

    def __init__(self, count: int, used: list[int]) -> None:
        super().__init__()
        self._lines = (b'{"n": %d, "text": "%s"}\n' % (n, b"x" * 600) for n in range(count))
        self._used = used
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._read += 1
        if self._read % 100 == 0:
            self._used[0] = max(self._used[0], sys.getallocatedblocks())
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def most_blocks(count: int, fields: dict[str, Any], error: str | None) -> int:
    """The most blocks of memory that are in use while a Map runs over so many items."""
    machine = each(ItemReader=reading({"InputType": "JSONL"}), MaxConcurrency=50, **fields)
    used = [0]
    mocks = Mocks.from_mapping({}, {"s3://data/items": lambda: Lines(count, used)})
    gc.collect()
    before = sys.getallocatedblocks()
    assert simulate(machine, {}, mocks=mocks, history="none").error == error
    return used[0] - before


@pytest.mark.parametrize(("fields", "error"), KINDS.values(), ids=KINDS)
def test_three_times_the_items_take_no_more_memory(
    fields: dict[str, Any], error: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (text_chunks, item_objects, child_inputs):
        monkeypatch.setattr(module, "CHUNK_SIZE", 16_384)
    monkeypatch.setattr(result_writer, "PART_SIZE", 50_000)
    most_blocks(FEW, fields, error)  # what is compiled and cached once does not count
    few, many = (most_blocks(count, fields, error) for count in (FEW, MANY))
    assert many - few < MANY - FEW, f"{few:,} blocks for {FEW:,} items, {many:,} for {MANY:,}"
