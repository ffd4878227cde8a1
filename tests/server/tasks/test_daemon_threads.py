"""Threads for calls: how many run at once, how results and errors come back, and that they are daemons."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event, current_thread

import pytest

from sfn_provider.server.tasks.daemon_threads import DaemonThreads


def test_results_and_errors_come_by_the_future() -> None:
    threads = DaemonThreads(2, "calls")
    assert threads.submit(divmod, 7, 2).result(10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 7, 0).result(10)


def test_threads_do_not_keep_the_process_alive() -> None:
    assert DaemonThreads(1, "calls").submit(lambda: current_thread().daemon).result(10) is True


def test_calls_above_the_limit_wait_for_others() -> None:
    threads, go, begun = DaemonThreads(2, "calls"), Event(), [Event() for _ in range(4)]

    def work(number: int) -> int:
        begun[number].set()
        assert go.wait(10)
        return number

    futures: list[Future[int]] = [threads.submit(work, number) for number in range(4)]
    assert begun[0].wait(10)
    assert begun[1].wait(10)
    assert futures[3].cancel()
    assert not begun[2].is_set()
    go.set()
    assert [future.result(10) for future in futures[:3]] == [0, 1, 2]
    assert threads.submit(work, 3).result(10) == 3
