"""Groups items into the batches of an ItemBatcher.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

from collections.abc import Iterable

from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.engine.limits import MAX_PAYLOAD_BYTES, to_json, utf8_bytes


class ItemBatches:
    """Makes the inputs of child executions, each with as many items as it may hold.

    Args:
        max_items: items in a batch; 0 for no limit.
        max_bytes: size of a batch as UTF-8 JSON, BatchInput included; 0 for the largest input that AWS takes. An
            item that is larger on its own makes a batch of one.
        batch_input: what every batch holds besides its items; MISSING where there is no BatchInput.
        pending: the items of a batch that is not full yet.

    Attributes:
        pending: the same.
    """

    def __init__(
        self, *, max_items: int = 0, max_bytes: int = 0, batch_input: Json = MISSING, pending: Iterable[Json] = ()
    ) -> None:
        self._frame: dict[str, Json] = {} if batch_input is MISSING else {"BatchInput": batch_input}
        self._max_items = max_items
        self._room = min(max_bytes or MAX_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES) - _size({**self._frame, "Items": []})
        self.pending = list(pending)
        self._used = sum(_size(item) + 1 for item in self.pending)

    def add(self, item: Json) -> dict[str, Json] | None:
        """Add an item; return the batch before it where that is full."""
        size = _size(item) + 1  # with the comma before it; the first one has none
        full = None
        if self.pending and (len(self.pending) == self._max_items or self._used + size - 1 > self._room):
            full = self.rest()
        self.pending.append(item)
        self._used += size
        return full

    def rest(self) -> dict[str, Json] | None:
        """Return the last batch: ``{"Items": [...]}`` or ``{"BatchInput": ..., "Items": [...]}``; None if empty."""
        if not self.pending:
            return None
        batch = {**self._frame, "Items": self.pending}
        self.pending, self._used = [], 0
        return batch


def _size(value: Json) -> int:
    return utf8_bytes(to_json(value))
