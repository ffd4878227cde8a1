"""Timestamps as text and as seconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.engine.history.timestamps import format_time, parse_time

READ = {
    "1970-01-01T00:00:00Z": 0.0,
    "1970-01-01T00:00:01.5Z": 1.5,
    "1970-01-01T01:00:00+01:00": 0.0,
    "1969-12-31T23:30:00-00:30": 0.0,
    "1969-12-31T23:59:59.750Z": -0.25,
    "2016-03-05T21:29:29.243167252Z": 1457213369.243167252,
    "2024-02-29T00:00:00Z": 1709164800.0,
}


@pytest.mark.parametrize(("text", "at"), READ.items())
def test_read(text: str, at: float) -> None:
    assert parse_time(text) == pytest.approx(at, abs=1e-6)


UNREADABLE = [
    "",
    "now",
    "2024-01-01",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00Z",
    "2024-01-01T00:00:00z",
    "2024-01-01t00:00:00Z",
    "2024-01-01 00:00:00Z",
    "2024-01-01T00:00:00+0100",
    "2024-01-01T00:00:00.Z",
    "2023-02-29T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:00:00+25:00",
    "2024-01-01T00:00:00.1234567890Z",
    "2024-01-01T00:00:00.\u0665Z",
    " 2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00Z\n",
    "0000-01-01T00:00:00Z",
    "٢٠٢٤-01-01T00:00:00Z",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(text: str) -> None:
    assert parse_time(text) is None


WRITTEN = {
    0.0: "1970-01-01T00:00:00.000Z",
    1.0005: "1970-01-01T00:00:01.000Z",
    1.25: "1970-01-01T00:00:01.250Z",
    0.9996: "1970-01-01T00:00:01.000Z",
    -0.25: "1969-12-31T23:59:59.750Z",
    1_735_689_600.0: "2025-01-01T00:00:00.000Z",
}


@pytest.mark.parametrize(("at", "text"), WRITTEN.items())
def test_written(at: float, text: str) -> None:
    assert format_time(at) == text


@given(st.integers(min_value=0, max_value=253_402_300_799_999))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    assert parse_time(format_time(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=5e-4)
