"""What would not work on an image, told before anything is uploaded."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from packaging.specifiers import SpecifierSet

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.mwaa.dag_files import DagFile, Imported
from sfn_provider.mwaa.images import Image
from sfn_provider.mwaa.requirements import DISTRIBUTION, Requirements, own_distribution

# Top-level modules of distributions that every image has, as far as this package knows them.
_IMAGE_MODULES: Final = frozenset(
    [
        "aiobotocore",
        "airflow",
        "asgiref",
        "attr",
        "boto3",
        "botocore",
        "click",
        "dateutil",
        "jinja2",
        "jsonschema",
        "pendulum",
        "requests",
        "rich",
        "sqlalchemy",
        "typing_extensions",
        "yaml",
    ]
)


def check_installation(image: Image, needs: Requirements) -> list[Diagnostic]:
    """Tell what pip would refuse: the image's Python, and versions that it has or pins."""
    wanted = own_distribution().metadata["Requires-Python"]
    found = [Diagnostic("error", "VERSION_REFUSED", told, "requirements.txt") for told in needs.refused]
    if wanted is not None and not SpecifierSet(wanted).contains(f"{image.python}.0"):
        told = f"{DISTRIBUTION} needs Python {wanted}; Airflow {image.airflow_version} on MWAA has {image.python}"
        found.insert(0, Diagnostic("error", "PYTHON_REFUSED", told, "requirements.txt"))
    return found


def check_dags(image: Image, dags: Sequence[DagFile], own_modules: Collection[str]) -> list[Diagnostic]:
    """Tell which DAG files would not be read there, as far as their text tells.

    Args:
        image: where they are to run.
        dags: the files.
        own_modules: the dotted names of this package's modules.
    """
    beside = {dag.path.stem for dag in dags} | {
        path.partition("/")[0].removesuffix(".py") for dag in dags for path in dag.companions
    }
    return [found for dag in dags for found in _problems(image, dag, own_modules, beside)]


def _problems(
    image: Image, dag: DagFile, own_modules: Collection[str], beside: Collection[str]
) -> Iterator[Diagnostic]:
    place = f"dags/{dag.path.name}"
    try:
        ast.parse(dag.source, feature_version=image.python_version)
    except SyntaxError as error:
        yield Diagnostic("error", "SYNTAX_TOO_NEW", f"not for Python {image.python}: {error.msg}", place, error.lineno)
    words = dag.source.lower()
    if "dag" not in words or "airflow" not in words:
        yield Diagnostic(
            "error",
            "NOT_A_DAG",
            "Airflow skips a file without the words dag and airflow; add a comment with both",
            place,
        )
    for one in (one for one in dag.imports if not one.guarded):
        yield from _import_problem(image, one, own_modules, beside, place)


def _import_problem(
    image: Image, one: Imported, own_modules: Collection[str], beside: Collection[str], place: str
) -> Iterator[Diagnostic]:
    top = one.module.partition(".")[0]
    absent = next((name for name in (f"{one.module}.{one.name}", one.module) if _within(name, image.lacks)), None)
    if absent is not None:
        told = f"Airflow {image.airflow_version} has no module {absent}"
        yield Diagnostic("error", "MODULE_MISSING", told, place, one.line)
    elif top == "sfn_provider":
        if one.module not in own_modules:
            yield Diagnostic("error", "MODULE_MISSING", f"there is no module {one.module}", place, one.line)
    elif top not in sys.stdlib_module_names and top not in _IMAGE_MODULES and top not in beside:
        told = f"whether the image has {top} is not known here; name its package in requirements.txt if it has not"
        yield Diagnostic("warning", "MODULE_UNKNOWN", told, place, one.line)


def _within(module: str, lacking: Sequence[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in lacking)
