"""What ``sfn-provider package`` writes, and what it refuses to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version as installed_version
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from sfn_provider import __version__
from sfn_provider.cli import run_command
from sfn_provider.exceptions import UsageError
from sfn_provider.mwaa import bundle
from sfn_provider.mwaa.bundle import make_bundle
from sfn_provider.mwaa.checks import check_installation
from sfn_provider.mwaa.dag_files import read_dag_file
from sfn_provider.mwaa.images import find_image, read_images
from sfn_provider.mwaa.missing_requirements import find_requirements, installed_distribution
from sfn_provider.mwaa.requirements_file import PLUGINS_FOLDER
from sfn_provider.mwaa.wheel_downloads import download_wheel
from sfn_provider.mwaa.wheels import Wheel, make_installed_wheel, make_package_wheel, package_files
from sfn_provider.mwaa.zip_archive import make_zip
from tests.golden import DAGS

SALES = [str(DAGS / "sales_pipeline.py"), str(DAGS / "start_sales_pipeline.py")]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LIVE = """# The Airflow DAG of a definition.
from sfn_provider.translate import build_dag

dag = build_dag("machine.asl.json")
"""
TASK = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}
ONE_TIME_AND_RIGHTS = ((1980, 1, 1, 0, 0, 0), 0o644)
MACHINE = {"StartAt": "A", "States": {"A": TASK}}


package_wheel = cache(make_package_wheel)


@cache
def installed_wheel(name: str) -> Wheel:
    return make_installed_wheel(installed_distribution(name))


@cache
def zip_of(*files: tuple[str, bytes]) -> bytes:
    return make_zip(dict(files))


@pytest.fixture(scope="module", autouse=True)
def each_archive_is_made_once() -> Iterator[None]:
    """Make each wheel, and plugins.zip of the same files, once for all tests: compression is most of the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "make_package_wheel", package_wheel)
        patch.setattr(bundle, "make_installed_wheel", lambda installed: installed_wheel(installed.metadata["Name"]))
        patch.setattr(bundle, "package_files", cache(package_files))
        patch.setattr(bundle, "make_zip", lambda files: zip_of(*files.items()))
        yield


@pytest.mark.parametrize("version", read_images())
def test_the_package_installs_on_every_image(version: str) -> None:
    image = find_image(version)
    needs = find_requirements(image)
    assert check_installation(image, needs) == []
    assert "jsonata-python" in needs.missing
    assert not set(needs.missing) & set(image.installed)


def test_what_is_written_is_the_same_each_time(tmp_path: Path) -> None:
    """In another process, that hashes otherwise, at another place and time, under other rights."""
    options = ["--airflow-version", "3.3.1", *(option for file in SALES for option in ("--dags", file))]
    subprocess.run(
        [sys.executable, "-m", "sfn_provider.cli", "package", "-o", "two", *options],
        env={**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "PYTHONPATH": str(DAGS.parent)},
        cwd=tmp_path,
        umask=0o077,
        check=True,
        capture_output=True,
    )
    assert run_command(["package", "-o", str(tmp_path / "one"), *options]) == 0
    one, two = (
        {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two")
    )
    assert one == two
    assert set(one) >= {"README.md", "plugins.zip", "policy.json", "requirements.txt", "dags/sales_pipeline.py"}
    entries = ZipFile(BytesIO(one["plugins.zip"])).infolist()
    assert {(entry.date_time, entry.external_attr >> 16 & 0o777) for entry in entries} == {ONE_TIME_AND_RIGHTS}


def test_the_steps_are_commands_for_a_shell_and_name_what_is_there() -> None:
    for dags in ([], [read_dag_file(SALES[0])]):
        guide = make_bundle(find_image("3.0.6"), dags).files["README.md"].decode()
        steps = "\n".join(guide.split("```")[1::2])
        subprocess.run(["bash", "-n"], input=steps, text=True, check=True)
        assert ("cp --recursive dags" in steps) is bool(dags)
        assert "$$" not in guide and "${" not in guide


def test_the_plugins_hold_modules_wheels_and_one_plugin() -> None:
    made = make_bundle(find_image("3.0.6"), [])
    names = set(ZipFile(BytesIO(made.files["plugins.zip"])).namelist())
    top = {name for name in names if "/" not in name}
    assert top == {".airflowignore", "sfn_provider_plugin.py", *made.wheels}
    assert {"sfn_provider/__init__.py", "sfn_provider/operators/step_function.py"} <= names
    assert [name.partition("-")[0] for name in made.wheels][:2] == ["airflow_provider_sfn", "jsonata_python"]
    assert not [name for name in names if "__pycache__" in name]


def test_requirements_name_the_constraints_and_where_the_wheels_are() -> None:
    lines = make_bundle(find_image("2.10.3"), []).files["requirements.txt"].decode().splitlines()
    assert lines[:2] == [
        '--constraint "https://raw.githubusercontent.com/apache/airflow/constraints-2.10.3/constraints-3.11.txt"',
        _direct(package_wheel()),
    ]
    assert _direct(installed_wheel("jsonata-python")) in lines
    assert "networkx==3.4.2" in lines


def _direct(wheel: Wheel) -> str:
    """The line of requirements.txt for a wheel of plugins.zip."""
    name = wheel.name.partition("-")[0].replace("_", "-")
    return f"{name} @ file:///usr/local/airflow/plugins/{wheel.name}#sha256={sha256(wheel.content).hexdigest()}"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Path]:
    """The wheels of a bundle that needs no index, and another index that has our wheel's name and one of the user's.

    Our wheel has one file, which pip installs sooner than all of the package. Gives pip's command, which takes a
    requirements file, and the folder of the plugins.
    """
    small = _wheel("airflow-provider-sfn", __version__, "sfn_provider/__init__")
    monkeypatch.setattr(bundle, "make_package_wheel", lambda: Wheel(package_wheel().name, small))
    image = find_image("3.0.6")
    others = {name: pin for name, pin in find_requirements(image).missing.items() if name != "jsonata-python"}
    made = make_bundle(replace(image, python=PYTHON, installed=dict(image.installed) | others), [])
    plugins, index = tmp_path / "plugins", tmp_path / "index"
    with ZipFile(BytesIO(made.files["plugins.zip"])) as archive:
        archive.extractall(plugins, made.wheels)
    index.mkdir()
    (index / made.wheels[0]).write_bytes(_wheel("airflow-provider-sfn", __version__, "evil"))
    (index / "users_own-1.0-py3-none-any.whl").write_bytes(_wheel("users-own", "1.0", "own"))
    _, *lines = made.files["requirements.txt"].decode().splitlines()
    text = "\n".join([*lines, "users-own==1.0"]).replace(PLUGINS_FOLDER, str(plugins))
    (tmp_path / "requirements.txt").write_text(text)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    site = ["--find-links", str(index), "--target", str(tmp_path / "site")]
    return [*pip, *site, "--requirement", str(tmp_path / "requirements.txt")], plugins


