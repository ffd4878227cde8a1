"""The pytest plugin: the fixture `state_test`, which tests one state as AWS's TestState does.

pytest loads this module in every environment that has this package, so it imports nothing else until a test uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sfn_provider.testing.state_tests import StateTest


@pytest.fixture
def state_test(request: pytest.FixtureRequest) -> StateTest:
    """Test one state without calling anything; see docs/testing-states.md.

    A file that is named by a relative path is searched beside the test, then from where pytest runs::

        def test_a_busy_service_is_asked_again(state_test):
            outcome = state_test("pipeline.asl.json#Charge", {"order": 1}, error="Busy", retry_count=2)
            outcome.assert_retried(after=4)
    """
    from sfn_provider.testing.state_tests import StateTest

    return StateTest(request.path.parent)
