"""Gets the amazon provider's tests from its sdist, and points those of Step Functions at this package."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

DISTRIBUTION = "apache-airflow-providers-amazon"

_MENTION = re.compile(r"step_?function", re.IGNORECASE)
_REPLACED = re.compile(r"airflow\.providers\.amazon\.aws\.(hooks|links|operators|sensors|triggers)\.step_function\b")
_FOLDERS = ("unit", "system")


def download_tests(version: str, folder: Path) -> Path:
    """Download the sdist, and unpack it.

    Args:
        version: of the amazon provider.
        folder: an empty folder.

    Returns:
        The sdist's folder ``tests``.

    Raises:
        subprocess.CalledProcessError: pip cannot download it.
        FileNotFoundError: it has no tests.
    """
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-input")
    # Only this one from source: pip also builds its metadata, for which the build backend may come as a wheel.
    options = ("--no-deps", "--no-binary", DISTRIBUTION, "--dest", str(folder))
    subprocess.run([*pip, "download", *options, f"{DISTRIBUTION}=={version}"], check=True)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(folder, filter="data")
    tests = folder / archive.name.removesuffix(".tar.gz") / "tests"
    if not tests.is_dir():
        raise FileNotFoundError(f"{archive.name} has no folder tests: other versions of {DISTRIBUTION} have one")
    return tests


def use_this_package(tests: Path) -> list[Path]:
    """Replace the import prefix of the modules that this package has, in the tests that name Step Functions.

    Args:
        tests: the sdist's folder ``tests``.

    Returns:
        The files with such tests: unit tests, and example DAGs, which are the provider's system tests.
    """
    files = []
    for path in sorted(path for folder in _FOLDERS for path in (tests / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not _MENTION.search(text):
            continue
        path.write_text(_REPLACED.sub(r"sfn_provider.\1.step_function", text), encoding="utf-8")
        files.append(path)
    return files
