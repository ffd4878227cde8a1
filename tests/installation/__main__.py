"""Installs the wheel as a user does, and tests the source distribution.

``python -m tests.installation 3.11 3.12 3.13``, which is ``make test-install``, makes a bare environment for each
Python below ``build/installation``, installs the wheel of ``dist`` with pip, and tries the commands and what Airflow
reads of the provider. Then it runs the tests that need no Airflow on the unpacked source distribution. It needs the
package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / "build" / "installation"
DAGS = ROOT / "dags"

_PROVIDER = """
from airflow.providers_manager import ProvidersManager
from importlib.metadata import metadata
found = ProvidersManager().providers["airflow-provider-sfn"]
assert found.version == metadata("airflow-provider-sfn")["Version"], found
assert metadata("airflow-provider-sfn").get_all("Requires-Dist")
import sfn_provider, pathlib
assert (pathlib.Path(sfn_provider.__file__).parent / "py.typed").exists()
"""


def main(versions: list[str]) -> int:
    """Test the wheel on each Python, and the source distribution; return the exit code."""
    [wheel], [source] = (list((ROOT / "dist").glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    for version in versions:
        begin = time.monotonic()
        _test_wheel(wheel, version)
        print(f"Python {version}: installed, checked, run in {time.monotonic() - begin:.0f} s", flush=True)
    _test_source(source)
    print("The source distribution has passed its tests")
    return 0


def _test_wheel(wheel: Path, version: str) -> None:
    folder = ENVIRONMENTS / version
    _run(
        [
            sys.executable,
            "-m",
            "uv",
            "venv",
            "--quiet",
            "--no-python-downloads",
            "--clear",
            "--seed",
            "--python",
            version,
            str(folder),
        ]
    )
    binaries = folder / "bin"
    pip = [str(binaries / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "install", str(wheel)])
    _run([*pip, "check"])
    home = folder / "airflow"
    environment = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    _run([str(binaries / "python"), "-c", _PROVIDER], **environment)
    command = str(binaries / "sfn-provider")
    _run([command, "--version"])
    _run([command, "lint", str(DAGS / "sales_pipeline.asl.json")])
    mocks = f"{DAGS / 'sales_pipeline.mocks.json'}#QualityPasses"
    given = ("--input", f"@{DAGS / 'sales_pipeline.input.json'}", "--mock", mocks)
    _run([command, "compare", str(DAGS / "sales_pipeline.asl.json"), *given], **environment)


def _test_source(source: Path) -> None:
    folder = ENVIRONMENTS / "source"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    [unpacked] = folder.iterdir()
    tests = [sys.executable, "-m", "pytest", "-m", "not airflow", "-q", "-p", "no:cacheprovider"]
    _run(tests, unpacked, PYTHONPATH=str(unpacked), SFN_PROVIDER_QUICK_TESTS="1")


def _run(command: list[str], folder: Path = ENVIRONMENTS, **environment: str) -> None:
    """Run a command outside of the repository, so that nothing is imported from it; end where it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}\nended with {done.returncode}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
