"""Runs states in a task of an MWAA Serverless workflow, where none is skipped: others end at once."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.runtime.routing.dag_run_execution import execution_input
from sfn_provider.runtime.routing.routing_token import TOKEN_KEY, EntryState, RoutingToken, pull_xcoms
from sfn_provider.runtime.state_task_runner import StateTaskRunner, TaskStrategy
from sfn_provider.runtime.stores.workflow_storage import STORAGE_VARIABLE, workflow_storage
from sfn_provider.xcom_json import encode_xcom

if TYPE_CHECKING:
    from sfn_provider.engine.interpreter import StepResult

Json = Any

MAX_XCOM_BYTES: Final = 100_000
"""The most bytes of a task's output and token. The service's limit is 100 KB, which may mean 1,000 or 1,024 each.

Source: https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/quotas.html
"""

_OBJECT: Final = "output.json"


class NotChosen(Exception):
    """No task before has chosen a state of the task."""


class WorkflowStates(TaskStrategy):
    """The strategy of `sfn_provider.operators.serverless.WorkflowStatesOperator`.

    A token says which state comes next, as in a DAG with one task a state. But what it does not choose is not skipped:
    the task ends at once, as a success without a token, so that each task behind it runs and finds out the same. Where
    a task fails, those behind it do not run at all.
    """

    def find_entry(self, runner: StateTaskRunner) -> EntryState:
        """Return the state at which the task is entered.

        Raises:
            NotChosen: no task before chose a state of this task.
            UsageError: an output that is in S3 cannot be read.
        """
        task: Any = runner.task
        if not task.previous_tasks:
            return EntryState(next(iter(task.states)), execution_input(runner.context))
        for pushed in pull_xcoms(runner.context, task.previous_tasks, TOKEN_KEY):
            if pushed["next"] in task.states:
                return self._entry(runner, pushed)
        raise NotChosen

    @staticmethod
    def _entry(runner: StateTaskRunner, pushed: dict[str, Json]) -> EntryState:
        if "address" not in pushed:
            token = RoutingToken.from_json(pushed)
            outputs = pull_xcoms(runner.context, [token.task_id], "return_value")
            return EntryState(str(token.next), outputs[0] if outputs else None, token)
        address, storage = pushed["address"], workflow_storage(runner.context)
        text = storage.read_address(address) if storage is not None else None
        if text is None:
            raise runner.usage_failure(
                f"the output of the task before is not at {address}: it was removed, or {STORAGE_VARIABLE} is not in "
                "the workflow's Environment any more, which each update has to send again"
            )
        stored = json.loads(text)
        token = RoutingToken.from_json(stored["token"])
        return EntryState(str(token.next), stored["output"], token)

    def start(self, runner: StateTaskRunner) -> Json:
        """Starts the task; ends it at once where it was not chosen."""
        try:
            entry = runner.entry
        except NotChosen:
            runner.log.info("No task before chose a state of this task: there is nothing to do")
            return None
        runner.log.info("Chosen is state %s", entry.state)
        return super().start(runner)

    def finish(self, runner: StateTaskRunner, step: StepResult) -> Json:
        """Pushes the token and the output, in S3 where they are too large for an XCom; returns the output.

        Raises:
            AirflowFailException: they are too large, and the workflow names no place in S3.
        """
        runner.record_history(step)
        runner.log.left(step.state.exit, in_branch=False)
        token = asdict(runner.token(step.state, next=step.state.exit))
        output = step.state.output
        encoded = encode_xcom(output)
        size = sum(len(json.dumps(value).encode()) for value in (token, encoded))
        if size <= MAX_XCOM_BYTES:
            runner.push(TOKEN_KEY, token)
            return encoded
        storage = workflow_storage(runner.context)
        if storage is None:
            raise runner.usage_failure(
                f"the output and the variables behind {runner.task.task_id} have {size:,} bytes, and MWAA Serverless "
                f"passes on {MAX_XCOM_BYTES:,} at most: name a folder for larger ones in the workflow's Environment, "
                f"{STORAGE_VARIABLE}=s3://bucket/folder"
            )
        storage.write(_OBJECT, json.dumps({"token": token, "output": output}))
        runner.push(TOKEN_KEY, {"next": token["next"], "address": storage.address(_OBJECT)})
        return None
