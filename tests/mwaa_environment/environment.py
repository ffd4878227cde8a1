"""An environment of Amazon MWAA on this machine: what AWS's images run, as processes.

The web server, the scheduler, the DAG processor, the triggerer and two workers have the Python that
``tests.mwaa_environment.environments`` has made: Airflow in the versions of the image, and this package from its
plugins.zip. AWS is moto's server, but Lambda and Step Functions are the tests' own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.whole_airflow.postgres import add_postgres
from tests.fixtures.whole_airflow.processes import Processes, free_port
from tests.fixtures.whole_airflow.real_airflow import RealAirflow
from tests.mwaa_environment.configuration import settings
from tests.mwaa_environment.environments import FOLDER
from tests.mwaa_environment.redis import add_redis

START = 300.0
"""Seconds for an environment to come up."""

WORKERS = ("worker-1", "worker-2")
COMPONENTS = ("web", "scheduler", "dag-processor", "triggerer", *WORKERS)

_API = {2: "v1", 3: "v2"}
_WEB = {2: ["webserver", "--hostname", "127.0.0.1"], 3: ["api-server", "--host", "127.0.0.1"]}
# MWAA knows its users by IAM. Here everybody is one who may do everything.
_WEBSERVER_CONFIG = 'AUTH_ROLE_PUBLIC = "Admin"\nWTF_CSRF_ENABLED = True\n'


@dataclass(frozen=True)
class MwaaEnvironment(RealAirflow):
    """An environment that runs.

    Args:
        processes: its processes.
        server: the address of its web server, without a slash at the end.
        version: the version of its REST API.
        airflow_version: the version of Airflow: ``3.3.1``.
    """

    airflow_version: str = ""

    @property
    def major(self) -> int:
        """The first part of Airflow's version."""
        return int(self.airflow_version.partition(".")[0])

    def airflow(self, *arguments: str) -> str:
        """Run Airflow's command line and give what it prints."""
        done = subprocess.run(
            [_python(self.airflow_version), "-m", "airflow", *arguments],
            env=self.processes.environment,
            cwd=self.processes.home,
            capture_output=True,
            text=True,
            timeout=START,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def mwaa_environment(airflow_version: str, aws: dict[str, str]) -> Iterator[MwaaEnvironment]:
    """Start an environment, and end it.

    Args:
        airflow_version: a version of Airflow that has a Python environment.
        aws: environment variables that lead to AWS.
    """
    home = Path(tempfile.mkdtemp(prefix="mwaa-"))
    for folder in ("airflow/dags", "airflow/logs"):
        (home / folder).mkdir(parents=True)
    (home / "airflow" / "webserver_config.py").write_text(_WEBSERVER_CONFIG)
    processes = Processes(home / "airflow", os.environ, {})
    try:
        environment = _configure(airflow_version, processes, home, aws)
        environment.airflow("db", "migrate")
        for component in COMPONENTS:
            processes.start(component)
        processes.wait_until("a healthy environment", environment.is_healthy, START)
        yield environment
    finally:
        processes.stop()
    shutil.rmtree(home, ignore_errors=True)


def _configure(version: str, processes: Processes, home: Path, aws: dict[str, str]) -> MwaaEnvironment:
    database, broker = add_postgres(processes), add_redis(processes, home / "redis")
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    environment = MwaaEnvironment(processes, server, _API[int(version[0])], version)
    plugins = str(FOLDER / version / "plugins")
    configured = settings(environment.major, str(processes.home), plugins, server, database, broker)
    ours = ("AIRFLOW", "AWS_", "PYTEST", "PYTHON", "SFN_PROVIDER")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = f"{Path(_python(version)).parent}{os.pathsep}{os.environ['PATH']}"
    processes.environment = kept | configured | aws | {"PATH": path, "no_proxy": "*"}
    processes.commands |= _commands(version, processes.home, port)
    return environment


def _commands(version: str, home: Path, port: int) -> dict[str, list[str]]:
    run = [_python(version), "-m", "airflow"]
    return {
        "web": [*run, *_WEB[int(version[0])], "--port", str(port)],
        "scheduler": [*run, "scheduler", "--skip-serve-logs"],
        "dag-processor": [*run, "dag-processor"],
        "triggerer": [*run, "triggerer", "--skip-serve-logs"],
        **{name: [*run, "celery", "worker", "--skip-serve-logs", *_named(name, home)] for name in WORKERS},
    }


def _named(worker: str, home: Path) -> list[str]:
    return ["--celery-hostname", f"{worker}@%h", "--pid", str(home / f"{worker}.pid")]


def _python(version: str) -> str:
    return str(FOLDER / version / "venv" / "bin" / "python")
