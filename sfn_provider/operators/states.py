"""Runs states of a state machine as one task among tasks of any operators.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider.exceptions import InconsistentFlow
from sfn_provider.runtime.appearance import COLORS
from sfn_provider.runtime.crashes import fail_on_crash
from sfn_provider.runtime.state_operator import CALL_FIELDS, Json, StateOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context


class StatesOperator(StateOperator):
    """Runs states of a state machine exactly as Step Functions does, in a DAG whose other tasks are any operators.

    The states are a single one, or several that lead to one another. Retry, Catch, paths and expressions are AWS's.
    Input and output are explicit: the task starts with ``input``, and ends where a state leads to one that it does not
    run, or where the execution ends. Its XComs are ``return_value``, the document with which the next state would
    start; ``next``, the name of that state, empty at the end; and ``variables``, where one is set. An error that no
    Catch takes fails the task.

    Where several states may come next, ``next_tasks`` has the task of each, and the task works as a branch: the other
    tasks straight behind it are skipped.

    Args:
        states: the states as in the definition, by name.
        input: the document with which the first state starts: JSON text, a template of it, or the output of another
            task; by default the execution's input, which is the run's configuration.
        variables: the values of variables of the machine, by name; as for ``input``. By default there are none.
        start_at: name of the state to start at, or a template of it; by default the first one.
        next_tasks: the id of the task that runs each state that may come next, by the state's name; None for a state
            behind which nothing follows. By default the tasks behind run, whatever state comes next.
        kwargs: arguments of `sfn_provider.runtime.state_operator.StateOperator`, such as ``query_language``, and of
            Airflow's BaseOperator.

    Raises:
        ValueError: there is no state.
    """

    state_type = "States"
    template_fields: Sequence[str] = (*CALL_FIELDS, "input", "variables", "start_at")
    template_fields_renderers: ClassVar[dict[str, str]] = {"parameters": "json", "input": "json", "variables": "json"}
    ui_color, ui_fgcolor = COLORS["Loop"]
    strategy = "explicit_input"
    routes_by_token = False
    flow_trigger_rule = "all_success"

    def __init__(
        self,
        *,
        states: dict[str, dict[str, Json]],
        input: Json = None,
        variables: Json = None,
        start_at: str | None = None,
        next_tasks: Mapping[str, str | None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not states:
            raise ValueError(f"task {self.task_id!r} has no states: give the state that it runs, by its name")
        self._states = states
        self.input = input
        self.variables = variables
        self.start_at = start_at
        self.next_tasks = None if next_tasks is None else dict(next_tasks)

    @property
    def states(self) -> dict[str, dict[str, Json]]:
        """The states that the task runs, by name."""
        return self._states

    # Airflow calls it for each task of a DAG that it has imported, on all versions, before it uses the DAG.
    def resolve_template_files(self) -> None:
        """Checks that the tasks in ``next_tasks`` stand straight behind this one.

        Raises:
            InconsistentFlow: one of them does not.
        """
        super(StateOperator, self).resolve_template_files()
        wrong = sorted(name for name in {*(self.next_tasks or {}).values()} - self.downstream_task_ids if name)
        if wrong:
            raise InconsistentFlow(
                f"task {self.task_id!r} names {wrong[0]!r} in next_tasks, but no edge leads there: add "
                f"{self.task_id} >> {wrong[0]}, or correct the name"
            )

    def execute(self, context: Context) -> Json:
        """Runs the states.

        Raises:
            AirflowFailException: a state fails, or an argument cannot be used.
        """
        with fail_on_crash(context):
            return self._start_runner(context).execute()
