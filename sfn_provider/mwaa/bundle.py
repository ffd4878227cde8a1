"""Makes the files for MWAA: plugins.zip, requirements.txt, DAGs, IAM policy and README."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.checks import check_dags, check_installation
from sfn_provider.mwaa.dag_files import DagFile
from sfn_provider.mwaa.iam.policy import make_policy
from sfn_provider.mwaa.images import Image
from sfn_provider.mwaa.missing_requirements import Requirements, find_requirements, installed_distribution
from sfn_provider.mwaa.readme import render_readme
from sfn_provider.mwaa.requirements_file import make_requirements
from sfn_provider.mwaa.wheel_downloads import download_wheel
from sfn_provider.mwaa.wheels import Wheel, fits_image, is_pure, make_installed_wheel, make_package_wheel, package_files
from sfn_provider.mwaa.zip_archive import make_zip

_PLUGIN: Final = "sfn_provider_plugin.py"
_PLUGIN_TEXT: Final = '''"""The plugin of sfn_provider, where its modules lie here and no package is installed."""

from importlib.metadata import entry_points

if not any(point.value.startswith("sfn_provider.plugin:") for point in entry_points(group="airflow.plugins")):
    from sfn_provider.plugin import SfnProviderPlugin as SfnProviderPlugin
'''

# Airflow runs every file in the plugins folder as a module of its bare name: a token.py would replace Python's own.
_AIRFLOWIGNORE: Final = "sfn_provider/\n"


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files to upload.

    Args:
        files: the content by path below the output folder.
        wheels: the names of the wheels in plugins.zip.
        diagnostics: what would not work there.
    """

    files: dict[str, bytes]
    wheels: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def make_bundle(image: Image, dags: Sequence[DagFile], *, offline: bool = False) -> Bundle:
    """Make the files for an image; the same input gives the same bytes.

    Args:
        image: the version of MWAA.
        dags: the DAG files to go with it.
        offline: whether the environment installs without an index: every missing wheel goes into plugins.zip.

    Raises:
        UsageError: where a distribution is neither installed nor can be downloaded.
    """
    requirements = find_requirements(image)
    wheels = [make_package_wheel(), *make_missing_wheels(image, requirements, offline=offline)]
    modules = package_files()
    policy, warnings = make_policy(dags)
    diagnostics = [
        *check_installation(image, requirements),
        *check_dags(image, dags, _module_names(modules)),
        *warnings,
    ]
    plugins = modules | {_PLUGIN: _PLUGIN_TEXT.encode(), ".airflowignore": _AIRFLOWIGNORE.encode()}
    names = tuple(wheel.name for wheel in wheels)
    files = {
        "plugins.zip": make_zip(plugins | {wheel.name: wheel.content for wheel in wheels}),
        "requirements.txt": make_requirements(image, requirements, wheels, offline=offline).encode(),
        "policy.json": (json.dumps(policy, indent=2) + "\n").encode(),
        "README.md": render_readme(image, dags, names, offline=offline).encode(),
        **_dag_files(dags),
    }
    return Bundle(dict(sorted(files.items())), names, tuple(diagnostics))


def make_missing_wheels(image: Image, requirements: Requirements, *, offline: bool) -> list[Wheel]:
    """Make the wheels that an image lacks; those with compiled code only where no index gives them.

    Args:
        image: what they are for.
        requirements: what it lacks.
        offline: whether no index gives any.

    Raises:
        UsageError: where one is neither installed nor can be downloaded.
    """
    made = []
    for name, version in sorted(requirements.missing.items()):
        local = installed_distribution(name)
        if local.version == version and fits_image(local, image) and (offline or is_pure(local)):
            made.append(make_installed_wheel(local))
        elif offline:
            made.append(download_wheel(name, version, image))
    return made


def _module_names(files: dict[str, bytes]) -> set[str]:
    paths = [path.removesuffix(".py") for path in files if path.endswith(".py")]
    return {path.removesuffix("/__init__").replace("/", ".") for path in paths}


def _dag_files(dags: Sequence[DagFile]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for dag in dags:
        for name, content in {dag.path.name: dag.source.encode(), **dag.companions}.items():
            if files.setdefault(f"dags/{name}", content) != content:
                raise UsageError(f"--dags {dag.path}: there is another file {name} among the DAGs; rename one of them")
    return files
