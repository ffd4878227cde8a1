"""Makes the S3 objects that the ItemReaders of distributed Maps read."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from sfn_provider.asl.model import Map, ReaderConfig
from sfn_provider.asl.scope import Json
from sfn_provider.compare.cases.case_data import CaseData
from sfn_provider.compare.cases.goals import SEVERAL
from sfn_provider.compare.cases.sample_values import sample_text, sample_value
from sfn_provider.compare.data_reads import DataRead
from sfn_provider.compare.machine_parts import MachineParts
from sfn_provider.engine.requests import CallTask


class ItemObjects:
    """The objects in S3 of one execution.

    Args:
        parts: the machine's parts.
        seed: the case to begin with: objects, columns and counts of items.
    """

    def __init__(self, parts: MachineParts, seed: CaseData) -> None:
        self._parts = parts
        self._by_name = {placed.name: at for at, placed in parts.states.items() if isinstance(placed.state, Map)}
        self.objects: dict[str, str] = {}
        self.columns = {at: dict(columns) for at, columns in seed.columns.items()}
        self.counts: dict[str, int] = {}

    def set_count(self, at: str, count: int, reads: list[DataRead]) -> None:
        """Set how many items a Map reads, and the members that its ItemSelector reads of them."""
        self.counts[at] = count
        for read in reads:
            if read.steps:
                kind = "text" if read.kind == "any" else read.kind
                self.columns.setdefault(at, {}).setdefault(str(read.steps[0]), sample_value(kind, str(read.steps[0])))

    def provide(self, call: CallTask) -> None:
        """Make the object that a call reads, or those that it lists."""
        at = self._by_name.get(call.state)
        if at is None or call.purpose == "write":
            return
        state: Any = self._parts.states[at].state
        config = state.item_reader.reader_config or ReaderConfig.model_validate({})
        count = self.counts.get(at, SEVERAL)
        bucket = f"s3://{call.arguments.get('Bucket')}/"
        if call.purpose == "list":
            prefix = call.arguments.get("Prefix") or ""
            self.objects |= {f"{bucket}{prefix}object-{number + 1}.txt": "sample" for number in range(count)}
        elif call.purpose == "read":
            self.objects.setdefault(bucket + str(call.arguments.get("Key")), self._text(at, config, count))

    def _text(self, at: str, config: ReaderConfig, count: int) -> str:
        columns = self.columns.get(at) or {"id": sample_text("id")}
        if config.csv_headers:
            columns = {name: columns.get(name, sample_text(name)) for name in config.csv_headers}
        rows: list[dict[str, Json]] = [_numbered(columns, number) for number in range(count)]
        if config.input_type == "CSV":
            return _csv(list(columns), rows, config)
        if config.input_type == "JSONL":
            return "".join(json.dumps(row) + "\n" for row in rows)
        document: Json = rows
        for name in reversed([part for part in (config.items_pointer or "").split("/") if part]):
            document = {name: document}
        return json.dumps(document)


def _numbered(columns: dict[str, Json], number: int) -> dict[str, Json]:
    return {
        name: f"{value[:-1]}{number + 1}" if isinstance(value, str) and value.endswith("-1") else value
        for name, value in columns.items()
    }


def _csv(names: list[str], rows: list[dict[str, Json]], config: ReaderConfig) -> str:
    separators = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separators.get(config.csv_delimiter or "COMMA", ","), lineterminator="\n")
    if config.csv_header_location == "FIRST_ROW":
        writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return text.getvalue()
