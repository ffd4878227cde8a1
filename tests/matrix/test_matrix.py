"""Every version of Amazon MWAA with what its image has: `make test-matrix` makes the environments and runs this.

``SFN_PROVIDER_MATRIX`` names the versions, all where it is empty; nothing runs where it is not set.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from sfn_provider import __version__
from sfn_provider.mwaa.images import read_images
from tests.matrix.environments import ROOT, frozen, plugins_of, python_of

TESTS = ROOT / "tests"
LEFT_OUT = {
    "airflow": "a whole Airflow of the development version, with its processes",
    "benchmarks": "measures peers",
    "matrix": "this",
    "mwaa_environment": "whole environments of its own",
}
"""Folders of tests that are not run on each version, and why."""

SENSITIVE = (
    *(
        "airflow_pages/test_site.py",
        "airflow_pages/test_reports.py",
        "airflow_pages/test_run_paths.py",
        "airflow_pages/test_driven_executions.py",
    ),
    *("test_compat.py", "test_plugin.py", "callbacks/test_authorization.py", "dags/test_start_sales_pipeline.py"),
    *("links/test_step_function.py", "runtime/stores/test_snapshots.py", "runtime/aws_calls/test_live_driver_jobs.py"),
    *("runtime/test_wait_mode.py", "operators/test_step_function_dag_runs.py", "translate/emit/test_live_dag.py"),
    *("test_secret_masking.py", "driving/test_idempotent_start.py", "driving/test_template_types.py"),
    *("operators/test_situations.py", "operators/test_start_execution.py", "operators/test_execution_names.py"),
    *("operators/test_start_deferrals.py", "operators/test_describe.py"),
    *("runtime/test_cleared_runs.py", "runtime/test_situations.py"),
    *("sensors/test_failure_arguments.py", "sensors/test_situations.py"),
    *(
        "translate/native/operator_table/services/test_failures.py",
        "translate/native/operator_table/services/test_rows.py",
    ),
)
"""What Airflow can break, for where time is short: ``SFN_PROVIDER_MATRIX_TESTS=sensitive``."""

WHOLE_AIRFLOW = {"2": ("airflow/test_driving.py", "airflow/test_task_pages.py")}
"""Tests by Airflow's first number, in a whole Airflow with its processes. The tests of 3.3 are the ones of 3."""

BOTH = pytest.mark.parametrize("environment", ["venv", "bare"], ids=["installed", "as modules"])

pytestmark = [
    pytest.mark.skipif("SFN_PROVIDER_MATRIX" not in os.environ, reason="make test-matrix runs it"),
    pytest.mark.parametrize("version", os.environ.get("SFN_PROVIDER_MATRIX", "").split() or list(read_images())),
]


def run(
    version: str, home: Path, *arguments: str, environment: str = "venv", seconds: int = 300
) -> subprocess.CompletedProcess[str]:
    """Run Python in an environment of a version, with an Airflow of its own.

    Args:
        version: Airflow's.
        home: its AIRFLOW_HOME.
        arguments: of Python.
        environment: ``venv`` with this package installed; ``bare`` with its modules in the plugins folder.
        seconds: how long it may take.
    """
    python = python_of(version, environment)
    if not python.exists():
        pytest.skip(f"there is no environment for Airflow {version}: make test-matrix")
    if environment == "bare" and not (home / "plugins").exists():
        (home / "plugins").symlink_to(plugins_of(version))
    outer = ("AIRFLOW", "PYTEST", "PYTHON", "SFN_PROVIDER")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "COLUMNS": "250",
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        [str(python), *arguments],
        env=kept | own,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_it_installs_without_changing_a_pin(version: str, tmp_path: Path) -> None:
    run(version, tmp_path, "--version")
    before, after = frozen(version, "image"), frozen(version, "package")
    assert before["apache-airflow"] == version
    assert after["airflow-provider-sfn"].partition(" ")[0]
    assert {name: after.get(name) for name in before} == before


@BOTH
def test_airflow_starts(version: str, environment: str, tmp_path: Path) -> None:
    done = run(version, tmp_path, "-m", "airflow", "version", environment=environment)
    assert (done.returncode, done.stdout.split()[-1]) == (0, version), done.stderr[-2000:]
    assert "Traceback" not in done.stderr


def test_the_provider_is_listed_where_it_is_installed(version: str, tmp_path: Path) -> None:
    def listed(environment: str) -> list[str]:
        command = ("-m", "airflow", "providers", "list", "--output", "plain")
        lines = run(version, tmp_path, *command, environment=environment).stdout.splitlines()
        return [line.split()[-1] for line in lines if line.startswith("airflow-provider-sfn ")]

    assert (listed("venv"), listed("bare")) == ([__version__], [])


