"""A Parallel or an inline Map as a task group: its first task, its last task, and the groups.

The start task makes what the branches get, the join task collects how they ended; what happens in them is in
`sfn_provider.runtime.group_runs`. Between them is a task for each state of the branches.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import MappedTaskGroup, TaskGroup, TriggerRule, mapped_group_input, mapped_groups_must_expand
from sfn_provider.runtime.appearance import COLORS
from sfn_provider.runtime.state_operator import Json, StateOperator
from sfn_provider.xcom_json import decode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.task_run import RegionRun

__all__ = [
    "JoinOperator",
    "MapJoinOperator",
    "MapStartOperator",
    "MapTaskGroup",
    "ParallelJoinOperator",
    "ParallelStartOperator",
    "StartOperator",
    "TaskGroup",
]


class MapTaskGroup(MappedTaskGroup):
    """The tasks that run for each item of a Map.

    Args:
        group_id: id of the group.
        items: the start task of the Map, which lists the items.
        max_concurrency: how many items may be in the same state at once; None sets no limit.
        kwargs: arguments of Airflow's TaskGroup.
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

    def __exit__(self, *exception: Any) -> None:
        """Close the group."""
        # In a mapped group, Airflow 2.10 and 2.11 skip a task where one way to it is skipped and another one is not:
        # there, each task must look for itself.
        for task in self.children.values():
            if isinstance(task, StateOperator):
                task.trigger_rule = TriggerRule.ALL_DONE
        super().__exit__(*exception)  # type: ignore[no-untyped-call]


class StartOperator(StateOperator):
    """What the start tasks of Parallel and Map share: evaluates the fields that come before the branches."""

    role = "start"

    def new_run(self, context: Context) -> RegionRun:
        """One run of this task."""
        from sfn_provider.runtime.group_runs import StartRun

        return StartRun(self, context)

    @property
    def shown(self) -> dict[str, dict[str, Json]]:
        """The fields that this task stands for: what is inside is shown by the tasks inside."""
        return _without_inside(self)

    def index_of(self, state: str, map_index: int) -> int:
        """The place of the branch that starts at a state, run by a task with a map index."""
        raise NotImplementedError

    def input_of(self, returned: Json, index: int) -> Json:
        """The input of a branch.

        Args:
            returned: what the start task returned.
            index: the branch's place.
        """
        raise NotImplementedError

    def item_of(self, index: int, value: Json, values: list[Json] | None) -> dict[str, Json] | None:
        """What ``$$.Map.Item`` shows in an iteration; None for a branch of a Parallel.

        Args:
            index: its place.
            value: its input.
            values: the items, where they are not the inputs.
        """
        raise NotImplementedError


def _without_inside(task: StateOperator) -> dict[str, dict[str, Json]]:
    own = {name: value for name, value in task.state_fields.items() if name not in ("Branches", "ItemProcessor")}
    return {task.state_name: own}


class ParallelStartOperator(StartOperator):
    """Makes the input of the branches of a Parallel.

    Args:
        branches: names of the states that the branches start at, in order.
        parameters: JSONPath: the input of the branches.
        arguments: JSONata: the input of the branches.
        input_path: JSONPath: the part of the input that the state sees.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Parallel"
    ui_color, ui_fgcolor = COLORS["Parallel"]
    fields = ("branches", "parameters", "arguments", "input_path")

    def __init__(self, *, branches: list[str], **kwargs: Any) -> None:
        super().__init__(branches=[{"StartAt": name, "States": {}} for name in branches], **kwargs)
        self.branches = branches

    def index_of(self, state: str, map_index: int) -> int:
        """The place of the branch that starts at a state."""
        return self.branches.index(state)

    def input_of(self, returned: Json, index: int) -> Json:
        """All branches have the same input."""
        return returned

    def item_of(self, index: int, value: Json, values: list[Json] | None) -> None:
        """A branch of a Parallel is no item."""


class MapStartOperator(StartOperator):
    """Lists the items of a Map.

    Args:
        items_path: JSONPath: where in the input the list stands.
        items: JSONata: the list.
        item_selector: what each item's run gets as input.
        parameters: JSONPath: ``item_selector`` under its old name.
        input_path: JSONPath: the part of the input that the state sees.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Map"
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
            # There, it runs also where nobody chose it, and lists no items.
            self.skippable = False
            kwargs.setdefault("trigger_rule", TriggerRule.ALL_DONE)
        super().__init__(item_processor={"StartAt": "", "States": {}}, **kwargs)

    def new_run(self, context: Context) -> RegionRun:
        """One run of this task."""
        from sfn_provider.runtime.group_runs import MapStartRun

        return MapStartRun(self, context)

    def index_of(self, state: str, map_index: int) -> int:
        """Airflow's map index is the item's."""
        return map_index

    def input_of(self, returned: Json, index: int) -> Json:
        """Each item has an input of its own."""
        return decode_xcom(returned[index])

    def item_of(self, index: int, value: Json, values: list[Json] | None) -> dict[str, Json]:
        """The item with its index."""
        return {"Index": index, "Value": value if values is None else values[index]}


class JoinOperator(StateOperator):
    """What the join tasks of Parallel and Map share: evaluates the fields that come after the branches.

    It waits for every branch, also for failed ones, and goes on with their outputs in order, or with the Catch that
    takes the error. Without one it fails as they did.
    """

    role = "join"
    skippable = False

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trigger_rule", TriggerRule.ALL_DONE)
        super().__init__(**kwargs)

    @property
    def shown(self) -> dict[str, dict[str, Json]]:
        """The fields that this task stands for: what is inside is shown by the tasks inside."""
        return _without_inside(self)

    def new_run(self, context: Context) -> RegionRun:
        """One run of this task."""
        from sfn_provider.runtime.group_runs import JoinRun

        return JoinRun(self, context)


class ParallelJoinOperator(JoinOperator):
    """Collects the outputs of the branches of a Parallel in order.

    Args:
        result_selector: JSONPath: what is kept of the branches' outputs.
        result_path: JSONPath: where in the input they are put; None drops them.
        output_path: JSONPath: the part of the output that goes on.
        output: JSONata: the output.
        assign: variables to set.
        catch: which errors lead on to which state: a list of catchers as in the definition.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Parallel"
    ui_color, ui_fgcolor = COLORS["Parallel"]
    fields = ("branches", "result_selector", "result_path", "output_path", "output", "assign", "catch")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(branches=[], **kwargs)


class MapJoinOperator(JoinOperator):
    """Collects the outputs of the items of a Map in order.

    Args:
        result_selector: JSONPath: what is kept of the results.
        result_path: JSONPath: where in the input they are put; None drops them.
        output_path: JSONPath: the part of the output that goes on.
        output: JSONata: the output.
        assign: variables to set.
        catch: which errors lead on to which state: a list of catchers as in the definition.
        kwargs: arguments of `StateOperator`.
    """

    state_type = "Map"
    ui_color, ui_fgcolor = COLORS["Map"]
    fields: ClassVar[tuple[str, ...]] = (
        "item_processor",
        "result_selector",
        "result_path",
        "output_path",
        "output",
        "assign",
        "catch",
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(item_processor={"StartAt": "", "States": {}}, **kwargs)
