"""What the operators of all state types share. The types are in `sfn_provider.operators.state_machine`.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sfn_provider._compat import RESCHEDULE_FIELDS, AirflowFailException, BaseOperator, enable_reschedule
from sfn_provider.runtime.appearance import states_markdown
from sfn_provider.runtime.wait_mode import is_reschedule_mode

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.runtime.task_run import RegionRun

Json = Any

LOST_WORKERS: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(seconds=10)}
"""How often a task outlasts the loss of its worker, unless it or the DAG's ``default_args`` say otherwise."""


class StateOperator(BaseOperator):
    """What all states share. Use the operator of the state's type.

    The task runs where a task before it chose it, and skips itself otherwise. Its XComs are ``return_value``, the
    state's output, and ``token``, which names the state that comes next. An error that no Catch takes fails the task,
    without retries by Airflow: Airflow's ``retries`` are for lost workers (by default `LOST_WORKERS`). A try after one
    goes on from where the task deferred last.

    Args:
        state_name: the state's name; by default the task id, without that of its task group.
        comment: what the state is for; shown in the task's documentation.
        query_language: ``JSONPath`` or ``JSONata``: the language of the state and of the states inside of it.
        next: name of the state that comes next.
        end: True where the execution ends after this state.
        aws_conn_id: Airflow connection for the calls to AWS.
        region_name: AWS region for the calls; by default the connection's.
        kwargs: the fields of the state's type, and arguments of Airflow's BaseOperator.
    """

    # Nothing is rendered as a template: a payload that holds "{{" means just that.
    template_fields: Sequence[str] = ()
    state_type: ClassVar[str]
    role: ClassVar[Literal["state", "start", "children", "join"]] = "state"
    """What the task is to the others: a state, or a part of a Parallel or Map that is a task group."""
    skippable: bool = True
    """May the task before skip it where it chooses another one?"""
    fields: ClassVar[tuple[str, ...]] = ()
    """The arguments that are fields of the state, beside those that all states have."""

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
        # A state runs where exactly one of several ways leads to it; `routing` decides that, this rule only waits.
        kwargs.setdefault("trigger_rule", "none_failed_min_one_success")
        kwargs = {**LOST_WORKERS, **_chosen(kwargs.get("default_args") or {}), **kwargs}
        own = {name: kwargs.pop(name) for name in self.fields if name in kwargs}
        name: str = kwargs["task_id"]
        super().__init__(**kwargs)
        self.state_name = state_name or name
        common = {"comment": comment, "next": next, "end": end}
        own |= {name: value for name, value in common.items() if value is not None}
        self.state_fields = {"Type": self.state_type, **{_as_written(name): value for name, value in own.items()}}
        self.query_language = query_language or "JSONPath"
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        if is_reschedule_mode():
            enable_reschedule(self)

    @classmethod
    def get_serialized_fields(cls) -> frozenset[str]:
        """What the scheduler learns of the task."""
        fields: frozenset[str] = super().get_serialized_fields()  # type: ignore[no-untyped-call]
        return fields | RESCHEDULE_FIELDS if is_reschedule_mode() else fields

    # Made when Airflow asks for it, so that a DAG file needs no text and its parse no time for it.
    @property
    def doc_md(self) -> str | None:
        """The task's documentation: its states as in the definition, unless a text was given."""
        given: str | None = self.__dict__.get("_doc_md")
        return given if given is not None else states_markdown(self.shown, self.state_fields.get("Comment"))

    @doc_md.setter
    def doc_md(self, text: str | None) -> None:
        self._doc_md = text

    @property
    def shown(self) -> dict[str, dict[str, Json]]:
        """The states as the task's documentation shows them."""
        return self.states

    @property
    def states(self) -> dict[str, dict[str, Json]]:
        """The states that this task runs, by name; it can be entered by each."""
        return {self.state_name: self.state_fields}

    def execute(self, context: Context) -> Json:
        """Run the state, if the task before chose it."""
        self._run = self.new_run(context)
        return self._run.execute()

    def new_run(self, context: Context) -> RegionRun:
        """One run of this task."""
        from sfn_provider.runtime.task_run import RegionRun

        return RegionRun(self, context)

    def resume(self, context: Context, event: Any = None, snapshot: dict[str, Json] | None = None) -> Json:
        """Go on after a deferral.

        Raises:
            AirflowFailException: where Airflow has dropped what the deferral kept, as ``dag.test()`` of Airflow 2 does.
        """
        if snapshot is None:
            raise AirflowFailException(
                "Airflow has lost the state of this task over a deferral; dag.test() does so: "
                "set AIRFLOW__SFN_PROVIDER__WAITING=block for it"
            )
        self._run = self.new_run(context)
        return self._run.resume(snapshot, event)

    def on_kill(self) -> None:
        """Cancel the jobs that the task waits for."""
        run = getattr(self, "_run", None)
        if run is not None:
            run.cancel()


def _chosen(defaults: dict[str, Any]) -> dict[str, Any]:
    """What a DAG's ``default_args`` say about lost workers."""
    return {name: defaults[name] for name in LOST_WORKERS if name in defaults}


def _as_written(name: str) -> str:
    """The name of a field as the definition writes it: ``result_path`` is ``ResultPath``."""
    return "".join(word.capitalize() for word in name.split("_"))
