"""What each state type does between being entered and being left."""

from __future__ import annotations

from sfn_provider.engine.states import choice, fail, map, parallel, pass_, succeed, task, wait
from sfn_provider.engine.states.behaviour import Behaviour

BEHAVIOURS: dict[str, Behaviour] = {
    "Task": task.BEHAVIOUR,
    "Pass": pass_.BEHAVIOUR,
    "Choice": choice.BEHAVIOUR,
    "Wait": wait.BEHAVIOUR,
    "Succeed": succeed.BEHAVIOUR,
    "Fail": fail.BEHAVIOUR,
    "Parallel": parallel.BEHAVIOUR,
    "Map": map.BEHAVIOUR,
}
"""The eight state types by the value of Type."""
