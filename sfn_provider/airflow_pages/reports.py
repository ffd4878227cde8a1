"""Finds the report of a DAG's last comparison, in the folder ``[sfn_provider] reports_folder``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sfn_provider._compat import conf

MAX_BYTES: Final = 32 * 1024 * 1024
"""The largest report that is shown."""


@dataclass(frozen=True)
class StoredReport:
    """The report of a comparison.

    Args:
        path: its file, an HTML page.
        written: when it was written.
    """

    path: Path
    written: datetime

    @property
    def content(self) -> bytes:
        """The page."""
        return self.path.read_bytes()


def reports_folder() -> Path | None:
    """Return the folder of the reports; None where none is configured."""
    name = conf.get("sfn_provider", "reports_folder", fallback="")
    return Path(name) if name else None


def find_report(dag_id: str) -> StoredReport | None:
    """Return the report of a DAG, ``DAG_ID.html`` in the folder; None where there is none, or one of over 32 MiB.

    Args:
        dag_id: the DAG.
    """
    folder, name = reports_folder(), f"{dag_id}.html"
    if folder is None or Path(name).name != name or "\0" in name:
        return None
    path = folder / name
    try:
        found = path.stat()
    except OSError:
        return None
    if not path.is_file() or found.st_size > MAX_BYTES:
        return None
    return StoredReport(path, datetime.fromtimestamp(found.st_mtime, UTC))
