"""Finds the distributions that an MWAA image lacks, and the requirements that it does not meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.images import Image

DISTRIBUTION: Final = "airflow-provider-sfn"
"""The name of this package's distribution."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """The distributions to install on an image.

    Args:
        missing: versions of the distributions that the image lacks, by canonical name.
        conflicts: a sentence for each requirement that the image's versions do not meet.
    """

    missing: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)


def own_distribution() -> Distribution:
    """Return the distribution of this package.

    Raises:
        UsageError: where it runs without being installed.
    """
    return installed_distribution(DISTRIBUTION)


def installed_distribution(name: str) -> Distribution:
    """Return a distribution of the running environment.

    Raises:
        UsageError: where it is not installed.
    """
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise UsageError(
            f"{name} is not installed in this environment: pip install {DISTRIBUTION}, then run it"
        ) from None


def parse_requirements(requires: Iterable[str], image: Image, extras: Iterable[str] = ()) -> list[Requirement]:
    """Parse requirements, without those for other platforms, Pythons and extras.

    Args:
        requires: the lines of ``Requires-Dist``.
        image: what they are for.
        extras: the extras to include.
    """
    environment = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{image.python}.0",
        "python_version": image.python,
        "sys_platform": "linux",
    }
    settings = [environment | {"extra": extra} for extra in ("", *extras)]
    read = [Requirement(text) for text in requires]
    return [one for one in read if one.marker is None or any(map(one.marker.evaluate, settings))]


def find_requirements(image: Image) -> Requirements:
    """Find the distributions that an image lacks, by those that are installed here.

    Raises:
        UsageError: where a dependency of this package is not installed here.
    """
    found = Requirements()
    queue = [
        (DISTRIBUTION, requirement) for requirement in parse_requirements(own_distribution().requires or (), image)
    ]
    while queue:
        dependent, requirement = queue.pop(0)
        name = canonicalize_name(requirement.name)
        version = version_for(image, name)
        if not requirement.specifier.contains(version, prereleases=True):
            found.conflicts.append(_describe_conflict(dependent, requirement, image, version))
        if name not in image.installed and name not in found.missing:
            found.missing[name] = version
            queue += [(name, other) for other in _transitive_requirements(name, version, image)]
    return found


def version_for(image: Image, name: str) -> str:
    """Return the version of a distribution that an image has or gets: by default the one that is installed here."""
    return image.installed.get(name) or image.pinned.get(name) or installed_distribution(name).version


def _transitive_requirements(name: str, version: str, image: Image) -> list[Requirement]:
    """The requirements of a missing distribution."""
    local = installed_distribution(name)
    requirements = parse_requirements(local.requires or (), image)
    if local.version == version:
        return requirements
    # The metadata here is that of another version. MWAA's constraints hold all that the pinned one can need, in
    # versions that fit.
    known = [canonicalize_name(one.name) for one in requirements]
    return [Requirement(one) for one in known if one in image.pinned or one in image.installed]


def _describe_conflict(dependent: str, requirement: Requirement, image: Image, version: str) -> str:
    name = canonicalize_name(requirement.name)
    how = "has" if name in image.installed else "allows only" if name in image.pinned else "would get"
    return f"{dependent} needs {requirement}; Airflow {image.airflow_version} on MWAA {how} {version}"
