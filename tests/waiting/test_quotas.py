"""The gap between two rounds of lists, by their pages."""

from __future__ import annotations

import pytest

from sfn_provider.waiting.quotas import list_gap


@pytest.mark.parametrize(
    ("pages", "region", "seconds"),
    [
        (0, "us-east-1", 0),
        (1, "us-east-1", 0),
        (1, "eu-central-1", 0),
        (2, "us-east-1", 2),
        (5, "us-east-1", 8),
        (11, "us-east-1", 10),
        (2, "eu-central-1", 5),
        (3, "eu-central-1", 10),
        (100, "eu-central-1", 10),
    ],
)
def test_each_further_page_takes_a_tenth_of_the_quota(pages: int, region: str, seconds: float) -> None:
    assert list_gap(pages, region) == seconds
