"""Base classes of a translated DAG's tasks: the attributes that other tasks and the task runner read.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sfn_provider._compat import BaseOperator
from sfn_provider.runtime.appearance import task_links, task_name
from sfn_provider.runtime.wait_mode import get_wait_mode

if TYPE_CHECKING:
    from sfn_provider.engine.history.events import Record
    from sfn_provider.lineage.openlineage_facets import OperatorLineage
    from sfn_provider.links.aws_console import AwsConsoleLink

Json = Any

StrategyName = Literal[
    "state",
    "explicit_input",
    "workflow_states",
    "parallel_start",
    "map_start",
    "map_batch_start",
    "map_items",
    "join",
    "distributed_map_start",
    "child_executions",
    "distributed_map_join",
]
"""The kinds of tasks that run differently."""


class _TaskValue:
    """A class attribute that each task computes when Airflow asks for it; a constant for the class itself.

    Airflow reads such attributes from the classes of mapped operators, where it does not expect a property.

    Args:
        compute: computes a task's value.
        of_class: the class's value, of its state type.
    """

    def __init__(self, compute: Callable[[StateTask], Any], of_class: Callable[[str], Any]) -> None:
        self._compute = compute
        self._of_class = of_class

    def __get__(self, task: StateTask | None, owner: type[StateTask]) -> Any:
        return self._of_class(getattr(owner, "state_type", "")) if task is None else self._compute(task)


class StateTask(BaseOperator):
    """A task that runs states; its constructor is that of `sfn_provider.runtime.state_operator.StateOperator`.

    Attributes:
        state_name: name of the task's state, or of the Parallel or Map that the task is a part of.
        state_fields: the state's fields as in the definition, ``Type`` included.
        query_language: ``JSONPath`` or ``JSONata``.
        aws_conn_id: Airflow connection for the calls to AWS.
        region_name: AWS region for the calls; None for the connection's.
        console_addresses: while the task runs, the addresses of its links by their XCom keys.
    """

    custom_operator_name = _TaskValue(lambda task: task_name(task.state_type, task.state_fields), str)
    """What Airflow shows as the task's operator: what a Task calls, the state's type otherwise."""
    operator_extra_links: Collection[AwsConsoleLink] = _TaskValue(lambda task: task_links(task.states), lambda _: ())  # type: ignore[assignment]
    """Links to the console pages of what the task's states call."""
    state_type: ClassVar[str]
    """The state's type; ``Loop`` for a loop, ``Segment`` for another run of states."""
    console_addresses: dict[str, str]
    history_records: Sequence[Record] = ()
    """What the task has done, once it has run."""
    role: ClassVar[Literal["state", "start", "children", "join"]] = "state"
    """A task of its own state, or the first task, a middle task or the last task of a Parallel or Map task group."""
    strategy: ClassVar[StrategyName] = "state"
    """What the task runner does for this kind of task: a key of `sfn_provider.runtime.strategies.table.STRATEGIES`."""
    skippable: bool = True
    """True where the task before may skip this one when it chooses another state."""
    branches: list[str] | None = None
    """On the start task of a Parallel the names of the first states of its branches."""
    routes_by_token: ClassVar[bool] = True
    """Whether tokens of the tasks before decide if the task runs, and with which input."""
    on_serverless: ClassVar[bool] = False
    """Whether the task runs on MWAA Serverless, which has neither a triggerer nor Variables, and whose runs have params
    in place of a configuration."""
    flow_trigger_rule: str = "none_failed_min_one_success"
    """The trigger rule that the task must have: it waits for the tasks before, and tokens decide which state runs."""
    state_name: str
    fields: ClassVar[tuple[str, ...]] = ()
    """The arguments that are fields of the state, other than those that all states have."""
    state_fields: dict[str, Json]
    query_language: str
    aws_conn_id: str | None
    region_name: str | None

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return the jobs and datasets of the calls of the task's states; the openlineage provider asks for them.

        Args:
            task_instance: the task instance.
        """
        from sfn_provider.lineage.operator_lineage import translated_lineage

        return translated_lineage(self.history_records, self.aws_conn_id, self.region_name)

    get_openlineage_facets_on_failure = get_openlineage_facets_on_complete

    @property
    def wait_mode(self) -> str:
        """How the task waits: one of `sfn_provider.runtime.wait_mode.MODES`."""
        return get_wait_mode()

    @property
    def max_seconds(self) -> float | None:
        """How many seconds the DAG run may take; None for no limit."""
        limit = self.dag.dagrun_timeout
        return None if limit is None else float(limit.total_seconds())

    @property
    def states(self) -> dict[str, dict[str, Json]]:
        """The states that this task runs, by name; it can be entered by each."""
        return {self.state_name: self.state_fields}


class GroupStartTask(StateTask):
    """The first task of a Parallel or Map task group: maps the tasks that follow it to branches or iterations."""

    role = "start"
    items_strategy: ClassVar[StrategyName | None] = None
    """For a Map the kind of the task that must run its items; None where these have a task for each state."""
    batch_size: int | None = None
    """How many items of a Map one task runs; None where each item has tasks of its own."""

    def index_of(self, state: str, map_index: int) -> int:
        """Return the index of the branch that starts at a state, run by a task instance with a map index."""
        raise NotImplementedError

    def input_of(self, returned: Json, index: int) -> Json:
        """Return the input of a branch.

        Args:
            returned: the start task's return value.
            index: the branch's index.
        """
        raise NotImplementedError

    def item_of(self, index: int, value: Json, values: list[Json] | None) -> dict[str, Json] | None:
        """Return what ``$$.Map.Item`` shows in an iteration; None for a branch of a Parallel.

        Args:
            index: the iteration's index.
            value: its input.
            values: the items, where they are not the inputs.
        """
        raise NotImplementedError
