"""Groups items into the batches of an ItemBatcher.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.engine.limits import MAX_PAYLOAD_BYTES, to_json, utf8_bytes


def make_batches(
    items: Sequence[Json], *, max_items: int = 0, max_bytes: int = 0, batch_input: Json = MISSING
) -> Iterator[dict[str, Json]]:
    """Make the inputs of the child executions, each with as many items as it may hold.

    Args:
        items: the items, after ItemSelector.
        max_items: items in a batch; 0 for no limit.
        max_bytes: size of a batch as UTF-8 JSON, BatchInput included; 0 for the largest input that AWS takes. An
            item that is larger on its own makes a batch of one.
        batch_input: what every batch holds besides its items; MISSING where there is no BatchInput.

    Yields:
        ``{"Items": [...]}`` or ``{"BatchInput": ..., "Items": [...]}``.
    """
    frame: dict[str, Json] = {} if batch_input is MISSING else {"BatchInput": batch_input}
    room = min(max_bytes or MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES) - _size({**frame, "Items": []})
    batch: list[Json] = []
    used = 0
    for item in items:
        size = _size(item) + 1  # with the comma before it; the first one has none
        if batch and (len(batch) == max_items or used + size - 1 > room):
            yield {**frame, "Items": batch}
            batch, used = [], 0
        batch.append(item)
        used += size
    if batch:
        yield {**frame, "Items": batch}


def _size(value: Json) -> int:
    return utf8_bytes(to_json(value))
