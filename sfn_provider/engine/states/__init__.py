"""Maps each state type to the functions that run it."""

from __future__ import annotations

from sfn_provider.engine.execution_step import StateHandler
from sfn_provider.engine.states import choice, fail, map, parallel, pass_, succeed, task, wait

STATE_HANDLERS: dict[str, StateHandler] = {
    "Task": task.HANDLER,
    "Pass": pass_.HANDLER,
    "Choice": choice.HANDLER,
    "Wait": wait.HANDLER,
    "Succeed": succeed.HANDLER,
    "Fail": fail.HANDLER,
    "Parallel": parallel.HANDLER,
    "Map": map.HANDLER,
}
"""The eight state types by the value of Type."""
