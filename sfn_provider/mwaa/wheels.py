"""Makes wheels of installed distributions, without an index or a network; the same bytes each time.

Files that an installer adds are left out; it makes scripts again from ``entry_points.txt``.
Source: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from email.parser import Parser
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import canonicalize_name

import sfn_provider
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.images import Image
from sfn_provider.mwaa.missing_requirements import own_distribution
from sfn_provider.mwaa.zip_archive import make_zip

_INSTALLER_FILES: Final = frozenset(
    ["INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"]
)
_PURE_WHEEL: Final = "Wheel-Version: 1.0\nGenerator: sfn-provider\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel.

    Args:
        name: its file's name.
        content: the file.
    """

    name: str
    content: bytes


def package_files() -> dict[str, bytes]:
    """Read the modules and data of this package, by their paths below the folder that holds ``sfn_provider``."""
    package = Path(sfn_provider.__file__).parent
    paths = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(package.parent).as_posix(): path.read_bytes() for path in paths}


def make_package_wheel() -> Wheel:
    """Make the wheel of this package, of the files that it runs from.

    Raises:
        UsageError: where it is not installed.
    """
    installed = own_distribution()
    info = _info(installed)
    metadata = {path: content for path, content in _installed_files(installed).items() if info in path}
    return _wheel(installed, package_files() | metadata | {f"{info}/WHEEL": _PURE_WHEEL.encode()})


def make_installed_wheel(installed: Distribution) -> Wheel:
    """Make a wheel of an installed distribution.

    Raises:
        UsageError: where its files are missing, or are not those of a wheel.
    """
    files = _installed_files(installed)
    if f"{_info(installed)}/WHEEL" not in files:
        raise UsageError(f"{installed.metadata['Name']} was not installed from a wheel; install it again with pip")
    return _wheel(installed, files)


def fits_image(installed: Distribution, image: Image) -> bool:
    """Return whether an image can run an installed distribution."""
    tags = _tags(installed)
    platforms = image.platforms
    supported = {*cpython_tags(image.python_version, platforms=platforms)}
    supported |= {*compatible_tags(image.python_version, f"cp{''.join(image.python.split('.'))}", platforms)}
    return any(tag in supported for tag in tags)


def is_pure(installed: Distribution) -> bool:
    """Return whether an installed distribution has no compiled code."""
    return all(tag.platform == "any" and tag.abi == "none" for tag in _tags(installed))


def _tags(installed: Distribution) -> frozenset[Tag]:
    lines = Parser().parsestr(installed.read_text("WHEEL") or "").get_all("Tag", [])
    return frozenset(tag for line in lines for tag in parse_tag(line))


def _info(installed: Distribution) -> str:
    return f"{_file_name(installed)}.dist-info"


def _file_name(installed: Distribution) -> str:
    return f"{canonicalize_name(installed.metadata['Name']).replace('-', '_')}-{installed.version}"


def _installed_files(installed: Distribution) -> dict[str, bytes]:
    """The files of a distribution as its wheel had them, by path; the folder of its metadata by its usual name."""
    files = {}
    for path in installed.files or ():
        if path.parts[0] == ".." or path.suffix == ".pyc" or path.name in _INSTALLER_FILES:
            continue
        content = Path(str(installed.locate_file(path)))
        if not content.is_file():
            raise UsageError(f"{installed.metadata['Name']}: {content} is missing; install it again")
        files[_wheel_path(path, installed)] = content.read_bytes()
    return files


def _wheel_path(path: PurePosixPath, installed: Distribution) -> str:
    first, *rest = path.parts
    return "/".join((_info(installed) if first.endswith(".dist-info") else first, *rest))


def _wheel(installed: Distribution, files: dict[str, bytes]) -> Wheel:
    info = _info(installed)
    tags = _tags_of_name(files[f"{info}/WHEEL"].decode())
    record = f"{info}/RECORD"
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in sorted(files.items())]
    content = "\n".join([*lines, f"{record},,", ""]).encode()
    return Wheel(f"{_file_name(installed)}-{tags}.whl", make_zip(files | {record: content}, last=info))


def _tags_of_name(text: str) -> str:
    """Format the tags of a ``WHEEL`` file for the file name: ``py2.py3-none-any``."""
    lines = Parser().parsestr(text).get_all("Tag", [])
    parts: Iterable[Collection[str]] = zip(*(line.split("-") for line in lines), strict=True)
    return "-".join(".".join(dict.fromkeys(name for part in column for name in part.split("."))) for column in parts)


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
