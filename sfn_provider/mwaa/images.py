"""Versions of Amazon MWAA: Python, installed and pinned dependencies, missing Airflow modules.

``images.json`` is made by ``tests/matrix/read_image.py`` from the constraints that MWAA makes pip keep to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from sfn_provider.exceptions import UsageError

IMAGES_FILE: Final = Path(__file__).with_name("images.json")

# Amazon Linux 2023 on x86-64: its C library is glibc 2.34.
_GLIBC_MINOR: Final = 34
_OLDEST_GLIBC_MINOR: Final = 17


@dataclass(frozen=True, slots=True)
class Image:
    """The image of an MWAA environment.

    Args:
        airflow_version: the environment's version: ``3.0.6``.
        python: its Python: ``3.12``.
        installed: versions of this package's dependencies on the image, by canonical name.
        pinned: versions that the constraints require of dependencies that are not on the image.
        lacks: modules of other Airflow versions that are not on the image.
    """

    airflow_version: str
    python: str
    installed: Mapping[str, str]
    pinned: Mapping[str, str]
    lacks: Sequence[str]

    @property
    def python_version(self) -> tuple[int, int]:
        """The version of its Python."""
        major, minor = self.python.split(".")
        return int(major), int(minor)

    @property
    def constraints_url(self) -> str:
        """The URL of Airflow's constraints.

        Source: https://docs.aws.amazon.com/mwaa/latest/userguide/working-dags-dependencies.html
        """
        tag = f"constraints-{self.airflow_version}/constraints-{self.python}.txt"
        return f"https://raw.githubusercontent.com/apache/airflow/{tag}"

    @property
    def platforms(self) -> list[str]:
        """Platform tags of wheels that it can install, best first."""
        new = [f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC_MINOR, _OLDEST_GLIBC_MINOR - 1, -1)]
        return [*new, "manylinux2014_x86_64", "linux_x86_64"]


@cache
def read_images() -> dict[str, Image]:
    """Read the images by Airflow version, oldest first."""
    entries = json.loads(IMAGES_FILE.read_text(encoding="utf-8"))["images"]
    return {version: Image(version, **entry) for version, entry in entries.items()}


def find_image(airflow_version: str) -> Image:
    """Return the image of a version.

    Raises:
        UsageError: where MWAA has no such version, or this package does not support it.
    """
    found = read_images().get(airflow_version)
    if found is None:
        known = ", ".join(read_images())
        raise UsageError(
            f"--airflow-version {airflow_version}: not a version of Amazon MWAA that this package supports; "
            f"take one of {known}"
        )
    return found
