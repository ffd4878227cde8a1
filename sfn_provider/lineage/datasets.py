"""Names the datasets that calls read and write, as OpenLineage does.

Sources: https://openlineage.io/docs/spec/naming; for Athena the amazon provider's AthenaOperator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from sfn_provider.lineage.history_calls import HistoryCall, WrittenResults
from sfn_provider.links.console_pages import call_name

Json = Any
Direction = Literal["input", "output"]


class DatasetName(NamedTuple):
    """A dataset.

    Args:
        namespace: ``s3://BUCKET``, ``arn:aws:glue:REGION:ACCOUNT``, ``awsathena://athena.REGION.amazonaws.com``.
        name: the key, ``table/DATABASE/TABLE``, ``CATALOG.DATABASE.TABLE``.
    """

    namespace: str
    name: str


class AwsLocation(NamedTuple):
    """Where an execution has run.

    Args:
        partition: ``aws``, ``aws-cn`` ...
        region: its region.
        account: its account.
    """

    partition: str
    region: str
    account: str


Found = Iterator[tuple[Direction, DatasetName]]
TableParser = Callable[[str], tuple[list[str], list[str]]]
"""Returns the tables that a query reads and those that it writes, each as ``CATALOG.DATABASE.TABLE`` or its end."""

_INPUT_WORDS: Final = re.compile("input|source|src|read|from")
_OUTPUT_WORDS: Final = re.compile("output|target|dest|sink|write")


def find_datasets(call: HistoryCall | WrittenResults, place: AwsLocation, parse_tables: TableParser) -> Found:
    """Yield the datasets that a call names, each with what it is to the call.

    Args:
        call: the call.
        place: where the execution has run.
        parse_tables: parses a query of Athena.
    """
    if isinstance(call, WrittenResults):
        yield "output", DatasetName(f"s3://{call.bucket}", call.key)
        return
    service, _, action = call_name(call.resource).removeprefix("aws-sdk:").partition(":")
    if call.region:
        place = place._replace(region=call.region)
    parameters = call.parameters if isinstance(call.parameters, dict) else {}
    find = _FINDERS.get((service, action.partition(".")[0]))
    if find is not None:
        yield from find(parameters, call.results, place, parse_tables)


def _text(value: Json, *path: str) -> str:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _s3_uri(uri: str) -> DatasetName | None:
    """Return the dataset of ``s3://BUCKET/KEY``; of s3a and s3n, too. None for another text."""
    found = re.fullmatch(r"s3[an]?://([^/]+)/?(.*)", uri)
    return DatasetName(f"s3://{found[1]}", found[2].rstrip("/") or "/") if found else None


def _glue_job(parameters: Mapping[str, Json], *_: Json) -> Found:
    """Find what a job's arguments name: the argument's name says whether it is read or written."""
    arguments = parameters.get("Arguments")
    for name, value in arguments.items() if isinstance(arguments, dict) else ():
        dataset = _s3_uri(value) if isinstance(value, str) else None
        if dataset is None:
            continue
        if _OUTPUT_WORDS.search(name.lower()):
            yield "output", dataset
        elif _INPUT_WORDS.search(name.lower()):
            yield "input", dataset


def _query(parameters: Mapping[str, Json], results: list[Json], place: AwsLocation, parse_tables: TableParser) -> Found:
    location = _s3_uri(_text(parameters, "ResultConfiguration", "OutputLocation"))
    if location is None:  # the work group has it: each query writes a file of its own into the folder
        ended = next((result for result in results if _text(result, "QueryExecution", "QueryExecutionId")), None)
        file = _text(ended, "QueryExecution", "ResultConfiguration", "OutputLocation")
        location = _s3_uri(file.rpartition("/")[0]) if file else None
    if location is not None:
        yield "output", location
    if not place.region:
        return
    context = parameters.get("QueryExecutionContext")
    prefix = [_text(context, "Catalog") or "AwsDataCatalog", _text(context, "Database")]
    namespace = f"awsathena://athena.{place.region}.amazonaws.com"
    directions: tuple[Direction, Direction] = ("input", "output")
    for direction, tables in zip(directions, parse_tables(_text(parameters, "QueryString")), strict=True):
        for table in tables:
            parts = table.split(".")
            names = filter(None, [*prefix[: max(0, 3 - len(parts))], *parts])
            yield direction, DatasetName(namespace, ".".join(names))


def _object(direction: Direction, key: str = "Key") -> Callable[..., Found]:
    def find(parameters: Mapping[str, Json], *_: Json) -> Found:
        if bucket := _text(parameters, "Bucket"):
            yield direction, DatasetName(f"s3://{bucket}", _text(parameters, key).rstrip("/") or "/")

    return find


def _copied(parameters: Mapping[str, Json], *_: Json) -> Found:
    source = _s3_uri("s3://" + _text(parameters, "CopySource").lstrip("/").partition("?")[0])
    if source is not None:
        yield "input", source
    yield from _object("output")(parameters)


def _table(direction: Direction, *path: str) -> Callable[..., Found]:
    def find(parameters: Mapping[str, Json], _: list[Json], place: AwsLocation, *__: Json) -> Found:
        database, table = _text(parameters, "DatabaseName"), _text(parameters, *path)
        account = _text(parameters, "CatalogId") or place.account
        if database and table and account and place.region:
            namespace = f"arn:{place.partition}:glue:{place.region}:{account}"
            yield direction, DatasetName(namespace, f"table/{database}/{table}")

    return find


_FINDERS: Final[Mapping[tuple[str, str], Callable[..., Found]]] = {
    ("glue", "startJobRun"): _glue_job,
    ("athena", "startQueryExecution"): _query,
    **{("s3", action): _object("input") for action in ("getObject", "headObject", "selectObjectContent")},
    **{("s3", action): _object("input", "Prefix") for action in ("listObjects", "listObjectsV2")},
    **{("s3", action): _object("output") for action in ("putObject", "createMultipartUpload", "deleteObject")},
    ("s3", "copyObject"): _copied,
    ("glue", "getTable"): _table("input", "Name"),
    ("glue", "getPartition"): _table("input", "TableName"),
    ("glue", "getPartitions"): _table("input", "TableName"),
    ("glue", "createTable"): _table("output", "TableInput", "Name"),
    ("glue", "updateTable"): _table("output", "TableInput", "Name"),
    ("glue", "createPartition"): _table("output", "TableName"),
    ("glue", "batchCreatePartition"): _table("output", "TableName"),
}
"""By service and action, of optimized integrations and SDK ones alike."""


def unique(datasets: Iterable[DatasetName]) -> list[DatasetName]:
    """Return datasets without repetitions, in their order."""
    return list(dict.fromkeys(datasets))
