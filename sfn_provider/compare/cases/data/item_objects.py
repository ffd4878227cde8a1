"""Makes the S3 objects that the ItemReaders of distributed Maps read."""

from __future__ import annotations

import copy
import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from sfn_provider.asl.model import Map, ReaderConfig
from sfn_provider.asl.scope import Json
from sfn_provider.compare.cases.data.case_data import CaseData
from sfn_provider.compare.cases.data.sample_values import sample_value
from sfn_provider.compare.cases.data.traced_values import find_in_json, get_member, plain, put_member
from sfn_provider.compare.machine_analysis.data_read_types import DataRead, Key, ValueKind
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine.requests import CallTask


@dataclass(frozen=True, slots=True)
class RowSlot:
    """A place in the items that an ItemReader reads.

    Args:
        items: the items.
        at: JSON pointer of the Map.
        steps: the index of the item, and the members and indices in it.
    """

    items: ItemObjects
    at: str
    steps: tuple[Key, ...]

    @property
    def identity(self) -> tuple[int, Key]:
        """What tells it from other slots of the same execution."""
        return id(self.items), f"{self.at}/{self.steps}"

    @property
    def path(self) -> str:
        """Where it is, as a path."""
        return f"items of {self.at}" + "".join(f".{step}" for step in self.steps)

    @property
    def is_root(self) -> bool:
        """Whether it is a whole item, which cannot be absent."""
        return len(self.steps) == 1

    def read(self) -> Json:
        """Return the value; MISSING for none."""
        value: Json = self.items.rows[self.at]
        for step in self.steps:
            value = get_member(value, step)
        return value

    def write(self, value: Json) -> None:
        """Set the value in the item, for the next run; MISSING removes the member."""
        holder: Json = self.items.rows[self.at]
        for step in self.steps[:-1]:
            holder = get_member(holder, step)
        put_member(holder, self.steps[-1], plain(value, self.steps[-1]))
        self.items.stale = True


class ItemObjects:
    """The objects in S3 of one execution.

    Args:
        parts: the machine's parts.
        seed: the case to begin with: the rows are taken from it.

    Attributes:
        rows: the items of each Map that reads some, by JSON pointer.
        objects: the objects, by ``s3://bucket/key``.
        stale: True where an item was changed after it had been read.
    """

    def __init__(self, parts: MachineParts, seed: CaseData) -> None:
        self._parts = parts
        self._by_name = {placed.name: at for at, placed in parts.states.items() if isinstance(placed.state, Map)}
        self.objects: dict[str, str] = {}
        self.rows = {at: copy.deepcopy(rows) for at, rows in seed.rows.items()}
        self.stale = False

    def prepare(self, at: str, count: int, reads: list[DataRead]) -> None:
        """Have so many items for a Map, with the members that its ItemSelector reads."""
        rows = self.rows.setdefault(at, [])
        names = {str(read.steps[0]): read.kind for read in reads if read.steps}
        names |= {name: "text" for name in self._config(at).csv_headers or ()}
        del rows[count:]
        while len(rows) < count:
            rows.append({} if rows or names else {"id": "id-1"})
        for number, row in enumerate(rows):
            for name in dict.fromkeys([*names, *(key for each in rows for key in each)]):
                if name not in row:
                    kind: ValueKind = names.get(name, "text")
                    row[name] = _numbered(sample_value("text" if kind == "any" else kind, name), number)

    def find(self, value: Json) -> RowSlot | None:
        """Return where a value stands in the items; None where it does not."""
        if value is None or isinstance(value, bool):
            return None
        for at, rows in self.rows.items():
            steps = find_in_json(rows, value)
            if steps:
                return RowSlot(self, at, steps)
        return None

    def _config(self, at: str) -> ReaderConfig:
        state: Any = self._parts.states[at].state
        return state.item_reader.reader_config or ReaderConfig.model_validate({})

    def provide(self, call: CallTask) -> list[Json] | None:
        """Make the object that a call reads, or those that it lists; return the rows where it asks for rows."""
        at = self._by_name.get(call.state)
        if at is None or call.purpose == "write":
            return None
        if call.purpose == "read_rows":
            return copy.deepcopy(self.rows[at])
        bucket = f"s3://{call.arguments.get('Bucket')}/"
        if call.purpose == "list":
            prefix = call.arguments.get("Prefix") or ""
            names = [f"{bucket}{prefix}object-{number + 1}.txt" for number in range(len(self.rows[at]))]
            self.objects |= dict.fromkeys(names, "sample")
        else:
            self.objects[bucket + str(call.arguments.get("Key"))] = self._text(at)
        return None

    def _text(self, at: str) -> str:
        config, rows = self._config(at), self.rows[at]
        if config.input_type == "CSV":
            names = list(config.csv_headers or (rows[0] if rows else {"id": ""}))
            return _csv(names, rows, config)
        if config.input_type == "JSONL":
            return "".join(json.dumps(row) + "\n" for row in rows)
        document: Json = rows
        for name in reversed([part for part in (config.items_pointer or "").split("/") if part]):
            document = {name: document}
        return json.dumps(document)


def _numbered(value: Json, number: int) -> Json:
    return f"{value[:-1]}{number + 1}" if isinstance(value, str) and value.endswith("-1") else value


def _csv(names: list[str], rows: list[dict[str, Json]], config: ReaderConfig) -> str:
    separators = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separators.get(config.csv_delimiter or "COMMA", ","), lineterminator="\n")
    if config.csv_header_location == "FIRST_ROW":
        writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return text.getvalue()
