"""Finds the report of a DAG's last comparison, in the folder ``[sfn_provider] reports_folder``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
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

    def read(self) -> bytes | None:
        """Return the page; None where it cannot be read, or has grown too large."""
        try:
            with self.path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError:
            return None
        return content if len(content) <= MAX_BYTES else None


def reports_folder() -> Path | None:
    """Return the folder of the reports; None where none is configured."""
    name = conf.get("sfn_provider", "reports_folder", fallback="")
    return Path(name) if name else None


def find_report(dag_id: str) -> StoredReport | None:
    """Return the report of a DAG, ``DAG_ID.html`` in the folder; None where there is none, or one of over 32 MiB.

    A link counts where it stays in the folder: who may write reports may not read all files of the web server.

    Args:
        dag_id: the DAG.
    """
    folder, name = reports_folder(), f"{dag_id}.html"
    if folder is None or Path(name).name != name:
        return None
    try:
        path = (folder / name).resolve(strict=True)
        found = path.stat()
        is_within = path.is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links; what cannot be a name
        return None
    if not is_within or not S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
        return None
    return StoredReport(path, datetime.fromtimestamp(found.st_mtime, UTC))
