"""Runs calls in threads that do not keep the process alive: `DaemonThreads`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_Result = TypeVar("_Result")


class DaemonThreads(Executor):
    """Runs each call in a daemon thread of its own; calls above the limit wait until another has ended.

    The threads of ``ThreadPoolExecutor`` are joined when the interpreter ends: a user's function that never returns
    would keep a server alive that Ctrl-C has ended.

    Args:
        limit: how many calls run at the same time.
        name: the name of the threads, for debuggers.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit, self._name = limit, name
        self._running = 0
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = Lock()

    def submit(self, fn: Callable[_P, _Result], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_Result]:
        """Run a call; a future that is cancelled before its call has begun has none."""
        future: Future[_Result] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._running == self._limit:
                self._waiting.append(call)
                return future
            self._running += 1
        Thread(target=self._run, args=(call,), name=self._name, daemon=True).start()
        return future

    def _run(self, call: Callable[[], Any]) -> None:
        following: Callable[[], Any] | None = call
        while following is not None:
            following()
            with self._lock:
                following = self._waiting.popleft() if self._waiting else None
                if following is None:
                    self._running -= 1
