"""Virtual, real and faster time."""

from __future__ import annotations

import time

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.server.driver.clocks import ScaledClock, VirtualClock, check_time_mode, make_clock
from tests.fixtures.local_service import serve
from tests.fixtures.machines.engine import one


def test_virtual_time_jumps_to_what_is_next() -> None:
    clock = VirtualClock(100.0)
    assert clock.delay(1_000.0, awaits_others=False) == 0.0
    clock.advance(1_000.0)
    assert clock.now() == 1_000.0
    clock.advance(900.0)
    assert clock.now() == 1_000.0


def test_virtual_time_flows_while_others_are_awaited() -> None:
    clock = VirtualClock(100.0)
    assert 59.0 < clock.delay(160.0, awaits_others=True) <= 60.0
    time.sleep(0.02)
    assert 100.02 <= clock.now() < 110.0
    clock.delay(160.0, awaits_others=False)
    stopped = clock.now()
    time.sleep(0.01)
    assert clock.now() == stopped


def test_time_may_pass_faster() -> None:
    clock = ScaledClock(100.0, speed=1_000.0)
    time.sleep(0.01)
    assert clock.now() >= 110.0
    assert clock.delay(1_000_100.0, awaits_others=False) == pytest.approx(1_000.0, abs=5.0)


@pytest.mark.parametrize("mode", [0, -1.0, float("inf"), float("nan"), True, "fast", None], ids=str)
def test_other_ways_of_time_are_refused(mode: object) -> None:
    with pytest.raises(UsageError, match="must be 'virtual', 'real' or how many times faster"):
        check_time_mode(mode)  # type: ignore[arg-type]


def test_real_time_passes_as_fast_as_it_does() -> None:
    assert isinstance(make_clock("real", 0.0), ScaledClock)
    with serve(time="real") as service:
        began = time.monotonic()
        described = service.run(one({"Type": "Wait", "Seconds": 1}))
        took = time.monotonic() - began
    assert 1.0 <= (described["stopDate"] - described["startDate"]).total_seconds() <= took