def test_the_wheel_of_the_plugins_is_what_is_imported(version: str, tmp_path: Path) -> None:
    """No test here looks at the modules of the project itself."""
    code = "import airflow.plugins_manager, sfn_provider; print(sfn_provider.__file__)"
    done = run(version, tmp_path, "-c", code)
    assert Path(done.stdout.split()[-1]).is_relative_to(python_of(version).parents[1]), done.stderr[-2000:]
    done = run(version, tmp_path, "-c", code, environment="bare")
    assert Path(done.stdout.split()[-1]).resolve().is_relative_to(plugins_of(version)), done.stderr[-2000:]


@pytest.mark.parametrize(
    ("environment", "from_folder"), [("venv", False), ("bare", True)], ids=["installed", "as modules"]
)
def test_the_plugin_is_registered_once(version: str, environment: str, from_folder: bool, tmp_path: Path) -> None:
    (tmp_path / "plugins").symlink_to(plugins_of(version))
    done = run(version, tmp_path, "-m", "airflow", "plugins", "--output", "json", environment=environment)
    found = json.loads(done.stdout[done.stdout.index("[{") :])
    assert [(one["name"], "PLUGINS_FOLDER" in str(one["source"])) for one in found if "sfn" in one["name"]] == [
        ("sfn_provider", from_folder)
    ]


READ_DAGS = """
import json
import airflow
from sfn_provider._compat import DagBag
bag = DagBag()
print(json.dumps([sorted(bag.dags), bag.import_errors]))
"""


@BOTH
def test_every_dag_is_read(version: str, environment: str, tmp_path: Path) -> None:
    assert run(version, tmp_path, "-m", "airflow", "db", "migrate", environment=environment).returncode == 0
    done = run(version, tmp_path, "-c", READ_DAGS, environment=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    names, errors = json.loads(done.stdout.splitlines()[-1])
    files = {path.stem for path in (ROOT / "dags").glob("*.py")}
    assert errors == {}
    assert set(names) == (files if version >= "3" else files - {"after_sales_pipeline"})  # assets are of Airflow 3


COMPARE = """
import sys
import airflow.plugins_manager  # puts the plugins folder on the path
from sfn_provider.cli import main
sys.argv = ["sfn-provider", *sys.argv[1:]]
main()
"""


@BOTH
def test_the_sales_pipeline_takes_the_same_five_routes(version: str, environment: str, tmp_path: Path) -> None:
    stem = str(ROOT / "dags" / "sales_pipeline")
    file, given, mocks = (f"{stem}.{end}" for end in ("asl.json", "input.json", "mocks.json"))
    command = ("-c", COMPARE, "compare", file, "--input", f"@{given}", "--mock", mocks, "--json")
    done = run(version, tmp_path, *command, environment=environment, seconds=600)
    assert done.returncode == 0, done.stderr[-2000:]
    cases = json.loads(done.stdout)["cases"]
    assert {name: case["agrees"] for name, case in cases.items()} == dict.fromkeys(cases, True)
    assert len(cases) == 5


def unit_tests() -> list[Path]:
    if os.environ.get("SFN_PROVIDER_MATRIX_TESTS") == "sensitive":
        return [TESTS / name for name in SENSITIVE]
    folders = {path.parent for path in TESTS.glob("*/**/test_*.py")}
    tops = {folder.relative_to(TESTS).parts[0] for folder in folders}
    assert set(LEFT_OUT) <= tops
    return [*(TESTS / name for name in sorted(tops - set(LEFT_OUT))), *sorted(TESTS.glob("test_*.py"))]


def run_tests(version: str, home: Path, tests: list[Path]) -> None:
    """Run tests on a version, and print what was skipped and how many passed."""
    project = ("--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider")
    # Airflow's older versions warn of what they do themselves.
    quiet = ("-q", "--numprocesses", "0", "-W", "default", "--disable-warnings")
    done = run(version, home, "-m", "pytest", *project, *quiet, *map(str, tests), seconds=3600)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join(lines[-60:])
    print(f"Airflow {version}:", *(line for line in lines if line.startswith("SKIPPED")), lines[-1], sep="\n")


def test_the_unit_tests_pass(version: str, tmp_path: Path) -> None:
    run_tests(version, tmp_path, unit_tests())


def test_the_tests_in_a_whole_airflow_pass(version: str, tmp_path: Path) -> None:
    names = WHOLE_AIRFLOW.get(version.partition(".")[0], ())
    if not names:
        pytest.skip("tests/airflow runs on a version 3")
    run_tests(version, tmp_path, [TESTS / name for name in names])
