"""Operators of a Parallel or inline Map as a task group: start task, join task, mapped group.

The start task evaluates the input of the branches, the join task collects how they ended; how they do it is in
`sfn_provider.runtime.strategies.groups`. Between them is a task for each state of the branches.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sfn_provider._compat import MappedTaskGroup, TaskGroup, TriggerRule, mapped_group_input, mapped_groups_must_expand
from sfn_provider.runtime.appearance import COLORS
from sfn_provider.runtime.flow.graph import is_routed
from sfn_provider.runtime.state_operator import CALL_FIELDS, Json, StateOperator
from sfn_provider.runtime.state_task import GroupStartTask, StrategyName
from sfn_provider.xcom_json import decode_xcom

__all__ = [
    "JoinOperator",
    "MapBatchStartOperator",
    "MapItemsOperator",
    "MapJoinOperator",
    "MapStartOperator",
    "MapTaskGroup",
    "ParallelJoinOperator",
    "ParallelStartOperator",
    "StartOperator",
    "TaskGroup",
]


_JOIN_FIELDS = ("result_selector", "result_path", "output_path", "output", "assign", "catch")


class MapTaskGroup(MappedTaskGroup):
    """The mapped task group of a Map: its tasks run for each item.

    Args:
        group_id: id of the group.
        items: the start task of the Map, which lists the items.
        max_concurrency: how many items may be in the same state at once; None sets no limit.
        kwargs: arguments of Airflow's TaskGroup.

    Attributes:
        items_task_id: id of the start task.
    """

    def __init__(
        self, group_id: str, *, items: MapStartOperator, max_concurrency: int | None = None, **kwargs: Any
    ) -> None:
        if max_concurrency:
            kwargs["default_args"] = {
                **kwargs.get("default_args", {}),
                "max_active_tis_per_dagrun": max_concurrency,
            }
        super().__init__(group_id=group_id, expand_input=mapped_group_input(items), **kwargs)
        self.items_task_id = items.task_id

    def __exit__(self, *exception: Any) -> None:
        """Closes the group."""
        # In a mapped group, Airflow 2.10 and 2.11 skip a task where one way to it is skipped and another one is not:
        # there, each task must decide by itself.
        for task in self.iter_tasks():
            if is_routed(task) and task.trigger_rule == task.flow_trigger_rule:
                task.trigger_rule = TriggerRule.ALL_DONE
        super().__exit__(*exception)  # type: ignore[no-untyped-call]


class StartOperator(StateOperator, GroupStartTask):
    """Base of the start tasks of Parallel and Map: evaluates the fields that come before the branches."""


class ParallelStartOperator(StartOperator):
    """Starts a Parallel: evaluates the input of its branches.

    Args:
        branches: names of the states that the branches start at, in order.
        parameters: JSONPath: the input of the branches.
        arguments: JSONata: the input of the branches.
        input_path: JSONPath: the part of the input that the state sees.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Parallel"
    strategy = "parallel_start"
    ui_color, ui_fgcolor = COLORS["Parallel"]
    fields = ("branches", "parameters", "arguments", "input_path")
    branches: list[str]

    def __init__(self, *, branches: list[str], **kwargs: Any) -> None:
        super().__init__(branches=[{"StartAt": name, "States": {}} for name in branches], **kwargs)
        self.branches = branches

    def index_of(self, state: str, map_index: int) -> int:
        """Return the index of the branch that starts at a state."""
        return self.branches.index(state)

    def input_of(self, returned: Json, index: int) -> Json:
        """Return what the start task returned: all branches have the same input."""
        return returned

    def item_of(self, index: int, value: Json, values: list[Json] | None) -> None:
        """Return None: a branch of a Parallel is no item."""