def _wheel(name: str, version: str, module: str) -> bytes:
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    kind = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {f"{module}.py": b"", f"{folder}/METADATA": metadata, f"{folder}/WHEEL": kind, f"{folder}/RECORD": b""}
    return make_zip(files)


def test_an_index_cannot_replace_the_package_and_a_line_of_the_users_needs_no_hash(
    environment: tuple[list[str], Path], tmp_path: Path
) -> None:
    command, _ = environment
    subprocess.run(command, check=True, timeout=120)
    assert (tmp_path / "site/sfn_provider/__init__.py").exists() and (tmp_path / "site/own.py").exists()
    assert not (tmp_path / "site/evil.py").exists()


def test_a_wheel_that_was_changed_is_refused(environment: tuple[list[str], Path], tmp_path: Path) -> None:
    command, plugins = environment
    [wheel] = plugins.glob("airflow_provider_sfn-*.whl")
    wheel.write_bytes(_wheel("airflow-provider-sfn", __version__, "evil"))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1 and "DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "site").exists()


def test_offline_every_wheel_is_brought_and_no_index_is_asked() -> None:
    image = find_image("3.0.6")
    here = {name: installed_version(name) for name in find_requirements(image).missing}
    mine = replace(image, pinned=here, python=PYTHON)  # what this environment has, so that nothing is downloaded
    made = make_bundle(mine, [], offline=True)
    lines = made.files["requirements.txt"].decode().splitlines()
    assert lines[0] == "--no-index"
    assert "constraint" not in "".join(lines)
    wheels = {name.partition("-")[0].replace("_", "-") for name in made.wheels}
    assert wheels == {"airflow-provider-sfn", *here} == {line.partition(" @ ")[0] for line in lines[1:]}


def test_a_wheel_that_cannot_be_downloaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(UsageError, match=r"networkx 3\.5 for Python 3\.12 on Linux cannot be downloaded: .*--offline"):
        download_wheel("networkx", "3.5", find_image("3.0.6"))


def test_an_older_boto3_is_told_before_uploading() -> None:
    image = find_image("3.0.6")
    old = replace(image, python="3.10", installed={**image.installed, "boto3": "1.30.0"})
    told = [(found.code, found.message) for found in check_installation(old, find_requirements(old))]
    assert told == [
        ("PYTHON_REFUSED", "airflow-provider-sfn needs Python >=3.11; Airflow 3.0.6 on MWAA has 3.10"),
        ("VERSION_REFUSED", "airflow-provider-sfn needs boto3>=1.35.36; Airflow 3.0.6 on MWAA has 1.30.0"),
    ]


