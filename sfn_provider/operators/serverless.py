"""Runs states of a state machine as a task of an MWAA Serverless workflow.

Imported at every parse of a workflow: nothing heavy at module level.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import RESCHEDULE_FIELDS, AirflowFailException, enable_reschedule
from sfn_provider.exceptions import UsageError
from sfn_provider.runtime.appearance import COLORS
from sfn_provider.runtime.crashes import fail_on_crash
from sfn_provider.runtime.state_operator import Json, StateOperator
from sfn_provider.runtime.stores.workflow_storage import STORAGE_VARIABLE

if TYPE_CHECKING:
    from sfn_provider._compat import Context


class WorkflowStatesOperator(StateOperator):
    """Runs states of a state machine exactly as Step Functions does, in a workflow of MWAA Serverless.

    The service has no task that is skipped, no triggerer, no Variables and no connections. So a task whose states were
    not chosen ends at once, successfully and without a result. The XComs of one that was chosen are ``return_value``,
    the output, and ``token``, which names the state that comes next. An error that no Catch takes fails the task, and
    no task behind it runs.

    Where the workflow's Environment names a folder in S3, ``SFN_PROVIDER_STORAGE=s3://bucket/folder``, the task ends
    while it waits, and is started again when it is time: it may take longer than the 60 minutes that the service gives
    each start; outputs that are too large for an XCom go there, too. Without it, the task waits in its worker.

    Args:
        states: the states as in the definition, by name, as JSON text: as YAML the workflow's loader would evaluate
            some of it. The first one is where an execution starts, or where its loop is entered.
        previous_tasks: ids of the tasks that may choose a state of this one; none for the first task.
        timeout_seconds: how long the execution may take; None for no limit.
        kwargs: arguments of `sfn_provider.runtime.state_operator.StateOperator`, such as ``query_language``, and of
            Airflow's BaseOperator.

    Raises:
        ValueError: ``states`` is no JSON text of an object with states.
    """

    state_type = "States"
    template_fields: Sequence[str] = ()
    ui_color, ui_fgcolor = COLORS["Loop"]
    strategy = "workflow_states"
    routes_by_token = False
    on_serverless = True
    # The plugin that Airflow needs for links is not part of a workflow's code package.
    operator_extra_links = ()
    flow_trigger_rule = "all_success"

    def __init__(
        self,
        *,
        states: str,
        previous_tasks: Sequence[str] = (),
        timeout_seconds: float | None = None,
        aws_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(aws_conn_id=aws_conn_id, **kwargs)
        self._states = _read_states(self.task_id, states)
        self.previous_tasks = list(previous_tasks)
        self.timeout_seconds = timeout_seconds
        enable_reschedule(self)

    @classmethod
    def get_serialized_fields(cls) -> frozenset[str]:
        """Return the names of the attributes that the scheduler gets."""
        return super().get_serialized_fields() | RESCHEDULE_FIELDS

    @property
    def states(self) -> dict[str, dict[str, Json]]:
        """The states that the task runs, by name."""
        return self._states

    @property
    def wait_mode(self) -> str:
        """``reschedule`` where there is a folder for snapshots; ``block`` otherwise."""
        return "reschedule" if os.environ.get(STORAGE_VARIABLE) else "block"

    @property
    def max_seconds(self) -> float | None:
        """How many seconds the execution may take; None for no limit."""
        return self.timeout_seconds

    # Airflow calls it for each task of a DAG that it has imported, on all versions, before it uses the DAG.
    def resolve_template_files(self) -> None:
        """Checks nothing: the arguments say which tasks lead here, not the edges."""
        super(StateOperator, self).resolve_template_files()

    def execute(self, context: Context) -> Json:
        """Runs the states, if a task before chose one of them.

        Raises:
            AirflowFailException: a state fails, or the folder in S3 cannot be used.
        """
        with fail_on_crash(context):
            try:
                return self._start_runner(context).execute()
            except UsageError as error:
                raise AirflowFailException(str(error)) from error


def _read_states(task_id: str, text: str) -> dict[str, dict[str, Json]]:
    try:
        states = json.loads(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"task {task_id!r}: states is no JSON text: {error}") from None
    if not isinstance(states, dict) or not states or not all(isinstance(state, dict) for state in states.values()):
        raise ValueError(f"task {task_id!r}: states must be an object with a state for each name")
    return states
