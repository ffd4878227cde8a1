"""Lists the strategies by which the task runner runs the kinds of tasks of a translated DAG."""

from __future__ import annotations

from sfn_provider.runtime.state_task import StrategyName
from sfn_provider.runtime.state_task_runner import TaskStrategy
from sfn_provider.runtime.strategies.child_executions import (
    ChildExecutionBatch,
    dispatch_child_executions,
    join_child_executions,
)
from sfn_provider.runtime.strategies.explicit_input import ExplicitInput
from sfn_provider.runtime.strategies.groups import (
    WHOLE_MAP,
    GroupEntry,
    GroupJoin,
    dispatch_branches,
    dispatch_iterations,
    join_branches,
)
from sfn_provider.runtime.strategies.item_batches import ItemBatch, dispatch_item_batches
from sfn_provider.runtime.strategies.workflow_states import WorkflowStates
from sfn_provider.runtime.task_definitions import rebuild_map_state

STRATEGIES: dict[StrategyName, TaskStrategy] = {
    "state": TaskStrategy(),
    "explicit_input": ExplicitInput(),
    "workflow_states": WorkflowStates(),
    "parallel_start": GroupEntry(dispatch_branches),
    "map_start": GroupEntry(dispatch_iterations, resumed_by=WHOLE_MAP),
    "map_batch_start": GroupEntry(dispatch_item_batches),
    "map_items": ItemBatch(rebuild_map_state),
    "join": GroupJoin(join_branches),
    "distributed_map_start": GroupEntry(dispatch_child_executions, rebuild_map_state),
    "child_executions": ChildExecutionBatch(rebuild_map_state),
    "distributed_map_join": GroupJoin(join_child_executions, rebuild_map_state),
}
