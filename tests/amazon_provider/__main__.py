"""Runs the amazon provider's own tests of Step Functions against this package: ``python -m tests.amazon_provider``.

The tests come from the provider's sdist, in the version that is installed, by pip and its configured index. They run
in a temporary folder, by a pytest of their own with a private Airflow, and nothing of it stays. The run fails if a test
fails that ``expectations.py`` does not name, if one passes that it names, or if there are no tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.amazon_provider import outcomes_file
from tests.amazon_provider.expectations import EXPECTED_FAILURES, FILES, STAND_INS
from tests.amazon_provider.sdist import DISTRIBUTION, download_tests, use_this_package
from tests.amazon_provider.verdict import Outcome, compare, summarize

ROOT = Path(__file__).parents[2]
STAND_IN = Path(__file__).with_name("stand_in")

PLUGINS = (
    *("tests.fixtures.airflow.airflow_home", "tests.aws.local_step_functions", "tests.aws.moto"),
    *("tests.amazon_provider.outcomes_file", "other_providers"),
)
"""The first one makes AIRFLOW_HOME private; it must stand before whatever imports Airflow."""

SELECTED = "step_function or stepfunction"
"""For ``-k``: of a file that is about other services, too, only the tests of Step Functions."""


def run_tests(folder: Path, files: list[Path]) -> dict[str, Outcome]:
    """Run tests.

    Args:
        folder: the sdist's folder ``tests``.
        files: the files with the tests, below it.

    Returns:
        What became of each test, by its id.
    """
    outcomes = folder / "outcomes.json"
    options = ("-c", os.devnull, "--rootdir", str(folder), "-p", "no:cacheprovider")
    shown = ("-q", "--disable-warnings", "--tb=short", "--show-capture=no")
    plugins = [argument for plugin in PLUGINS for argument in ("-p", plugin)]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, *shown, *plugins, "-k", SELECTED]
        + [str(file.relative_to(folder)) for file in files],
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(folder),
            "PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT, STAND_IN))),
            outcomes_file.VARIABLE: str(outcomes),
        },
        check=False,  # tests fail that are expected to
    )
    return outcomes_file.read_outcomes(outcomes)


def main() -> int:
    """Fetch the tests, run them, and print what became of them. Returns the process's exit status."""
    number = version(DISTRIBUTION)
    print(f"The tests of {DISTRIBUTION} {number}", flush=True)
    with tempfile.TemporaryDirectory(prefix="amazon-provider-tests-") as temporary:
        try:
            tests = download_tests(number, Path(temporary))
        except subprocess.CalledProcessError as error:
            sys.exit(f"pip could not download the sdist ({error}): its package index must have it, and flit-core")
        outcomes = run_tests(tests, use_this_package(tests))
    problems = compare(outcomes, EXPECTED_FAILURES, FILES)
    print(summarize(outcomes, EXPECTED_FAILURES, STAND_INS))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
