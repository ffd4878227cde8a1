"""Writes requirements.txt: constraints, what the image lacks, wheels of plugins.zip by digest."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version as installed_version
from typing import Final

from packaging.utils import canonicalize_name

from sfn_provider.mwaa.images import Image
from sfn_provider.mwaa.missing_requirements import DISTRIBUTION, Requirements
from sfn_provider.mwaa.wheels import Wheel

PLUGINS_FOLDER: Final = "/usr/local/airflow/plugins"
"""Where MWAA unpacks plugins.zip."""


def make_requirements(image: Image, requirements: Requirements, wheels: Sequence[Wheel], *, offline: bool) -> str:
    """Write requirements.txt.

    A wheel of plugins.zip is named by its path and digest, so that pip takes no other file of that name and version, as
    an index may have it, and refuses a changed one. A line with ``--hash`` would do so, too, but would make pip ask for
    a hash of every line that a user has beside ours.

    Source: https://docs.aws.amazon.com/mwaa/latest/userguide/best-practices-dependencies.html and
    https://pip.pypa.io/en/stable/topics/secure-installs/

    Args:
        image: the version of MWAA.
        requirements: what the image lacks.
        wheels: the wheels in plugins.zip.
        offline: whether there is no index.
    """
    exact = {DISTRIBUTION: installed_version(DISTRIBUTION), **dict(sorted(requirements.missing.items()))}
    direct = {canonicalize_name(wheel.name.partition("-")[0]): wheel for wheel in wheels}
    lines = [
        f"{name} @ file://{PLUGINS_FOLDER}/{wheel.name}#sha256={sha256(wheel.content).hexdigest()}"
        if (wheel := direct.get(canonicalize_name(name)))
        else f"{name}=={pin}"
        for name, pin in exact.items()
    ]
    # Without a line for constraints MWAA adds its own copy of them, which takes no network.
    first = "--no-index" if offline else f'--constraint "{image.constraints_url}"'
    return "\n".join([first, *lines, ""])
