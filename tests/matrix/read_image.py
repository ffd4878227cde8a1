"""Reads what an image of Amazon MWAA has of this package's dependencies, for sfn_provider/mwaa/images.json.

Usage, from the project's folder, once for each version::

    python -m tests.matrix.read_image 3.0.6 3.12 CONSTRAINTS ENVIRONMENT

CONSTRAINTS is the file that MWAA makes pip keep to. ENVIRONMENT is the folder of a virtual environment in which the
requirements of the image were installed under these constraints: what they bring along is on the image, the rest of the
constraints is not.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sfn_provider.mwaa.images import IMAGES_FILE, Image, read_images
from sfn_provider.mwaa.missing_requirements import DISTRIBUTION, parse_requirements

# Source: requirements.txt of each image in https://github.com/aws/amazon-mwaa-docker-images
ON_THE_IMAGE = ("apache-airflow[celery,statsd]", "apache-airflow-providers-amazon[aiobotocore]")

MODULES = [
    "airflow.api_connexion",
    "airflow.contrib",
    "airflow.datasets",
    "airflow.hooks.base_hook",
    "airflow.operators.bash_operator",
    "airflow.operators.dummy",
    "airflow.operators.dummy_operator",
    "airflow.operators.python_operator",
    "airflow.operators.subdag",
    "airflow.providers.common.compat.sdk",
    "airflow.providers.standard",
    "airflow.sdk",
    "airflow.sdk.timezone",
    "airflow.sensors.base_sensor_operator",
    "airflow.timetables.datasets",
    "airflow.www",
]
"""Modules that DAG files import, and that not every version has."""


def read_constraints(text: str) -> dict[str, str]:
    """The versions of a constraints file, by the packages' canonical names."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;#]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def installed(*path: str) -> dict[str, Distribution]:
    """The distributions of some folders, by canonical name; those of this process by default."""
    found = distributions(path=list(path)) if path else distributions()
    return {canonicalize_name(one.metadata["Name"]): one for one in found}


def brought(
    roots: Iterable[str], known: Mapping[str, Distribution], image: Image, leaves: Collection[str] = ()
) -> set[str]:
    """The names of all that some requirements bring along, themselves included; ``leaves`` bring nothing."""
    waiting = [Requirement(text) for text in roots]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        found = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if found not in seen:
            seen.add(found)
            name, extras = found
            if name in known and name not in leaves:
                waiting += parse_requirements(known[name].requires or (), image, extras)
    return {name for name, _ in seen}


def lacking(environment: Path) -> list[str]:
    """Which of the modules an environment cannot import."""
    code = f"""
import importlib, json, warnings
warnings.simplefilter("ignore")
lacks = []
for module in {MODULES!r}:
    try:
        importlib.import_module(module)
    except Exception:
        lacks.append(module)
print(json.dumps(lacks))
"""
    with TemporaryDirectory() as home:
        done = subprocess.run(
            [environment / "bin" / "python", "-c", code],
            env=os.environ | {"AIRFLOW_HOME": home},
            capture_output=True,
            text=True,
            check=True,
        )
    return list(json.loads(done.stdout.splitlines()[-1]))


def read_image(version: str, python: str, constraints: str, environment: str) -> dict[str, object]:
    """The entry of an image."""
    image = Image(version, python, {}, {}, ())
    pins = read_constraints(Path(constraints).read_text())
    [packages] = Path(environment).glob("lib/python*/site-packages")
    there = brought(ON_THE_IMAGE, installed(str(packages)), image) & set(installed(str(packages)))
    needed = brought((DISTRIBUTION,), installed(), image, there)
    ours = {name: pin for name, pin in sorted((pins | {"apache-airflow": version}).items()) if name in needed}
    return {
        "python": python,
        "installed": {name: pin for name, pin in ours.items() if name in there},
        "pinned": {name: pin for name, pin in ours.items() if name not in there},
        "lacks": lacking(Path(environment)),
    }


if __name__ == "__main__":
    content = json.loads(IMAGES_FILE.read_text()) if IMAGES_FILE.exists() else {"images": {}}
    content["images"][sys.argv[1]] = read_image(*sys.argv[1:])
    IMAGES_FILE.write_text(json.dumps(content, indent=2) + "\n")
    print(f"{IMAGES_FILE}: {len(read_images())} images")
