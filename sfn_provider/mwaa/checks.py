"""Checks DAG files and requirements against an MWAA image, before anything is uploaded."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from packaging.specifiers import SpecifierSet

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.mwaa.dag_files import DagFile, Imported
from sfn_provider.mwaa.images import Image
from sfn_provider.mwaa.missing_requirements import DISTRIBUTION, Requirements, own_distribution

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


def check_installation(image: Image, requirements: Requirements) -> list[Diagnostic]:
    """Return what pip would refuse: the image's Python, and versions that it has or pins."""
    python = own_distribution().metadata["Requires-Python"]
    found = [Diagnostic("error", "VERSION_REFUSED", text, "requirements.txt") for text in requirements.conflicts]
    if python is not None and not SpecifierSet(python).contains(f"{image.python}.0"):
        message = f"{DISTRIBUTION} needs Python {python}; Airflow {image.airflow_version} on MWAA has {image.python}"
        found.insert(0, Diagnostic("error", "PYTHON_REFUSED", message, "requirements.txt"))
    return found


def check_dags(image: Image, dags: Sequence[DagFile], own_modules: Collection[str]) -> list[Diagnostic]:
    """Return the problems for which Airflow would not import DAG files there, as far as their text shows.

    Args:
        image: where they are to run.
        dags: the files.
        own_modules: the dotted names of this package's modules.
    """
    local = {dag.path.stem for dag in dags} | {
        path.partition("/")[0].removesuffix(".py") for dag in dags for path in dag.companions
    }
    return [found for dag in dags for found in _problems(image, dag, own_modules, local)]


def _problems(image: Image, dag: DagFile, own_modules: Collection[str], local: Collection[str]) -> Iterator[Diagnostic]:
    place = f"dags/{dag.path.name}"
    try:
        ast.parse(dag.source, feature_version=image.python_version)
    except SyntaxError as error:
        yield Diagnostic("error", "SYNTAX_TOO_NEW", f"not for Python {image.python}: {error.msg}", place, error.lineno)
    text = dag.source.lower()
    if "dag" not in text or "airflow" not in text:
        yield Diagnostic(
            "error",
            "NOT_A_DAG",
            "Airflow skips a file without the words dag and airflow; add a comment with both",
            place,
        )
    for imported in (entry for entry in dag.imports if not entry.guarded):
        yield from _import_problem(image, imported, own_modules, local, place)


def _import_problem(
    image: Image, imported: Imported, own_modules: Collection[str], local: Collection[str], place: str
) -> Iterator[Diagnostic]:
    top = imported.module.partition(".")[0]
    missing = next(
        (name for name in (f"{imported.module}.{imported.name}", imported.module) if _within(name, image.lacks)), None
    )
    if missing is not None:
        message = f"Airflow {image.airflow_version} has no module {missing}"
        yield Diagnostic("error", "MODULE_MISSING", message, place, imported.line)
    elif top == "sfn_provider":
        if imported.module not in own_modules:
            yield Diagnostic("error", "MODULE_MISSING", f"there is no module {imported.module}", place, imported.line)
    elif top not in sys.stdlib_module_names and top not in _IMAGE_MODULES and top not in local:
        message = f"whether the image has {top} is not known here; name its package in requirements.txt if it has not"
        yield Diagnostic("warning", "MODULE_UNKNOWN", message, place, imported.line)


def _within(module: str, lacking: Sequence[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in lacking)
