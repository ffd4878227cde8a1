"""Makes the answers of an execution's tasks for its input; each definition is opened once."""

from __future__ import annotations

from functools import lru_cache

from sfn_provider.asl.document import open_machine
from sfn_provider.asl.scope import Json
from sfn_provider.engine.simulation.mocks import Mocks

_open_once = lru_cache(maxsize=64)(open_machine)
"""Many executions run one definition; its model alone is kept, not its text and positions."""


def mocks_for_execution(definition: str, input: Json) -> Mocks:
    """Make the answers of an execution's tasks for its input.

    Args:
        definition: the definition that it runs, as text.
        input: its input.
    """
    from sfn_provider.compare.cases.made_cases import mocks_for_input  # needs networkx

    return mocks_for_input(_open_once(definition), input)