PROBLEMS = {
    "airflow 3 on 2": ("2.10.3", "from airflow.sdk import DAG\n", "error MODULE_MISSING"),
    "airflow 2 on 3": ("3.0.6", "from airflow.operators.dummy import DummyOperator  # dag\n", "error MODULE_MISSING"),
    "as an attribute": ("2.11.2", "from airflow import sdk  # dag\n", "error MODULE_MISSING"),
    "no such module of ours": ("3.3.1", "import sfn_provider.nothing  # airflow dag\n", "error MODULE_MISSING"),
    "an unknown package": ("3.3.1", "import pandas  # airflow dag\n", "warning MODULE_UNKNOWN"),
    "newer syntax": ("2.10.3", "type A = int  # airflow dag\n", "error SYNTAX_TOO_NEW"),
    "skipped in silence": ("3.3.1", "import json\n", "error NOT_A_DAG"),
    "by version": (
        "2.10.3",
        "import airflow\nif airflow.__version__ >= '3':\n    from airflow.sdk import DAG\n",
        "",
    ),
    "in order": ("3.3.1", "import json, boto3\nfrom airflow.sdk import DAG\n", ""),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_dag_that_would_not_be_read_there_is_told(case: str, tmp_path: Path) -> None:
    version, source, expected = PROBLEMS[case]
    file = tmp_path / "pipeline.py"
    file.write_text(source)
    if case == "newer syntax" and PYTHON == "3.11":
        with pytest.raises(UsageError, match=r"pipeline\.py: line 1: invalid syntax"):
            read_dag_file(str(file))
        return
    found = make_bundle(find_image(version), [read_dag_file(str(file))]).diagnostics
    assert " ".join(f"{one.level} {one.code}" for one in found) == expected
    assert all(one.location == "dags/pipeline.py" for one in found)


def test_nothing_is_written_where_something_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "pipeline.py"
    file.write_text("from airflow.sdk import DAG\n")
    output = tmp_path / "out"
    arguments = ["package", "--airflow-version", "2.10.3", "-o", str(output), "--dags", str(file)]
    assert run_command(arguments) == 1
    assert not output.exists()
    assert (
        "1: error MODULE_MISSING dags/pipeline.py: Airflow 2.10.3 has no module airflow.sdk" in capsys.readouterr().err
    )
    assert run_command([*arguments[:2], "3.0.6", *arguments[3:], "--json", "--check"]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"] == []
    assert not output.exists()


def test_a_definition_goes_with_its_dag_and_counts_for_the_policy(tmp_path: Path) -> None:
    (tmp_path / "live.py").write_text(LIVE)
    (tmp_path / "machine.asl.json").write_text(json.dumps(MACHINE))
    made = make_bundle(find_image("3.3.1"), [read_dag_file(str(tmp_path / "live.py"))])
    assert json.loads(made.files["dags/machine.asl.json"]) == MACHINE
    [statement] = json.loads(made.files["policy.json"])["Statement"]
    assert statement["Action"] == ["sns:Publish"]


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.py").write_text(f"# airflow dag {name}\n")
    with pytest.raises(UsageError, match=r"there is another file x\.py"):
        make_bundle(find_image("3.3.1"), [read_dag_file(str(tmp_path / name / "x.py")) for name in "ab"])


MISUSES = {
    "an unknown version": (["--airflow-version", "2.9.2"], "take one of 2.10.3, 2.11.2, 3.0.6, 3.2.1, 3.3.1"),
    "no folder": (["--airflow-version", "3.0.6"], "-o DIR"),
    "no such DAG": (
        ["--airflow-version", "3.0.6", "--check", "--dags", "none.py"],
        "--dags none.py: there is no such file",
    ),
}


@pytest.mark.parametrize("case", MISUSES)
def test_misuse_is_told(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, told = MISUSES[case]
    given = arguments if case != "an unknown version" else [*arguments, "-o", str(tmp_path)]
    assert run_command(["package", *given]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "reason"),
    [(".env", "hidden files may hold secrets"), ("conf/.secret/key.json", "hidden"), ("link.json", "a link may lead")],
)
def test_hidden_files_and_links_stay_here(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "conf/.secret").mkdir(parents=True)
    (tmp_path / "elsewhere").write_text("{}")
    for plain in (".env", "conf/.secret/key.json"):
        (tmp_path / plain).write_text("KEY=1")
    (tmp_path / "link.json").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "dag.py").write_text(f"from airflow import DAG\nNAME = {name!r}\n")
    with pytest.raises(UsageError, match=rf"it names {re.escape(name)}, which does not go to MWAA: {reason}"):
        read_dag_file(str(tmp_path / "dag.py"))


UNREADABLE = {
    "a device": ("/dev/zero", "--dags /dev/zero is a device or a pipe"),
    "null bytes": ("a\0b", "line|is no Python"),
    "deep": ("-" * 100_000 + "1", "too deep in one another"),
    "a long sum": ("+".join("1" * 20_000), "too deep in one another"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_dag_file_that_nobody_can_read_is_one_clear_error(case: str, tmp_path: Path) -> None:
    text, message = UNREADABLE[case]
    file = tmp_path / "dag.py"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_dag_file(text if text.startswith("/dev") else str(file))


def test_a_file_that_is_named_in_several_ways_goes_once(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.json").write_text("{}")
    (tmp_path / "dag.py").write_text(
        "# airflow dag\na = ['below/a.json', './below/a.json', 'below//./a.json#B', './dag.py']\n"
    )
    assert sorted(read_dag_file(str(tmp_path / "dag.py")).companions) == ["below/a.json", "dag.py"]
