"""Runs DAG files in a private Airflow: the child process of `sfn_provider.compare.airflow.runner`.

Reads a job a line from standard input and writes an answer a line to standard output, both JSON. Its environment says
where Airflow's home is; it must not be the user's own.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

from sfn_provider._compat import airflow_major, patch_dag_test
from sfn_provider.compare.airflow.branch_failures import MAX_RUNS, find_overrun_failures, known_failures
from sfn_provider.compare.airflow.in_process_api import serve_requests_in_thread
from sfn_provider.compare.airflow.intercepted_run import listen_to_tasks, run_caught
from sfn_provider.compare.airflow.virtual_clock import VirtualClock
from sfn_provider.compare.airflow.virtual_order import run_in_virtual_order, runs_many_states
from sfn_provider.runtime.routing.routing_token import ERROR_KEY, STOPPED_KEY, TOKEN_KEY
from sfn_provider.xcom_json import decode_xcom

Json = Any

_CLOCK = VirtualClock()


def main() -> None:
    """Answer jobs until standard input ends."""
    _CLOCK.install()
    gc.disable()  # while Airflow is imported, which nearly all stays for
    answers = _redirect_stdout()
    from airflow.utils.db import initdb

    _disable_disk_sync()
    patch_dag_test()
    _check_schemas_once()
    _log_errors_only()
    initdb()
    listen_to_tasks()
    requests = serve_requests_in_thread()
    for line in sys.stdin:
        try:
            before = requests()
            result = run(**json.loads(line))
            answer: dict[str, Json] = {"result": {**result, "requests": requests() - before}}
        except Exception as error:  # the parent raises it again, with the trace
            answer = {"failure": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        if not gc.isenabled():
            _leave_out_of_garbage_collection()


def _leave_out_of_garbage_collection() -> None:
    """Leave what the first run has imported out of all later garbage collections."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def _disable_disk_sync() -> None:
    """Let SQLite not wait for the disk: the database is not needed after a power failure."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def do_not_wait(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()


def _check_schemas_once() -> None:
    """Check the schema of a param once: Airflow does whenever it reads one, in a fifth of the time of a run."""
    from jsonschema import Draft202012Validator

    check = Draft202012Validator.check_schema
    checked: set[str] = set()

    def check_once(schema: Any, **options: Any) -> None:
        text = json.dumps(schema, default=repr)
        if text not in checked:
            check(schema, **options)
            checked.add(text)

    patch.object(Draft202012Validator, "check_schema", check_once).start()


def _log_errors_only() -> None:
    """Apply the log level of the private Airflow on 3.0, whose ``dag.test()`` logs all that tasks do."""
    if airflow_major() < 3:
        return
    import structlog

    if not structlog.is_configured():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _redirect_stdout() -> IO[str]:
    """Reserve standard output for answers; what Airflow prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def run(
    path: str,
    dag_id: str | None,
    configuration: dict[str, Json],
    mocks: str | None,
    caught: dict[str, Json] | None = None,
    environment: dict[str, str] | None = None,
) -> dict[str, Json]:
    """Run a DAG once with ``dag.test()``.

    Args:
        path: the DAG file.
        dag_id: the DAG in it; None for the only one.
        configuration: the run's configuration.
        mocks: reference to a mock test case, as `load_mocks` takes it.
        caught: as for `run_caught`, to catch the calls of AWS that the DAG makes; None to let them through.
        environment: variables of the run that lead its calls to a server on this machine; None where it calls AWS.

    Returns:
        ``state`` and ``run_id`` of the run, ``seconds`` that it took, ``tasks`` with their states, those of this
        package's operators with their XComs, and ``caught``: what `run_caught` found.
    """
    from sfn_provider.runtime.display.task_history import HISTORY_VARIABLE
    from sfn_provider.runtime.routing.dag_run_execution import MOCKS_VARIABLE

    if mocks is None:
        os.environ.pop(MOCKS_VARIABLE, None)
    else:
        os.environ[MOCKS_VARIABLE] = mocks
    history = Path(os.environ[HISTORY_VARIABLE])
    history.unlink(missing_ok=True)
    load = partial(_load_dag, path, Path(path).read_text(encoding="utf-8"), dag_id)
    found: dict[str, Json] | None = None
    if caught is not None:
        started = time.perf_counter()
        finished, found = run_caught(load, configuration, caught, _CLOCK)
    else:
        dag = load()
        started = time.perf_counter()
        run_dag = partial(_test_in_virtual_time, history=history) if mocks is not None else _test
        if environment is not None:
            run_dag = partial(_test_on_local_server, environment=environment)
        finished = run_dag(dag, configuration)
    seconds = time.perf_counter() - started
    histories = _read_histories(history)
    xcoms = _read_xcoms(finished, None if caught is None else {task_id for task_id, _ in histories})
    tasks = [_describe_task(instance, xcoms, histories) for instance in finished.get_task_instances()]
    state = str(finished.state)
    return {"state": state, "run_id": finished.run_id, "seconds": seconds, "tasks": tasks, "caught": found}


