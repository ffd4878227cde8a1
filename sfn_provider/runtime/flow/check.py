"""Checks the flow of a DAG's states at its import, and caches it for its tasks.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import InconsistentFlow
from sfn_provider.runtime.flow.reader import FlowReader
from sfn_provider.runtime.flow.task_branches import place_problems, read_places
from sfn_provider.runtime.flow.user_tasks import OwnTaskCheck

if TYPE_CHECKING:
    from sfn_provider._compat import DAG
    from sfn_provider.runtime.flow.graph import Flow

_MAX_PROBLEMS = 20

_last: tuple[weakref.ref[Any], Flow] | None = None


def read_flow(dag: DAG) -> Flow:
    """Read which task of a DAG leads to which state.

    Args:
        dag: the DAG, with all its tasks and edges.

    Raises:
        InconsistentFlow: the arguments of its tasks and its edges disagree, or a state could be skipped although it
            was chosen, or fail in a run that ends green.
    """
    reader = FlowReader(dag)
    problems = [*(reader.problems or _place_problems(reader)), *reader.unnamed_edges]
    if not problems and reader.flow.has_other_tasks:
        problems = list(OwnTaskCheck(reader.flow).problems())
    if problems:
        raise InconsistentFlow(_message(dag.dag_id, problems))
    return reader.flow


def _place_problems(reader: FlowReader) -> list[str]:
    problem = read_places(reader.flow)
    if problem is None:
        return list(place_problems(reader.flow))
    return [] if reader.unnamed_edges else [problem]  # an edge that nothing names explains a state that nothing names


def flow_of(dag: DAG) -> Flow:
    """Return the flow of the DAG that this process runs tasks of, read once.

    Raises:
        InconsistentFlow: see `read_flow`.
    """
    global _last
    if _last is None or _last[0]() is not dag or len(_last[1].tasks) != len(dag.task_dict):
        _last = (weakref.ref(dag), read_flow(dag))
    return _last[1]


def _message(dag_id: str, problems: list[str]) -> str:
    shown = problems[:_MAX_PROBLEMS]
    more = [f"and {len(problems) - _MAX_PROBLEMS} more"] if len(problems) > _MAX_PROBLEMS else []
    lines = "".join(f"\n- {problem}" for problem in [*shown, *more])
    return f"DAG {dag_id!r} would not run what its tasks name:{lines}"
