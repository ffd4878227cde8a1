"""What this package needs on an image beyond what is there."""

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
    """What must be installed on an image, and what cannot be.

    Args:
        missing: versions of the distributions that the image lacks, by canonical name.
        refused: a sentence for each requirement that the image's versions do not meet.
    """

    missing: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def own_distribution() -> Distribution:
    """Give this package as it is installed.

    Raises:
        UsageError: where it runs without being installed.
    """
    return installed_distribution(DISTRIBUTION)


def installed_distribution(name: str) -> Distribution:
    """Give a distribution of the running environment.

    Raises:
        UsageError: where it is not installed.
    """
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise UsageError(
            f"{name} is not installed in this environment: pip install {DISTRIBUTION}, then run it"
        ) from None


def requirements_of(requires: Iterable[str], image: Image, extras: Iterable[str] = ()) -> list[Requirement]:
    """Read requirements; those for other platforms, Pythons and extras than given are left out.

    Args:
        requires: the lines of ``Requires-Dist``.
        image: what they are for.
        extras: the extras that are asked for.
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
    """Find out what an image lacks, by the distributions that are installed here.

    Raises:
        UsageError: where a dependency of this package is not installed here.
    """
    found = Requirements()
    waiting = [(DISTRIBUTION, need) for need in requirements_of(own_distribution().requires or (), image)]
    while waiting:
        user, requirement = waiting.pop(0)
        name = canonicalize_name(requirement.name)
        version = version_for(image, name)
        if not requirement.specifier.contains(version, prereleases=True):
            found.refused.append(_refusal(user, requirement, image, version))
        if name not in image.installed and name not in found.missing:
            found.missing[name] = version
            waiting += [(name, need) for need in _requirements_behind(name, version, image)]
    return found


def version_for(image: Image, name: str) -> str:
    """Give the version of a distribution that an image has or gets: by default the one that is installed here."""
    return image.installed.get(name) or image.pinned.get(name) or installed_distribution(name).version


def _requirements_behind(name: str, version: str, image: Image) -> list[Requirement]:
    """What a missing distribution needs itself."""
    here = installed_distribution(name)
    requirements = requirements_of(here.requires or (), image)
    if here.version == version:
        return requirements
    # The metadata here is that of another version. MWAA's constraints hold all that the pinned one can need, in
    # versions that fit.
    known = [canonicalize_name(one.name) for one in requirements]
    return [Requirement(one) for one in known if one in image.pinned or one in image.installed]


def _refusal(user: str, requirement: Requirement, image: Image, version: str) -> str:
    name = canonicalize_name(requirement.name)
    how = "has" if name in image.installed else "allows only" if name in image.pinned else "would get"
    return f"{user} needs {requirement}; Airflow {image.airflow_version} on MWAA {how} {version}"
