"""The functions that make up a state type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.compiled import Compiled
from sfn_provider.engine.execution_state import Frame
from sfn_provider.engine.requests import Event
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.engine.step import Run


def _unexpected(_run: Run, frame: Frame, state: Compiled, *what: Any) -> None:
    raise AssertionError(f"{state.model.type} state {frame.state!r} cannot take {what!r}")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a state type does.

    Args:
        execute: does the state's work; ends by leaving the state, or with open requests, or with children. Is called
            again for a retry.
        answered: takes the answer to a request of the state, with the request's purpose.
        child_succeeded: takes the output of a branch or iteration.
        child_failed: takes the error of a branch or iteration.
    """

    execute: Callable[[Run, Frame, Compiled], None]
    answered: Callable[[Run, Frame, Compiled, str, Event], None] = _unexpected
    child_succeeded: Callable[[Run, Frame, Compiled, Frame, Json], None] = _unexpected
    child_failed: Callable[[Run, Frame, Compiled, Frame, StatesError], None] = _unexpected
