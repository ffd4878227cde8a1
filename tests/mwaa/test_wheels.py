"""Wheels of what is installed: pip takes them, and they have the same bytes each time."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from sfn_provider import __version__
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa.images import find_image
from sfn_provider.mwaa.requirements import installed_distribution
from sfn_provider.mwaa.wheels import Wheel, fits_image, is_pure, make_installed_wheel, make_package_wheel
from sfn_provider.mwaa.zip_archive import make_zip

PURE = ("jsonata-python", "networkx")


def install(wheel: Wheel, folder: Path) -> Path:
    """Install a wheel with pip, without what it needs. Gives the folder with its modules."""
    file = folder / wheel.name
    file.write_bytes(wheel.content)
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*command, "--target", str(target), str(file)], check=True, timeout=120)
    return target


def test_pip_installs_the_package_from_its_own_wheel(tmp_path: Path) -> None:
    wheel = make_package_wheel()
    assert wheel.name == f"airflow_provider_sfn-{__version__}-py3-none-any.whl"
    site = install(wheel, tmp_path)
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


def test_a_wheel_made_of_an_installed_wheel_is_the_same(tmp_path: Path) -> None:
    from importlib.metadata import Distribution

    wheel = make_package_wheel()
    site = install(wheel, tmp_path)
    [found] = Distribution.discover(name="airflow-provider-sfn", path=[str(site)])
    again = make_installed_wheel(found)
    assert (again.name, again.content) == (wheel.name, wheel.content)


@pytest.mark.parametrize("name", PURE)
def test_a_dependency_installs_from_its_files(name: str, tmp_path: Path) -> None:
    found = installed_distribution(name)
    assert is_pure(found)
    site = install(make_installed_wheel(found), tmp_path)
    modules = [file for file in found.files or () if file.suffix == ".py"]
    assert modules
    assert all((site / file).read_bytes() == file.read_binary() for file in modules)


def test_scripts_and_what_an_installer_adds_are_left_out() -> None:
    names = ZipFile(BytesIO(make_installed_wheel(installed_distribution("jsonata-python")).content)).namelist()
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
