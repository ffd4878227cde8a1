"""Wheels of what is installed in the running environment: no index, no network, the same bytes each time.

What an installer adds to a distribution is left out, its scripts among it: they are made of ``entry_points.txt`` again.
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
from sfn_provider.mwaa.requirements import own_distribution
from sfn_provider.mwaa.zip_archive import make_zip

_OF_THE_INSTALLER: Final = frozenset(
    ["INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"]
)
_PURE: Final = "Wheel-Version: 1.0\nGenerator: sfn-provider\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


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
    """The modules and data of this package, by their paths below the folder that holds ``sfn_provider``."""
    package = Path(sfn_provider.__file__).parent
    paths = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(package.parent).as_posix(): path.read_bytes() for path in paths}


def make_package_wheel() -> Wheel:
    """Make the wheel of this package, of the files that it runs from.

    Raises:
        UsageError: where it is not installed.
    """
    found = own_distribution()
    metadata = {path: content for path, content in _installed_files(found).items() if _info(found) in path}
    return _wheel(found, package_files() | metadata | {f"{_info(found)}/WHEEL": _PURE.encode()})


def make_installed_wheel(found: Distribution) -> Wheel:
    """Make a wheel of an installed distribution.

    Raises:
        UsageError: where its files cannot be told, or are not those of a wheel.
    """
    files = _installed_files(found)
    if f"{_info(found)}/WHEEL" not in files:
        raise UsageError(f"{found.metadata['Name']} was not installed from a wheel; install it again with pip")
    return _wheel(found, files)


def fits_image(found: Distribution, image: Image) -> bool:
    """Can an image run the installed distribution?"""
    tags = _tags(found)
    platforms = image.platforms
    taken = {*cpython_tags(image.python_version, platforms=platforms)}
    taken |= {*compatible_tags(image.python_version, f"cp{''.join(image.python.split('.'))}", platforms)}
    return any(tag in taken for tag in tags)


def is_pure(found: Distribution) -> bool:
    """Is the installed distribution without compiled code?"""
    return all(tag.platform == "any" and tag.abi == "none" for tag in _tags(found))


def _tags(found: Distribution) -> frozenset[Tag]:
    lines = Parser().parsestr(found.read_text("WHEEL") or "").get_all("Tag", [])
    return frozenset(tag for line in lines for tag in parse_tag(line))


def _info(found: Distribution) -> str:
    return f"{_file_name(found)}.dist-info"


def _file_name(found: Distribution) -> str:
    return f"{canonicalize_name(found.metadata['Name']).replace('-', '_')}-{found.version}"


def _installed_files(found: Distribution) -> dict[str, bytes]:
    """The files of a distribution as its wheel had them, by path; the folder of its metadata by its usual name."""
    files = {}
    for path in found.files or ():
        if path.parts[0] == ".." or path.suffix == ".pyc" or path.name in _OF_THE_INSTALLER:
            continue
        content = Path(str(found.locate_file(path)))
        if not content.is_file():
            raise UsageError(f"{found.metadata['Name']}: {content} is missing; install it again")
        files[_wheel_path(path, found)] = content.read_bytes()
    return files


def _wheel_path(path: PurePosixPath, found: Distribution) -> str:
    first, *rest = path.parts
    return "/".join((_info(found) if first.endswith(".dist-info") else first, *rest))


def _wheel(found: Distribution, files: dict[str, bytes]) -> Wheel:
    info = _info(found)
    tags = _tags_of_name(files[f"{info}/WHEEL"].decode())
    record = f"{info}/RECORD"
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in sorted(files.items())]
    content = "\n".join([*lines, f"{record},,", ""]).encode()
    return Wheel(f"{_file_name(found)}-{tags}.whl", make_zip(files | {record: content}, last=info))


def _tags_of_name(text: str) -> str:
    """Give the tags of a ``WHEEL`` file as the file name of a wheel has them: ``py2.py3-none-any``."""
    lines = Parser().parsestr(text).get_all("Tag", [])
    parts: Iterable[Collection[str]] = zip(*(line.split("-") for line in lines), strict=True)
    return "-".join(".".join(dict.fromkeys(name for part in column for name in part.split("."))) for column in parts)


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
