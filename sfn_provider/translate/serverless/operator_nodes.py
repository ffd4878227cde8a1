"""Makes the tasks of a workflow without own code: installed operators with Jinja arguments.

A Choice is a branch whose function is one of the standard library, and whose template makes the id of the chosen task.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any, Final

from sfn_provider.asl.model import Choice, Task
from sfn_provider.translate.emit.literals import Wrapped
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.values import Call, Constant, Value, constant
from sfn_provider.translate.native.expressions.jinja import JinjaWriter, escape
from sfn_provider.translate.native.expressions.places import ValuePlace
from sfn_provider.translate.native.model import How, Import, NativeNode, NotNative
from sfn_provider.translate.native.states.retries_and_timeouts import effective_retrier, timeout_arguments
from sfn_provider.translate.native.tasks.nodes import NodeMaker
from sfn_provider.translate.serverless.jinja_conditions import JinjaConditions
from sfn_provider.translate.serverless.limits import MAX_RETRIES, MAX_RETRY_DELAY, MAX_TASK_SECONDS
from sfn_provider.translate.serverless.workflow import Duration

_STANDARD: Final = "airflow.providers.standard"
_BRANCH: Final = (f"{_STANDARD}.operators.python", "BranchPythonOperator")
_BASH: Final = (f"{_STANDARD}.operators.bash", "BashOperator")

_MAX_SLEEP: Final = MAX_TASK_SECONDS - 60
"""The longest Wait that a task sleeps through, so that it ends before its time is over."""


_NAMES: Final = {"run_id": "ti.run_id", "dag.dag_id": "ti.dag_id"}
"""Expressions of Airflow's context, by names that templates have on the service.

Source: supported-jinja-parameters of the user guide: ti, params, macros, and dates.
"""


@dataclass(slots=True)
class OperatorNodes(NodeMaker):
    """Makes tasks that are operators; for its arguments see the base."""

    def __post_init__(self) -> None:
        """Restricts what templates read to the names that the service has there."""
        find = self.find
        self.find = lambda source, keys: _with_known_names(find(source, keys))

    def constant(self, value: str, written: str) -> Any:
        """Return a text: a workflow has no constants."""
        return Wrapped(written)

    def limits(self, flow: StateFlow) -> dict[str, Any]:
        """Return the arguments for the Retry and the timeouts of a Task.

        Raises:
            NotNative: they are above the limits of the service.
        """
        state: Task = flow.state  # type: ignore[assignment]
        found: dict[str, Any] = {}
        retrier = effective_retrier(state.retry)
        if retrier is not None:
            if retrier.max_attempts > MAX_RETRIES:
                raise NotNative(f"its Retry makes {retrier.max_attempts} attempts; the service {MAX_RETRIES} at most")
            if retrier.interval_seconds > MAX_RETRY_DELAY:
                raise NotNative(f"its Retry waits {retrier.interval_seconds} s; the service {MAX_RETRY_DELAY} at most")
            found = {"retries": retrier.max_attempts, "retry_delay": Duration(retrier.interval_seconds)}
            if retrier.backoff_rate != 1 and retrier.max_attempts > 1:
                found["retry_exponential_backoff"] = True
        if timeout_arguments(state):
            limits = [limit for limit in (state.timeout_seconds, state.heartbeat_seconds) if limit is not None]
            found["execution_timeout"] = Duration(min(MAX_TASK_SECONDS, *(float(limit) for limit in limits)))
        return found

    def function(self, *args: Any, **kwargs: Any) -> NativeNode:
        """Refuse a function, which only a code package has.

        Raises:
            NotNative: always.
        """
        raise NotNative("no operator does it, and a function needs a code package")

    def choice(self, flow: StateFlow, targets: dict[str, str], takes_arguments: bool) -> NativeNode:
        """Make the branch of a Choice."""
        state: Choice = flow.state  # type: ignore[assignment]
        if flow.name in self.marks:
            raise NotNative("later tasks ask what it has chosen, which its branch leaves nowhere")
        conditions = JinjaConditions(flow, JinjaWriter(self.find, self.find_mark))
        words = ["if", *["elif"] * len(state.choices)]
        text = "".join(
            f"{{% {word} {conditions.condition(rule)} %}}{self.chosen(targets, rule.next or '')}"
            for word, rule in zip(words, state.choices, strict=False)
        )
        # Without a Default the function fails, as what the template makes is no literal.
        default = f"no rule of {escape(repr(flow.name))} matches"
        if state.default is not None:
            default = self.chosen(targets, state.default)
        text += f"{{% else %}}{default}{{% endif %}}"
        arguments = {"python_callable": "ast.literal_eval", "op_args": [Wrapped(text)]}
        return self._node(flow.name, _BRANCH, arguments, "branch")

    def quoted(self, task_id: str) -> str:
        """Return the literal by which a branch names a task."""
        return repr(task_id)

    def fail(self, flow: StateFlow, takes_arguments: bool) -> NativeNode:
        """Make the task of a Fail."""
        texts = [value for value in (self.field_value(flow, name) for name in ("error", "cause")) if value is not None]
        if all(isinstance(text, Constant) for text in texts):
            message = ": ".join(str(text.value) for text in texts if isinstance(text, Constant))
            return self._failing(flow.name, message or flow.state.type)
        separators: list[Value] = [constant("{}: {}" if len(texts) == 2 else "{}")]
        message = JinjaWriter(self.find, self.find_mark).text(Call("States.Format", tuple(separators + texts)))
        # What is known only in a run is no part of the command, in which a shell would read it.
        arguments = {"bash_command": 'echo "$MESSAGE" >&2; exit 1', "env": {"MESSAGE": message}, "append_env": True}
        return self._node(flow.name, _BASH, arguments, "operator")

    def always_failing(self, flow: StateFlow, why: str) -> NativeNode:
        """Make the task of a state that fails whatever its input is."""
        return self._failing(flow.name, f"States.Runtime: {why}")

    def _failing(self, state: str, message: str) -> NativeNode:
        command = escape(f"echo {shlex.quote(message)} >&2; exit 1")
        return self._node(state, _BASH, {"bash_command": command}, "operator")

    def wait(self, flow: StateFlow) -> NativeNode:
        """Make the task of a Wait, which sleeps: none of the service's sensors waits for a time.

        Raises:
            NotNative: the seconds are not known before a run, or more than a task has.
        """
        duration = self.field_value(flow, "seconds")
        if duration is None:
            raise NotNative("no operator that the service is known to have waits for a time")
        if not isinstance(duration, Constant) or not isinstance(duration.value, int | float):
            raise NotNative("how long it waits is known only in a run")
        if duration.value > _MAX_SLEEP:
            raise NotNative(f"it waits {duration.value} s; a task may take {MAX_TASK_SECONDS}, its start included")
        return self._node(flow.name, _BASH, {"bash_command": f"sleep {duration.value}"}, "operator")

    def _node(self, state: str, operator: Import, arguments: dict[str, Any], how: How) -> NativeNode:
        return NativeNode(
            state,
            self.task_ids[state],
            "",
            how,
            operator=operator[1],
            arguments=arguments,
            imports=frozenset({operator}),
        )


def _with_known_names(place: ValuePlace) -> ValuePlace:
    """Return a place by names that templates have on the service.

    Raises:
        NotNative: there is none.
    """
    if place.expression is None:
        return place
    text = _NAMES.get(place.expression[0])
    if text is None:
        raise NotNative(f"templates on the service have no {place.expression[1]}")
    return replace(place, expression=(text, "ti"))
