"""Parses DAG files as Airflow's DAG processor does, and prints how long each took.

``python parse_dags.py SAMPLES FILE...``: one line of JSON, the seconds of processor time of all samples by file, best
first. Each sample is a process forked from one that has imported what the DAG processor has: Airflow, and what the
files import of it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path

import structlog
from airflow.dag_processing.processor import DagFileParseRequest, _parse_file
from airflow.utils.file import iter_airflow_imports


def sample(path: str) -> float:
    """Parse a file in a new process, serialisation of its DAGs included; give the seconds."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        request = DagFileParseRequest(
            file=path, bundle_path=Path(path).parent, bundle_name="bench", callback_requests=[]
        )
        start = time.process_time()
        parsed = _parse_file(request, structlog.get_logger())
        took = time.process_time() - start
        assert parsed is not None and not parsed.import_errors, parsed
        assert len(parsed.serialized_dags) == 1
        os.write(writer, repr(took).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        took = float(told.read())
    os.wait()
    return took


def main() -> None:
    """Sample the files in turn, so that a slow moment of the machine meets all of them."""
    samples, *paths = sys.argv[1:]
    for path in paths:
        for module in iter_airflow_imports(path):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # as the DAG processor's manager does, so that no sample pays for a look at all of Airflow
    taken: dict[str, list[float]] = {path: [] for path in paths}
    for _ in range(int(samples)):
        for path in paths:
            taken[path].append(sample(path))
    print(json.dumps({path: sorted(seconds) for path, seconds in taken.items()}))


if __name__ == "__main__":
    main()
