"""Makes the code package of a workflow: this package and what it needs, at the archive's root."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Final
from zipfile import ZipFile

from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.bundle import make_missing_wheels
from sfn_provider.mwaa.images import Image, find_image
from sfn_provider.mwaa.missing_requirements import find_requirements
from sfn_provider.mwaa.wheels import Wheel, package_files
from sfn_provider.mwaa.zip_archive import make_zip

MAX_BYTES: Final = 250_000_000
"""The most bytes of a code package, zipped and unzipped. Source: operators-python-bash-detail of the user guide."""

_INSTALLED: Final = {"apache-airflow-providers-amazon": "9.32.0", "boto3": "1.43.1"}
"""What the service has in other versions than Amazon MWAA's image of its Airflow. Source: the same page."""


def serverless_image() -> Image:
    """Return what the service's workers have installed, as far as it is known: Airflow 3.0.6 with Python 3.12."""
    image = find_image("3.0.6")
    return replace(image, installed={**image.installed, **_INSTALLED})


def make_code_archive() -> bytes:
    """Make the code package; the same versions give the same bytes.

    The package's own metadata is left out: by it Airflow would load a plugin, which is for web servers.

    Raises:
        UsageError: a dependency is neither installed for the service's Python nor can be downloaded; the package is
            too large.
    """
    image = serverless_image()
    requirements = find_requirements(image)
    if requirements.conflicts:
        raise UsageError("; ".join(requirements.conflicts))
    files = package_files()
    for wheel in make_missing_wheels(image, requirements, offline=True):
        files |= _content(wheel)
    folders = sorted({path.partition("/")[0] for path in files if "/" in path})
    # Whether the service looks for DAGs in the package's modules is not documented.
    files[".airflowignore"] = "".join(f"{folder}/\n" for folder in folders).encode()
    archive = make_zip(files)
    if max(len(archive), sum(map(len, files.values()))) > MAX_BYTES:
        raise UsageError(f"the code package has more than the {MAX_BYTES:,} bytes that MWAA Serverless takes")
    return archive


def _content(wheel: Wheel) -> dict[str, bytes]:
    """Return the files of a wheel by path, as they are when it is installed."""
    with ZipFile(BytesIO(wheel.content)) as archive:
        return {
            _installed_path(entry.filename): archive.read(entry) for entry in archive.infolist() if not entry.is_dir()
        }


def _installed_path(path: str) -> str:
    """Return where a file of a wheel goes: a folder ``name.data/purelib`` is the root."""
    parts = path.split("/")
    is_data = len(parts) > 2 and parts[0].endswith(".data") and parts[1] in ("purelib", "platlib")
    return "/".join(parts[2:]) if is_data else path
