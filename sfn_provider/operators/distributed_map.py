"""Operators of a distributed Map as a task group: start task, child executions, join task.

The start task reads the items and dispatches the child executions in batches, a mapped task runs the children of a
batch, the join task collects how they ended. How they do it is in `sfn_provider.runtime.strategies.child_executions`.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from sfn_provider.operators.groups import BatchOperator, MapJoinOperator, MapStartOperator

__all__ = ["ChildExecutionsOperator", "DistributedMapJoinOperator", "DistributedMapStartOperator"]


class DistributedMapStartOperator(MapStartOperator):
    """Starts a distributed Map: reads its items and dispatches its child executions.

    Args:
        item_reader: where the items are read from.
        items_path: JSONPath: where in the input the list is.
        items: JSONata: the list.
        item_selector: what each item becomes.
        item_batcher: how items are grouped.
        max_concurrency: how many child executions run at once.
        max_concurrency_path: JSONPath: where in the input that is.
        tolerated_failure_count: how many items may fail.
        tolerated_failure_count_path: JSONPath: where in the input that is.
        tolerated_failure_percentage: which percentage of them may fail, 0 to 100.
        tolerated_failure_percentage_path: JSONPath: where in the input that is.
        label: a part of the names of the child executions.
        parameters: JSONPath: ``item_selector`` under its old name.
        input_path: JSONPath: the part of the input that the state sees.
        kwargs: arguments of `StateOperator`.
    """

    strategy = "distributed_map_start"
    items_strategy = "child_executions"
    fields = (
        *MapStartOperator.fields,
        "item_reader",
        "item_batcher",
        "max_concurrency",
        "max_concurrency_path",
        "tolerated_failure_count",
        "tolerated_failure_count_path",
        "tolerated_failure_percentage",
        "tolerated_failure_percentage_path",
        "label",
    )


class ChildExecutionsOperator(BatchOperator):
    """Runs a batch of the child executions of a distributed Map.

    Args:
        kwargs: arguments of `BatchOperator`.
    """

    strategy = "child_executions"


class DistributedMapJoinOperator(MapJoinOperator):
    """Collects the outputs of the child executions of a distributed Map in order, or writes them to S3.

    Args:
        result_writer: where the results are written.
        result_selector: JSONPath: makes the result from the iterations' outputs.
        result_path: JSONPath: where in the input the result is put; None drops it.
        output_path: JSONPath: the part of the output that goes on.
        output: JSONata: the output.
        assign: variables to set.
        catch: which errors lead to which state: a list of catchers as in the definition.
        kwargs: arguments of `StateOperator`.
    """

    strategy = "distributed_map_join"
    fields = (*MapJoinOperator.fields, "result_writer")
