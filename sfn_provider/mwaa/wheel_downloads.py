"""Downloads wheels with the running environment's pip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.images import Image
from sfn_provider.mwaa.wheels import Wheel


def download_wheel(name: str, version: str, image: Image) -> Wheel:
    """Download the wheel of a distribution that fits an image.

    Raises:
        UsageError: where pip cannot be run or finds none, as without a network.
    """
    with TemporaryDirectory() as folder:
        done = subprocess.run(_command(name, version, image, folder), capture_output=True, text=True, check=False)
        found = sorted(Path(folder).glob("*.whl"))
        if done.returncode != 0 or not found:
            raise UsageError(
                f"{name} {version} for Python {image.python} on Linux cannot be downloaded: {_last_line(done.stderr)}. "
                "Give this environment pip and a package index, or package it without --offline"
            )
        return Wheel(found[0].name, found[0].read_bytes())


def _command(name: str, version: str, image: Image, folder: str) -> list[str]:
    platforms = [option for platform in image.platforms for option in ("--platform", platform)]
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", image.python, *platforms),
        *("--dest", folder, f"{name}=={version}"),
    ]


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else "pip told nothing"