def _test(dag: Any, configuration: dict[str, Json]) -> Any:
    return dag.test(run_conf=configuration)


def _test_on_local_server(dag: Any, configuration: dict[str, Json], environment: dict[str, str]) -> Any:
    """Run a DAG whose AWS clients are led elsewhere by the environment; its retries come at once."""
    fields = {"retry_delay": timedelta(0), "retry_exponential_backoff": False}
    for task in dag.tasks:
        if (partial_arguments := getattr(task, "partial_kwargs", None)) is not None:  # a mapped task
            partial_arguments.update(fields)
        else:
            for name, value in fields.items():
                setattr(task, name, value)
    with patch.dict(os.environ, environment):
        return _test(dag, configuration)


def _test_in_virtual_time(dag: Any, configuration: dict[str, Json], history: Path) -> Any:
    """Run a DAG until no task of several states has run past the failure of another branch."""
    known: list[dict[str, Json]] = []
    may_overrun = any(map(runs_many_states, dag.tasks))
    for _ in range(MAX_RUNS):
        with _in_virtual_time(dag), known_failures(known):
            finished = _test(dag, configuration)
        if not may_overrun:
            break
        found = find_overrun_failures(dag, _read_xcoms(finished, None))
        if not found or found == known:
            break
        known = found
        history.unlink(missing_ok=True)
    return finished


@lru_cache(maxsize=1)
def _load_dag(path: str, text: str, dag_id: str | None) -> Any:
    """The DAG in a file, parsed once as long as the text is the same: replays run one DAG many times."""
    from sfn_provider._compat import DagBag

    bag = DagBag(Path(path).parent)
    if bag.import_errors:
        raise RuntimeError("the DAG file does not import:\n" + "\n".join(bag.import_errors.values()))
    if dag_id is None and len(bag.dags) != 1:
        raise RuntimeError(f"the DAG file has {len(bag.dags)} DAGs; name one of: {', '.join(sorted(bag.dags))}")
    return bag.dags[dag_id] if dag_id is not None else next(iter(bag.dags.values()))


@contextmanager
def _in_virtual_time(dag: Any) -> Iterator[None]:
    with _shorten_sleeps(), run_in_virtual_order(dag):
        yield


@contextmanager
def _shorten_sleeps() -> Iterator[None]:
    """Shortens sleeps: where no task is ready, ``dag.test()`` sleeps a second, once for each that a failure skips."""
    sleep = time.sleep

    def sleep_shortly(seconds: float) -> None:
        sleep(min(seconds, 0.01))

    with patch("time.sleep", sleep_shortly):
        yield


def _read_histories(history: Path) -> dict[tuple[str, int], Json]:
    """The history of each task instance, by its task id and map index."""
    lines = history.read_text(encoding="utf-8").splitlines() if history.exists() else []
    return {(task_id, map_index): records for task_id, map_index, records in map(json.loads, lines)}


def _read_xcoms(run: Any, task_ids: set[str] | None) -> dict[tuple[str, int, str], Json]:
    """The XComs of a DAG run that say how its tasks ended, by task id, map index and key.

    ``task_ids`` are the tasks that are this package's; None for all.
    """
    from sfn_provider._compat import XComRow, create_session

    with create_session() as session:
        columns = (XComRow.task_id, XComRow.map_index, XComRow.key, XComRow.value)
        rows = session.query(*columns).filter_by(dag_id=run.dag_id, run_id=run.run_id)
        rows = rows.filter(XComRow.key.in_(("return_value", TOKEN_KEY, ERROR_KEY, STOPPED_KEY)))
        values = {
            (row.task_id, row.map_index, row.key): XComRow.deserialize_value(row)
            for row in rows
            if task_ids is None or row.task_id in task_ids
        }
    return {place: decode_xcom(value) for place, value in values.items()}


def _describe_task(
    instance: Any, all_xcoms: dict[tuple[str, int, str], Json], histories: dict[tuple[str, int], Json]
) -> dict[str, Json]:
    place = (instance.task_id, instance.map_index)
    keys = ("return_value", TOKEN_KEY, ERROR_KEY) if instance.state in ("success", "failed") else (STOPPED_KEY,)
    xcoms = {key: all_xcoms.get((*place, key)) for key in keys}
    if (records := histories.get(place)) is not None:
        xcoms["history"] = records
    times = {
        key: at.timestamp() if at is not None else None
        for key, at in (("started", instance.start_date), ("ended", instance.end_date))
    }
    named = {"task_id": instance.task_id, "map_index": instance.map_index, "state": str(instance.state)}
    return {**named, **times, **xcoms}


if __name__ == "__main__":
    main()
