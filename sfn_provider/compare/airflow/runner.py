"""Runs DAG files in a private Airflow: a child process with its own home folder and database."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sfn_provider
from sfn_provider.engine import Mocks
from sfn_provider.engine.simulation.mock_files import OBJECTS_VARIABLE
from sfn_provider.exceptions import SfnProviderError
from sfn_provider.translate import translate

Json = Any

_LOG_TAIL = 10_000
"""Bytes of Airflow's log that are read for its last lines: over many runs it gets long."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""What colours a text in a terminal."""

_WARM_UP_MACHINE = {"StartAt": "Nothing", "States": {"Nothing": {"Type": "Pass", "End": True}}}


class AirflowRunFailed(SfnProviderError):
    """Airflow itself failed: the DAG file does not import, or the process died. Not for a state that failed."""


@dataclass(frozen=True, slots=True)
class DagRunResult:
    """One run of a DAG.

    Args:
        state: ``success`` or ``failed``.
        run_id: id of the DAG run.
        seconds: wall time of the run, without Airflow's start.
        tasks: for each task instance ``task_id``, ``map_index``, ``state``, ``started`` and ``ended`` (seconds since
            the epoch), and the XComs ``return_value``, ``token``, ``error`` and ``history`` of those that ran;
            ``stopped`` of those that another branch's failure has stopped.
        log: the end of Airflow's log.
        requests: how many requests tasks sent to Airflow; 0 on Airflow 2, whose tasks use the database.
        caught: the calls of AWS and what else `sfn_provider.compare.airflow.intercepted_run.run_caught` found; None
            where they were not caught.
    """

    state: str
    run_id: str
    seconds: float
    tasks: tuple[Mapping[str, Json], ...]
    log: str = ""
    requests: int = 0
    caught: Mapping[str, Json] | None = None


