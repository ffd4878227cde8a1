"""Refuses connections and processes while a DAG runs in private: nothing leaves the machine."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from sfn_provider.exceptions import SfnProviderError


class LeavesMachine(SfnProviderError, ConnectionRefusedError):
    """A DAG tried to reach something outside of this process; the message says what."""


@contextmanager
def refuse_connections(report: Callable[[str], None]) -> Iterator[None]:
    """Refuses connections of sockets, look-ups of hosts, and new processes.

    Args:
        report: gets what was tried, as the end of a sentence: ``a connection to db.example.com:5432``.
    """

    def refuse(what: str) -> LeavesMachine:
        report(what)
        return LeavesMachine(f"{what} is refused: a compared DAG runs without network; only calls of AWS are answered")

    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def refuse_connect(self: socket.socket, address: Any) -> None:
        if self.family == getattr(socket, "AF_UNIX", None):
            return connect(self, address)
        raise refuse(f"a connection to {_endpoint(address)}")

    def refuse_lookup(host: Any, port: Any, *others: Any, **named: Any) -> Any:
        if host in (None, "", "localhost", "127.0.0.1", "::1"):
            return getaddrinfo(host, port, *others, **named)
        raise refuse(f"a connection to {_endpoint((host, port))}")

    def refuse_process(self: subprocess.Popen[Any], args: Any, *_: Any, **__: Any) -> None:
        command = args if isinstance(args, str) else " ".join(map(str, args))
        raise refuse(f"the process {command[:200]!r}")

    def refuse_datagram(self: socket.socket, data: Any, *address: Any) -> int:
        raise refuse(f"a datagram to {_endpoint(address[-1])}")

    def refuse_command(command: Any) -> int:
        raise refuse(f"the process {str(command)[:200]!r}")

    with ExitStack() as patches:
        patches.enter_context(patch.object(socket.socket, "connect", refuse_connect))
        patches.enter_context(patch.object(socket.socket, "connect_ex", refuse_connect))
        patches.enter_context(patch.object(socket, "getaddrinfo", refuse_lookup))
        patches.enter_context(patch.object(socket.socket, "sendto", refuse_datagram))
        patches.enter_context(patch.object(os, "system", refuse_command))
        patches.enter_context(patch.object(subprocess.Popen, "__init__", refuse_process))
        yield


def _endpoint(address: Any) -> str:
    if isinstance(address, tuple) and len(address) > 1:
        host = address[0].decode() if isinstance(address[0], bytes) else address[0]
        return f"{host}:{address[1]}"
    return str(address)
