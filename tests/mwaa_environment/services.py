"""PostgreSQL and Redis, started in a folder on free ports."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from tests.fixtures.processes import Processes, free_port

# Debian does not put PostgreSQL's server on the path.
_POSTGRES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin")), *map(Path, os.environ["PATH"].split(os.pathsep)))
REDIS = shutil.which("redis-server")


def missing() -> list[str]:
    """The programs that are not on this machine."""
    there = {"PostgreSQL's initdb": _program("initdb"), "redis-server": REDIS}
    return [name for name, path in there.items() if path is None]


def add_postgres(processes: Processes, folder: Path) -> str:
    """Make a database in a folder, start its server and give its address, for SQLAlchemy."""
    folder.mkdir()
    user = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=TERM"]
    data, port = folder / "data", free_port()
    init = [*user, str(_program("initdb")), "--auth=trust", "--username=airflow", "--no-sync", f"--pgdata={data}"]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "max_connections": 300,
        "fsync": "off",
    }
    given = [f"-c{name}={value}" for name, value in options.items()]
    processes.commands["postgres"] = [*user, str(_program("postgres")), f"-D{data}", f"-p{port}", *given]
    processes.start("postgres")
    create = [str(_program("createdb")), "--host=127.0.0.1", f"--port={port}", "--username=airflow", "airflow"]
    processes.wait_until("PostgreSQL", lambda: subprocess.run(create, capture_output=True).returncode == 0)
    return f"postgresql+psycopg2://airflow@127.0.0.1:{port}/airflow"


def add_redis(processes: Processes, folder: Path) -> str:
    """Start a server that keeps nothing on disk, and give its address."""
    folder.mkdir()
    port = free_port()
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    processes.commands["redis"] = [str(REDIS), "--port", str(port), *options]
    processes.start("redis")
    processes.wait_until("Redis", lambda: "Ready to accept connections" in processes.tail("redis"))
    return f"redis://127.0.0.1:{port}/0"


def _program(name: str) -> str | None:
    found = [folder / name for folder in _POSTGRES if (folder / name).exists()]
    return str(found[-1]) if found else None
