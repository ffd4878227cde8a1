"""Finds an interpreter whose Airflow runs workflows as MWAA Serverless does, and says what it lacks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.version import Version

import sfn_provider
from sfn_provider.exceptions import UsageError

AIRFLOW: Final = "3.0.6"
"""The service's Airflow. Source: operators-python-bash-detail of the service's user guide."""

REQUIREMENTS: Final = (
    f"apache-airflow=={AIRFLOW}",
    "apache-airflow-providers-amazon[aiobotocore]>=9.32,<9.33",
    "dag-factory==1.0.0",
    "cadwyn<6",
    "fastapi<0.117",
    "jsonata-python>=0.7.1,<0.8",
    "networkx>=3.4.2",
    "pydantic>=2.9.2",
    "regex>=2024.9.11",
)
"""What the interpreter needs: what the service has, and what this package imports beside what Airflow brings.

Airflow 3.0.6 does not exclude newer versions of cadwyn and fastapi, by which tasks get no answer from its API.
"""

DEFAULT: Final = Path(sfn_provider.__file__).parents[1] / "build" / "serverless" / "venv" / "bin" / "python"
"""What ``make serverless-env`` builds in a clone of the repository."""

_SECONDS: Final = 60
"""How long an interpreter may take to tell its packages."""

_CODE: Final = """
import importlib.metadata as m, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


def find_interpreter(python: str | None = None) -> str:
    """Return the path of an interpreter that can run workflows.

    Args:
        python: the interpreter that a user has named; None for the one that ``make serverless-env`` builds.

    Raises:
        UsageError: there is none, it is no interpreter, or a package is missing or has another version.
    """
    path = Path(python) if python is not None else DEFAULT
    if not path.is_file():
        if path.is_dir():
            inside = path / "bin" / "python"
            raise UsageError(f"--python {python}: it is a folder; name the interpreter in it: {inside}")
        if python is not None:
            raise UsageError(f"--python {python}: there is no such file. {_how_to_make()}")
        raise UsageError(
            f"a workflow of MWAA Serverless runs in Airflow {AIRFLOW} with dag-factory, in an environment of its own, "
            f"and there is no {path}. In a clone of the repository run make serverless-env; elsewhere name an "
            f"interpreter with --python. {_how_to_make()}"
        )
    return _check(str(path.absolute()))


@cache
def _check(python: str) -> str:
    """Return the interpreter, whose packages are looked up once."""
    problems = find_problems(_ask(python))
    if problems:
        raise UsageError(f"{python} cannot run workflows: {'; '.join(problems)}. {_how_to_make()}")
    return python


def _ask(python: str) -> dict[str, str | None]:
    """Return the versions of an interpreter's packages by name; None for one that it lacks."""
    names = [Requirement(text).name for text in REQUIREMENTS]
    command = [python, "-I", "-c", _CODE, *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
        found: dict[str, str | None] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        detail = getattr(error, "stderr", None) or error
        last = str(detail).strip().splitlines()[-1:] or [type(error).__name__]
        raise UsageError(f"{python} is no Python that could be asked for its packages: {last[0]}") from error
    return found


def find_problems(found: Mapping[str, str | None]) -> list[str]:
    """Return what keeps an interpreter from running workflows, a phrase each.

    Args:
        found: the versions of its packages by name; None for one that it lacks.
    """
    problems = []
    for requirement in map(Requirement, REQUIREMENTS):
        version = found.get(requirement.name)
        if version is None:
            problems.append(f"it lacks {requirement.name}")
        elif not requirement.specifier.contains(Version(version), prereleases=True):
            problems.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    return problems


def _how_to_make() -> str:
    """Return what makes an interpreter that has all of it."""
    wanted = " ".join(f"'{text}'" for text in REQUIREMENTS)
    return f"Make a virtual environment of Python 3.11 or 3.12, and in it: python -m pip install {wanted}"
