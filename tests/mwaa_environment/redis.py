"""Redis, started in a folder on a free port."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.fixtures.whole_airflow.processes import Processes, free_port

REDIS = shutil.which("redis-server")


def add_redis(processes: Processes, folder: Path) -> str:
    """Start a server that keeps nothing on disk, and give its address."""
    folder.mkdir()
    port = free_port()
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    processes.commands["redis"] = [str(REDIS), "--port", str(port), *options]
    processes.start("redis")
    processes.wait_until("Redis", lambda: "Ready to accept connections" in processes.tail("redis"))
    return f"redis://127.0.0.1:{port}/0"
