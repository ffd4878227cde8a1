"""Every version of Amazon MWAA with what its image has: `make test-matrix` makes the environments and runs this.

A version without an environment is skipped, and all of them where ``SFN_PROVIDER_MATRIX`` is not set.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from sfn_provider.mwaa.images import read_images
from tests.matrix.environments import ROOT, frozen, python_of

# What Airflow's versions can make a difference to; the language and the engine are pure Python.
UNIT_TESTS = (
    *("tests/callbacks", "tests/hooks", "tests/integrations", "tests/links", "tests/operators", "tests/sensors"),
    *("tests/translate", "tests/triggers", "tests/test_compat.py", "tests/test_plugin.py", "tests/test_imports.py"),
)

pytestmark = [
    pytest.mark.skipif("SFN_PROVIDER_MATRIX" not in os.environ, reason="make test-matrix runs it"),
    pytest.mark.parametrize("version", read_images()),
]


def run(version: str, home: Path, *arguments: str, seconds: int = 300) -> subprocess.CompletedProcess[str]:
    """Run Python in the environment of a version, with an Airflow of its own."""
    python = python_of(version)
    if not python.exists():
        pytest.skip(f"there is no environment for Airflow {version}: make test-matrix")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
    own = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "COLUMNS": "250"}
    path = {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [str(python), *arguments],
        env=kept | own | path,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_it_installs_without_changing_a_pin(version: str, tmp_path: Path) -> None:
    run(version, tmp_path, "--version")
    before, after = frozen(version, "image"), frozen(version, "package")
    assert "airflow-provider-sfn" in after
    assert {name: after.get(name) for name in before} == before


def test_airflow_starts_and_lists_the_provider(version: str, tmp_path: Path) -> None:
    done = run(version, tmp_path, "-m", "airflow", "version")
    assert (done.returncode, done.stdout.split()[-1]) == (0, version)
    listed = run(version, tmp_path, "-m", "airflow", "providers", "list", "--output", "plain").stdout
    assert [line.split()[-1] for line in listed.splitlines() if line.startswith("airflow-provider-sfn ")] == ["0.1.0"]


def test_the_plugin_is_registered_once(version: str, tmp_path: Path) -> None:
    plugins = python_of(version).parents[2] / "plugins"
    (tmp_path / "plugins").symlink_to(plugins)
    done = run(version, tmp_path, "-m", "airflow", "plugins", "--output", "json")
    found = json.loads(done.stdout[done.stdout.index("[{") :])
    assert [(one["name"], "PLUGINS_FOLDER" in str(one["source"])) for one in found if "sfn" in one["name"]] == [
        ("sfn_provider", False)
    ]


def test_every_dag_is_read(version: str, tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from sfn_provider._compat import DagBag\n"
        f"bag = DagBag({str(ROOT / 'dags')!r})\n"
        "print(json.dumps([sorted(bag.dags), bag.import_errors]))"
    )
    assert run(version, tmp_path, "-m", "airflow", "db", "migrate").returncode == 0
    done = run(version, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr[-2000:]
    names, errors = json.loads(done.stdout.splitlines()[-1])
    files = {path.stem for path in (ROOT / "dags").glob("*.py")}
    assert errors == {}
    assert set(names) == (files if version >= "3" else files - {"after_sales_pipeline"})  # assets are of Airflow 3


def test_the_sales_pipeline_takes_the_same_five_routes(version: str, tmp_path: Path) -> None:
    stem = str(ROOT / "dags" / "sales_pipeline")
    file, given, mocks = (f"{stem}.{end}" for end in ("asl.json", "input.json", "mocks.json"))
    command = ("-m", "sfn_provider.cli", "compare", file, "--input", f"@{given}", "--mock", mocks, "--json")
    done = run(version, tmp_path, *command, seconds=600)
    assert done.returncode == 0, done.stderr[-2000:]
    cases = json.loads(done.stdout)["cases"]
    assert {name: case["agrees"] for name, case in cases.items()} == dict.fromkeys(cases, True)
    assert len(cases) == 5


def test_the_unit_tests_pass(version: str, tmp_path: Path) -> None:
    tests = [str(ROOT / part) for part in UNIT_TESTS]
    project = ("--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider")
    # Airflow's older versions warn of what they do themselves.
    quiet = ("-q", "--numprocesses", "0", "-W", "default", "--disable-warnings")
    done = run(version, tmp_path, "-m", "pytest", *project, *quiet, *tests, seconds=3600)
    assert done.returncode == 0, done.stdout[-4000:]
