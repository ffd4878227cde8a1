"""Wheels of what is installed: pip takes them, and they have the same bytes each time."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from sfn_provider import __version__
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.images import find_image
from sfn_provider.mwaa.missing_requirements import DISTRIBUTION, installed_distribution
from sfn_provider.mwaa.wheels import Wheel, fits_image, is_pure, make_installed_wheel, make_package_wheel
from sfn_provider.mwaa.zip_archive import make_zip

PURE = ("jsonata-python", "networkx")


@pytest.fixture(scope="module")
def wheels() -> dict[str, Wheel]:
    """The wheels of this package and of what it needs, by name."""
    needed = {name: make_installed_wheel(installed_distribution(name)) for name in PURE}
    return {DISTRIBUTION: make_package_wheel(), **needed}


@pytest.fixture(scope="module")
def site(wheels: dict[str, Wheel], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which one call of pip has installed all of them, without what they need."""
    folder = tmp_path_factory.mktemp("wheels")
    for wheel in wheels.values():
        (folder / wheel.name).write_bytes(wheel.content)
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    files = [str(folder / wheel.name) for wheel in wheels.values()]
    subprocess.run([*command, "--target", str(target), *files], check=True, timeout=120)
    return target


def test_pip_installs_the_package_from_its_own_wheel(wheels: dict[str, Wheel], site: Path) -> None:
    assert wheels[DISTRIBUTION].name == f"airflow_provider_sfn-{__version__}-py3-none-any.whl"
    code = (
        "import sfn_provider, sfn_provider.mwaa.images as images; from importlib.metadata import distribution\n"
        "groups = sorted({point.group for point in distribution('airflow-provider-sfn').entry_points})\n"
        "print(sfn_provider.__file__, groups, len(images.read_images()))"
    )
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(site)!r})\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    groups = ["airflow.plugins", "apache_airflow_provider", "console_scripts", "pytest11"]
    assert done.stdout.split(" ", 1) == [str(site / "sfn_provider/__init__.py"), f"{groups} 5\n"]


def test_a_wheel_made_of_an_installed_wheel_is_the_same(wheels: dict[str, Wheel], site: Path) -> None:
    [found] = Distribution.discover(name=DISTRIBUTION, path=[str(site)])
    assert make_installed_wheel(found) == wheels[DISTRIBUTION]


@pytest.mark.parametrize("name", PURE)
def test_a_dependency_installs_from_its_files(name: str, site: Path) -> None:
    found = installed_distribution(name)
    assert is_pure(found)
    modules = [file for file in found.files or () if file.suffix == ".py"]
    assert modules
    assert all((site / file).read_bytes() == file.read_binary() for file in modules)


def test_scripts_and_what_an_installer_adds_are_left_out(wheels: dict[str, Wheel]) -> None:
    names = ZipFile(BytesIO(wheels["jsonata-python"].content)).namelist()
    assert not [name for name in names if name.startswith("..") or "INSTALLER" in name or name.endswith(".pyc")]
    assert "jsonata_python-0.7.1.dist-info/entry_points.txt" in names


def test_the_same_files_make_the_same_bytes() -> None:
    files = {"b.txt": b"b", "a.txt": b"a", "a.whl": b"a"}
    assert make_zip(files) == make_zip(dict(reversed(files.items())))
    entries = ZipFile(BytesIO(make_zip(files))).infolist()
    assert [entry.filename for entry in entries] == ["a.txt", "a.whl", "b.txt"]
    assert {(entry.date_time, entry.external_attr >> 16, entry.create_system) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644, 3)
    }


def test_compiled_code_fits_one_python_only() -> None:
    compiled = installed_distribution("regex")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    images = [find_image(version) for version in ("2.10.3", "3.0.6")]
    assert not is_pure(compiled)
    if sys.platform == "linux":
        assert [fits_image(compiled, image) for image in images] == [image.python == python for image in images]


def test_what_is_not_installed_is_told() -> None:
    with pytest.raises(UsageError, match="no-such-thing is not installed"):
        installed_distribution("no-such-thing")
