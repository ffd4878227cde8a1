"""Lists the styles of a DAG: the functions that turn a machine into tasks, by style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfn_provider.translate.exact.limitations import find_limitations
from sfn_provider.translate.exact.passes import PASSES
from sfn_provider.translate.exact.state_tasks import plan_states

if TYPE_CHECKING:
    from sfn_provider.asl.document import Document
    from sfn_provider.asl.model import StateMachine
    from sfn_provider.translate.findings import Finding
    from sfn_provider.translate.plan.model import DagPlan, TaskPlan


@dataclass(frozen=True, slots=True)
class Style:
    """A style of DAG.

    Args:
        plan_states: plans a task for each state of a machine.
        passes: change the plan, in order.
        find_limitations: finds the differences between a DAG of the style and the state machine.
    """

    plan_states: Callable[[StateMachine], tuple[TaskPlan, ...]]
    passes: tuple[Callable[[DagPlan], DagPlan], ...]
    find_limitations: Callable[[DagPlan, Document], tuple[Finding, ...]]


STYLES: dict[str, Style] = {"exact": Style(plan_states, PASSES, find_limitations)}