class AirflowRunner:
    """A child process with a private Airflow that runs one DAG file after another.

    The first run costs the start of Airflow, some ten seconds; those after it little more than their tasks.

    Args:
        python: the interpreter, which has another Airflow; None for that of this process. It imports this package as
            it is here, and nothing else of what this process has.
    """

    def __init__(self, python: str | None = None) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="sfn-provider-airflow-"))
        self._python = python
        self._process: subprocess.Popen[str] | None = None
        self._calls_aws = False

    def run(
        self,
        source: str,
        dag_id: str | None,
        configuration: Mapping[str, Json],
        mocks: Mapping[str, Json] | None,
        *,
        caught: Mapping[str, Json] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> DagRunResult:
        """Run a DAG once.

        Args:
            source: text of the DAG file.
            dag_id: the DAG in it; None for the only one.
            configuration: the run's configuration.
            mocks: a mock configuration with one test case, or None to call AWS.
            caught: catches all calls of AWS and answers them, as for
                `sfn_provider.compare.airflow.intercepted_run.run_caught`; None to let them through.
            environment: variables that lead the calls to a server on this machine in place of AWS: the process has no
                others of AWS. Retries come at once then, whatever their delay. None for no such server.

        Raises:
            AirflowRunFailed: where Airflow itself fails.
        """
        calls_aws = mocks is None and caught is None and environment is None
        if self._process is not None and calls_aws != self._calls_aws:
            self._stop(timeout=10)  # its environment has credentials that it must not have, or lacks them
        self._calls_aws = calls_aws
        if self._process is None:
            self._warm_up()
        return self._run(source, dag_id, configuration, mocks, caught, environment)

    def _warm_up(self) -> None:
        """Run a DAG of one task, so that what Airflow does only once does not count in the times of later runs."""
        source = translate(_WARM_UP_MACHINE, dag_id="warm_up").source
        self._run(source, "warm_up", {}, Mocks.from_mapping({}).as_configuration(), None)

    def _run(
        self,
        source: str,
        dag_id: str | None,
        configuration: Mapping[str, Json],
        mocks: Mapping[str, Json] | None,
        caught: Mapping[str, Json] | None,
        environment: Mapping[str, str] | None = None,
    ) -> DagRunResult:
        path = self._write(source)
        job: dict[str, Json] = {
            "path": str(path),
            "dag_id": dag_id,
            "configuration": dict(configuration),
            "mocks": None,
            "caught": caught,
            "environment": None if environment is None else dict(environment),
        }
        if mocks is not None:
            mock_path = self._home / "mocks.json"
            mock_path.write_text(json.dumps(mocks), encoding="utf-8")
            job["mocks"] = f"{mock_path}#"
        result = self._request(job)
        return DagRunResult(
            state=result["state"],
            run_id=result["run_id"],
            seconds=result["seconds"],
            tasks=tuple(result["tasks"]),
            log=self._log_tail(),
            requests=result["requests"],
            caught=result.get("caught"),
        )

    def close(self) -> None:
        """End the process and remove its folder."""
        self._stop(timeout=10)
        shutil.rmtree(self._home, ignore_errors=True)

    def _stop(self, timeout: float) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with process, suppress(BrokenPipeError):  # closes the pipes
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()

    def _write(self, source: str) -> Path:
        """Write the DAG file, alone in its folder.

        The folder is created again each time: Python takes the compiled module of another file of the same name and
        size that is less than a second older. Its name hides nothing that a user's DAG file imports.
        """
        path = self._home / "dags" / "translated_by_sfn_provider.py"
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir()
        path.write_text(source, encoding="utf-8")
        return path

    def _request(self, job: Mapping[str, Json]) -> dict[str, Json]:
        process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise AssertionError("the process was started with pipes")
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        except BaseException:  # interrupted: what comes would be taken for the answer to the next job
            self._stop(timeout=0)
            raise
        if not line:
            self._stop(timeout=1)
            raise AirflowRunFailed(f"Airflow ended unexpectedly; the end of its log:\n{self._log_tail()}")
        answer: dict[str, Json] = json.loads(line)
        if "failure" in answer:
            raise AirflowRunFailed(f"{answer['failure']}\n{answer['trace']}")
        found: dict[str, Json] = answer["result"]
        return found

    def _start(self) -> subprocess.Popen[str]:
        with (self._home / "airflow.log").open("w") as log:
            self._process = subprocess.Popen(
                [self._python or sys.executable, "-P", "-m", "sfn_provider.compare.airflow.child_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=private_environment(self._home, calls_aws=self._calls_aws) | self.search_path(),
            )
        return self._process

    def search_path(self) -> dict[str, str]:
        """Return the search path of another interpreter: a folder with this package alone.

        What is beside the package belongs to the interpreter of this process: another Airflow, above all.
        """
        if self._python is None:
            return {}
        folder = self._home / "package"
        folder.mkdir(exist_ok=True)
        link = folder / sfn_provider.__name__
        if not link.exists():
            link.symlink_to(Path(sfn_provider.__file__).parent, target_is_directory=True)
        return {"PYTHONPATH": str(folder)}

    def _log_tail(self) -> str:
        with (self._home / "airflow.log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL))
            return "\n".join(_plain_lines(log.read().decode(errors="replace"))[-20:])


def _plain_lines(text: str) -> list[str]:
    """Return the lines of a log without colours, and without the boxes in which Airflow 3.0 draws a traceback."""
    lines = _COLOURS.sub("", text).splitlines()
    return [line for line in lines if not line.startswith(("│", "╭", "╰"))]


_NO_CREDENTIALS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""What hides the other places where AWS's clients find credentials: the machine's role, and files."""

_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def private_environment(home: Path, *, calls_aws: bool = False) -> dict[str, str]:
    """Return the environment of a private Airflow, without any of the user's Airflow settings.

    Args:
        home: the folder; it becomes AIRFLOW_HOME.
        calls_aws: its tasks call AWS; otherwise it gets no variable of AWS but the region, so no credentials.
    """
    package_folder = str(Path(sfn_provider.__file__).parent.parent)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW")
        and name != "PYTHONDONTWRITEBYTECODE"
        and (calls_aws or not name.startswith(("AWS_", "BOTO")) or name in _REGIONS)
    }
    search_path = [package_folder, *filter(None, [inherited.get("PYTHONPATH")])]
    return (
        inherited
        | ({} if calls_aws else _NO_CREDENTIALS)
        | {
            "PYTHONPATH": os.pathsep.join(search_path),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            "AIRFLOW__SFN_PROVIDER__WAITING": "block",  # dag.test() drops what a deferral keeps
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "DO_NOT_TRACK": "true",  # dag-factory reports what it loads
            OBJECTS_VARIABLE: home.anchor,  # its mock files name the files of this process's mocks
            "SFN_PROVIDER_HISTORY": str(home / "history.jsonl"),  # an XCom for each task would take longer
        }
    )


@cache
def shared_runner(python: str | None = None) -> AirflowRunner:
    """Return the runner of this process for an interpreter; it is closed when the process ends.

    Args:
        python: as for `AirflowRunner`.
    """
    runner = AirflowRunner(python)
    atexit.register(runner.close)
    return runner