class MapStartOperator(StartOperator):
    """Starts an inline Map: lists its items.

    Args:
        items_path: JSONPath: where in the input the list is.
        items: JSONata: the list.
        item_selector: the input of each iteration.
        parameters: JSONPath: ``item_selector`` under its old name.
        input_path: JSONPath: the part of the input that the state sees.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Map"
    strategy: ClassVar[StrategyName] = "map_start"
    ui_color, ui_fgcolor = COLORS["Map"]
    fields: ClassVar[tuple[str, ...]] = (
        "items_path",
        "items",
        "item_selector",
        "parameters",
        "input_path",
        "item_processor",
    )

    def __init__(self, **kwargs: Any) -> None:
        if mapped_groups_must_expand():
            # There, it runs also where no task chose it, and lists no items.
            self.skippable = False
            self.flow_trigger_rule = TriggerRule.ALL_DONE
        super().__init__(item_processor={"StartAt": "", "States": {}}, **kwargs)

    def index_of(self, state: str, map_index: int) -> int:
        """Return Airflow's map index, which is the item's."""
        return map_index

    def input_of(self, returned: Json, index: int) -> Json:
        """Return the input of one item."""
        return decode_xcom(returned[index])

    def item_of(self, index: int, value: Json, values: list[Json] | None) -> dict[str, Json]:
        """Return the item with its index."""
        return {"Index": index, "Value": value if values is None else values[index]}


class MapBatchStartOperator(MapStartOperator):
    """Starts an inline Map whose items run in batches, one task for each: lists the batches.

    Args:
        batch_size: how many items one task runs.
        max_concurrency: how many items run at once; the batches that run at once share it. 0 sets no limit.
        items_path: JSONPath: where in the input the list is.
        items: JSONata: the list.
        item_selector: the input of each iteration.
        parameters: JSONPath: ``item_selector`` under its old name.
        input_path: JSONPath: the part of the input that the state sees.
        kwargs: arguments of `StateOperator`.
    """

    strategy = "map_batch_start"
    items_strategy = "map_items"
    fields = (*MapStartOperator.fields, "max_concurrency")

    def __init__(self, *, batch_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_size = batch_size


class BatchOperator(StateOperator):
    """Base of the mapped tasks that run a batch of what a Map does for its items.

    Args:
        item_processor: what runs for each item, as in the definition, with ``StartAt`` and ``States``.
        iterator: the same under its old name.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Map"
    role = "children"
    template_fields = CALL_FIELDS
    ui_color, ui_fgcolor = COLORS["Map"]
    fields = ("item_processor", "iterator")


class MapItemsOperator(BatchOperator):
    """Runs a batch of the items of an inline Map side by side.

    An item that fails ends the batch, as it ends the Map.

    Args:
        kwargs: arguments of `BatchOperator`.
    """

    strategy = "map_items"


class JoinOperator(StateOperator):
    """Base of the join tasks of Parallel and Map: evaluates the fields that come after the branches.

    It waits for every branch, also for failed ones, and continues with their outputs in order, or with the Catch that
    takes the error. Without one it fails as they did.
    """

    role = "join"
    skippable = False
    strategy: ClassVar[StrategyName] = "join"
    flow_trigger_rule = "all_done"


class ParallelJoinOperator(JoinOperator):
    """Collects the outputs of the branches of a Parallel in order.

    Args:
        result_selector: JSONPath: makes the result from the branches' outputs.
        result_path: JSONPath: where in the input the result is put; None drops it.
        output_path: JSONPath: the part of the output that goes on.
        output: JSONata: the output.
        assign: variables to set.
        catch: which errors lead to which state: a list of catchers as in the definition.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Parallel"
    ui_color, ui_fgcolor = COLORS["Parallel"]
    fields = ("branches", *_JOIN_FIELDS)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(branches=[], **kwargs)


class MapJoinOperator(JoinOperator):
    """Collects the outputs of the items of a Map in order.

    Args:
        result_selector: JSONPath: makes the result from the iterations' outputs.
        result_path: JSONPath: where in the input the result is put; None drops it.
        output_path: JSONPath: the part of the output that goes on.
        output: JSONata: the output.
        assign: variables to set.
        catch: which errors lead to which state: a list of catchers as in the definition.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Map"
    ui_color, ui_fgcolor = COLORS["Map"]
    fields: ClassVar[tuple[str, ...]] = ("item_processor", *_JOIN_FIELDS)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(item_processor={"StartAt": "", "States": {}}, **kwargs)
