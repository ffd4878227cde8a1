"""Ends HTTPS calls: when their time is over, or when the task that makes them is killed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_open: set[CallDeadline] = set()
_lock = threading.Lock()


class CallDeadline:
    """The time of one call as a whole. A timeout of a socket is one of each read, which a byte now and then outlasts.

    Args:
        seconds: how long the call may take.
    """

    def __init__(self, seconds: float) -> None:
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self.end)
        self._timer.daemon = True
        self.has_ended = False

    def watch(self, connection: socket.socket) -> None:
        """End the call by this connection, too. Its descriptor is copied: TLS takes the original away."""
        self._sockets.append(connection.dup())
        if self.has_ended:
            self.end()

    def end(self) -> None:
        """Shut the call's connections down: whoever reads from them goes on with an error."""
        self.has_ended = True
        for connection in self._sockets:
            with suppress(OSError):  # it is not connected any more
                connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the time run while the context is open."""
        with _lock:
            _open.add(self)
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()
            with _lock:
                _open.discard(self)
            for connection in self._sockets:
                connection.close()


def end_calls() -> None:
    """End all calls of this process: its task was killed."""
    with _lock:
        calls = list(_open)
    for call in calls:
        call.end()


def watched_classes(deadline: CallDeadline) -> dict[str, Any]:
    """Return the connection pools of urllib3 whose connections a deadline ends, by the scheme of URLs."""
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    def watched(connection_class: Any, pool_class: Any) -> Any:
        def connect_watched(self: Any) -> socket.socket:
            made: socket.socket = connection_class._new_conn(self)
            deadline.watch(made)
            return made

        watched_connection = type("WatchedConnection", (connection_class,), {"_new_conn": connect_watched})
        return type("WatchedPool", (pool_class,), {"ConnectionCls": watched_connection})

    return {
        "http": watched(HTTPConnection, HTTPConnectionPool),
        "https": watched(HTTPSConnection, HTTPSConnectionPool),
    }


@contextmanager
def end_calls_on_kill() -> Iterator[None]:
    """End all HTTPS calls where what the context does is interrupted: nothing waits for their responses any more."""
    try:
        yield
    except BaseException:
        end_calls()
        raise
