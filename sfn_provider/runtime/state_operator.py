"""Base operator of all state types; the types are in `sfn_provider.operators.state_machine`.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import (
    RESCHEDULE_FIELDS,
    AirflowException,
    AirflowFailException,
    enable_reschedule,
    fields_to_render,
)
from sfn_provider.exceptions import InconsistentFlow
from sfn_provider.runtime.appearance import states_markdown
from sfn_provider.runtime.crashes import fail_on_crash
from sfn_provider.runtime.flow.check import flow_of, read_flow
from sfn_provider.runtime.flow.graph import state_tasks
from sfn_provider.runtime.machine_outline import OUTLINE_FIELD, outline_text
from sfn_provider.runtime.state_task import StateTask
from sfn_provider.runtime.wait_mode import is_reschedule_mode

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.state_task_runner import StateTaskRunner

Json = Any

CALL_FIELDS = fields_to_render("parameters")
"""The template fields of operators whose states call: see `sfn_provider.runtime.display.task_display`."""

LOST_WORKER_DEFAULTS: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(seconds=10)}
"""How often a task outlasts the loss of its worker, unless it or the DAG's ``default_args`` say otherwise."""


class StateOperator(StateTask):
    """Runs a state. Use the operator of the state's type.

    The task runs where a task before it chose its state, and skips itself otherwise. Its XComs are ``return_value``,
    the state's output, and ``token``, which names the state that comes next. An error that no Catch takes fails the
    task, without retries by Airflow: Airflow's ``retries`` are for lost workers (by default `LOST_WORKER_DEFAULTS`). A
    try after a lost worker resumes where the task deferred last.

    When Airflow imports the DAG, it checks that the states that its tasks name and its edges agree, and refuses the DAG
    otherwise (`sfn_provider.runtime.flow.check.read_flow`).

    Args:
        state_name: the state's name; by default the task id, without that of its task group.
        comment: what the state is for; shown in the task's documentation.
        query_language: ``JSONPath`` or ``JSONata``: the language of the state and of the states inside of it.
        next: name of the state that comes next.
        end: True where the execution ends after this state.
        aws_conn_id: Airflow connection for the calls to AWS.
        region_name: AWS region for the calls; by default the connection's.
        kwargs: the fields of the state's type, and arguments of Airflow's BaseOperator.

    Raises:
        AirflowException: ``do_xcom_push`` is False, or ``multiple_outputs`` True.
    """

    # Nothing is rendered as a template: a payload that holds "{{" means just that.
    template_fields: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {"parameters": "json"}
    parameters: Json = None
    """What Airflow's page of rendered fields shows; set for that page alone."""

    def __init__(
        self,
        *,
        state_name: str | None = None,
        comment: str | None = None,
        query_language: str | None = None,
        next: str | None = None,
        end: bool | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trigger_rule", self.flow_trigger_rule)
        kwargs = {**LOST_WORKER_DEFAULTS, **_retry_defaults(kwargs.get("default_args") or {}), **kwargs}
        fields = {name: kwargs.pop(name) for name in self.fields if name in kwargs}
        task_id: str = kwargs["task_id"]
        super().__init__(**kwargs)
        if not self.do_xcom_push or self.multiple_outputs:
            raise _xcom_refusal(task_id)
        self.state_name = state_name or task_id
        for name, value in fields.items():
            if hasattr(value, "iter_references"):
                raise ValueError(f"{name}: cannot be the output of a task; it is read when the DAG file is parsed")
        common = {"comment": comment, "next": next, "end": end}
        fields |= {name: value for name, value in common.items() if value is not None}
        self.state_fields = {"Type": self.state_type, **{_pascal_case(name): value for name, value in fields.items()}}
        self.query_language = query_language or "JSONPath"
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        if is_reschedule_mode():
            enable_reschedule(self)

    @classmethod
    def get_serialized_fields(cls) -> frozenset[str]:
        """Return the names of the attributes that the scheduler gets."""
        fields: frozenset[str] = super().get_serialized_fields() | {OUTLINE_FIELD}  # type: ignore[no-untyped-call]
        return fields | RESCHEDULE_FIELDS if is_reschedule_mode() else fields

    # Made when Airflow serializes the DAG, like the documentation.
    @property
    def state_machine_outline(self) -> str | None:
        """The outline of the DAG's state machine, on its first task: see `sfn_provider.runtime.machine_outline`."""
        return outline_text(self) if self.routes_by_token and not self.on_serverless else None

    # Made when Airflow asks for it, so that a DAG file needs no text and its parse no time for it.
    @property
    def doc_md(self) -> str | None:
        """The task's documentation: its states as in the definition, unless a text was set."""
        text: str | None = self.__dict__.get("_doc_md")
        return text if text is not None else states_markdown(self.documented_states, self.state_fields.get("Comment"))

    @doc_md.setter
    def doc_md(self, text: str | None) -> None:
        self._doc_md = text

    @property
    def documented_states(self) -> dict[str, dict[str, Json]]:
        """The states in the task's documentation; for a start or join task without those that other tasks run."""
        if self.role not in ("start", "join"):
            return self.states
        inside = ("Branches", "ItemProcessor")
        return {self.state_name: {name: value for name, value in self.state_fields.items() if name not in inside}}

    # Airflow calls it for each task of a DAG that it has imported, on all versions, before it uses the DAG.
    def resolve_template_files(self) -> None:
        """Checks the flow of the DAG's states, once for each DAG.

        Raises:
            InconsistentFlow: the arguments of its tasks and its edges disagree.
        """
        super().resolve_template_files()
        if self is next(iter(state_tasks(self.dag).values()), None):
            read_flow(self.dag)

    def execute(self, context: Context) -> Json:
        """Runs the state, if the task before chose it.

        Raises:
            AirflowFailException: the state fails, or the flow of the DAG's states is inconsistent.
        """
        try:
            flow_of(self.dag)  # a DAG that was not read from a file has not been checked
        except InconsistentFlow as error:
            raise AirflowFailException(str(error)) from error
        with fail_on_crash(context):
            return self._start_runner(context).execute()

    def resume(self, context: Context, event: Any = None, snapshot: dict[str, Json] | None = None) -> Json:
        """Continues after a deferral.

        Raises:
            AirflowFailException: where Airflow has dropped the deferral's arguments, as ``dag.test()`` of Airflow 2
                does.
        """
        if snapshot is None:
            raise AirflowFailException(
                "Airflow has lost the state of this task over a deferral; dag.test() does so: "
                "set AIRFLOW__SFN_PROVIDER__WAITING=block for it"
            )
        with fail_on_crash(context):
            return self._start_runner(context).resume(snapshot, event)

    def _start_runner(self, context: Context) -> StateTaskRunner:
        from sfn_provider.runtime.state_task_runner import StateTaskRunner
        from sfn_provider.runtime.strategies.table import STRATEGIES

        self._runner = StateTaskRunner(self, context, STRATEGIES[self.strategy])
        return self._runner

    def on_kill(self) -> None:
        """Stops the jobs that the task waits for."""
        runner: StateTaskRunner | None = getattr(self, "_runner", None)
        if runner is not None:
            runner.kill()

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Continues after a deferral. Airflow calls it.

        Where Airflow ends the deferral itself, it drops the deferral's arguments, and the task fails. The jobs that the
        task waited for are stopped then, unless its trigger has failed and the task's next try continues with them.
        """
        if next_method == "__fail__":
            timed_out = "timeout" in str((next_kwargs or {}).get("error"))
            self._start_runner(context).end_deferral(timed_out=timed_out)
        return super().resume_execution(next_method, next_kwargs, context)


def _xcom_refusal(task_id: str) -> AirflowException:
    return AirflowException(
        f"task {task_id!r}: do_xcom_push must be True and multiple_outputs False: its output is an XCom that the next "
        "task reads, and so is the choice of that task. Remove these arguments from the task and the default_args"
    )


def _retry_defaults(default_args: dict[str, Any]) -> dict[str, Any]:
    """Return what a DAG's ``default_args`` say about lost workers."""
    return {name: default_args[name] for name in LOST_WORKER_DEFAULTS if name in default_args}


def _pascal_case(name: str) -> str:
    """Return the name of a field as in the definition: ``ResultPath`` for ``result_path``."""
    return "".join(word.capitalize() for word in name.split("_"))
