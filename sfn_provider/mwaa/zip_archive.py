"""Makes reproducible zip files: the same bytes for the same content."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

# The earliest time that a zip file can hold.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = stat.S_IFREG | 0o644
_LEVEL: Final = 6  # 9 makes a wheel smaller by less than a hundredth, in two to seven times as long


def make_zip(files: Mapping[str, bytes], *, last: str = "") -> bytes:
    """Make a zip file: entries in order of their names, one time, one mode.

    Args:
        files: the content by path.
        last: what the path of entries that go to the end begins with, as wheels have their metadata.
    """
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for path in sorted(files, key=lambda path: (bool(last) and path.startswith(last), path)):
            entry = ZipInfo(path, _TIME)
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            entry.compress_type = ZIP_STORED if path.endswith(".whl") else ZIP_DEFLATED
            archive.writestr(entry, files[path], compresslevel=_LEVEL)
    return buffer.getvalue()
