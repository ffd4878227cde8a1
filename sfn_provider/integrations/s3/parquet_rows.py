"""Reads rows of Parquet objects, some at a time."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.asl.scope import Json

ROWS_AT_ONCE = 10_000
"""Rows of one chunk."""


def read_rows(body: Any, first: int) -> tuple[list[Json], int | None]:
    """Read rows of a Parquet object.

    Its metadata are at its end, so that all of it is copied to a temporary file first.

    Args:
        body: a binary stream.
        first: index of the first row to read.

    Returns:
        The rows, and the index of the next one; None where there is none.

    Raises:
        StatesError: pyarrow is not installed.
    """
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        message = "Parquet objects need pyarrow: pip install 'airflow-provider-sfn[parquet]'"
        raise StatesError("S3.InvalidObject", message) from error
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(body, copy)
        with ParquetFile(copy) as file:
            return _read(file, first)


def _read(file: Any, first: int) -> tuple[list[Json], int | None]:
    """Return the rows of one chunk; only the row groups that hold them are read."""
    rows: list[Json] = []
    before = 0
    for group in range(file.metadata.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        skip, before = first - before, before + count
        if before <= first:
            continue
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, row_groups=[group]):
            own = batch.slice(skip) if skip > 0 else batch
            skip -= batch.num_rows
            rows += own.slice(0, ROWS_AT_ONCE - len(rows)).to_pylist() if skip < 0 else []
            if len(rows) == ROWS_AT_ONCE:
                after = first + len(rows)
                return rows, after if after < file.metadata.num_rows else None
    return rows, None
