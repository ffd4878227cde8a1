"""What made cases reach of the definitions in this repository, machine by machine."""

from __future__ import annotations

import pytest

from sfn_provider.compare.cases.made_cases import find_cases
from sfn_provider.compare.machine_analysis.machine_parts import PART_KINDS
from sfn_provider.translate.definitions import read_definition
from tests.compare.corpus import DEFAULT_FOLDERS, find_definitions

DEFINITIONS = dict(find_definitions(DEFAULT_FOLDERS))

REACHED = {
    "account_baseline": "6 of 6 states",
    "account_closing": "4 of 4 states, 2 of 2 choice rules",
    "awkward_names": "23 of 23 states, 6 of 6 choice rules",
    "export_polling": "6 of 6 states, 3 of 3 choice rules, 1 of 1 retrier",
    "hourly_cleanup": "1 of 1 state",
    "invoice_import": "5 of 5 states, 2 of 2 choice rules, 2 of 2 catchers, 2 of 2 retriers",
    "order_approval": "7 of 7 states, 2 of 2 choice rules, 1 of 1 catcher",
    "order_checks": "15 of 15 states, 4 of 4 choice rules, 3 of 3 catchers, 1 of 1 retrier",
    "order_prices": "10 of 10 states, 3 of 3 choice rules, 1 of 1 catcher, 1 of 1 retrier",
    "order_totals": "6 of 6 states, 2 of 2 choice rules, 1 of 1 catcher, 1 of 1 retrier",
    "parcel_routing": "9 of 9 states, 6 of 6 choice rules, 1 of 1 catcher",
    "photo_albums": "5 of 5 states, 1 of 1 retrier",
    "refund_batches": "11 of 11 states, 2 of 2 choice rules, 1 of 1 catcher, 1 of 1 retrier",
    "release_builds": "8 of 8 states, 4 of 4 choice rules, 1 of 1 retrier",
    "site_checks": "6 of 6 states, 1 of 1 catcher, 1 of 1 retrier",
    "three_loops": "10 of 10 states, 5 of 5 choice rules, 2 of 2 catchers",
    "sales_pipeline": "8 of 8 states, 2 of 2 choice rules, 1 of 1 catcher, 1 of 1 retrier",
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_made_cases_reach_everything_of(name: str) -> None:
    coverage = find_cases(read_definition(str(DEFINITIONS[name])).document.machine).coverage
    assert coverage.text == REACHED[name]
    assert all(reached == total for reached, total in map(coverage.counts, PART_KINDS))
