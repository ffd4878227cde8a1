"""Presents a DAG run as a Step Functions execution: its input, context object, clock, seed and mocks."""

from __future__ import annotations

import hmac
import os
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import conf, timezone
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.limits import STANDARD_SECONDS
from sfn_provider.engine.simulation.mock_files import load_mocks
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import EPOCH, NAME
from sfn_provider.executions.names import permitted_name
from sfn_provider.xcom_json import decode_dag_run_conf

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.engine.simulation.recorded_results import RecordedResults
    from sfn_provider.runtime.routing.routing_token import RoutingToken
    from sfn_provider.runtime.state_task import StateTask

Json = Any

MOCKS_VARIABLE = "SFN_PROVIDER_MOCK_CONFIG"
"""Environment variable that names mocks; where it is set, time is virtual."""


def is_mocked() -> bool:
    """Return True where mocks answer the calls, and time is virtual."""
    return MOCKS_VARIABLE in os.environ


@lru_cache(maxsize=8)
def load_run_mocks(reference: str, run_id: str) -> Mocks:
    """Loads the mocks of a DAG run, once for all its tasks that run in this process: they share one count of calls."""
    return load_mocks(reference)


def execution_input(context: Context) -> Json:
    """Return the execution's input: the run's configuration, or the DAG's params where the run has none.

    On MWAA Serverless a run has no configuration, but parameters that override single params.
    """
    configuration, params = dict(context["dag_run"].conf or {}), dict(context["params"] or {})
    task: Any = context["task"]
    if task.on_serverless:
        return decode_dag_run_conf(params | configuration)
    return decode_dag_run_conf(configuration or params)


class DagRunExecution:
    """The execution that a DAG run stands for.

    Args:
        task: a task of the DAG.
        context: the task's context.
    """

    def __init__(self, task: StateTask, context: Context) -> None:
        self._dag = task.dag
        self._task = task
        self._context = context
        self._run = context["dag_run"]

    @cached_property
    def mocks(self) -> Mocks | None:
        """The mocks that answer the calls; None where AWS does."""
        reference = os.environ.get(MOCKS_VARIABLE)
        return load_run_mocks(reference, self._run.run_id) if reference else None

    @property
    def _recorded(self) -> RecordedResults | None:
        return self.mocks.recorded if self.mocks is not None else None

    @property
    def seed(self) -> str:
        """The seed of all randomness; all tasks of a run have the same.

        With mocks it is that of `simulate`: two runs of the same thing are the same. Otherwise nobody who does not know
        the secret ``[core] fernet_key`` can tell the UUIDs of a run, and no other DAG's run of the same id has them.
        """
        if is_mocked():
            return NAME
        key = conf.get("core", "fernet_key", fallback="") or ""
        run = repr((self._dag.dag_id, self._run.run_id))
        return hmac.new(key.encode(), run.encode(), sha256).hexdigest()

    @property
    def _name(self) -> str:
        """The execution's name. A run's id has colons, which no name in AWS has: an ARN's parts would be mixed up."""
        return permitted_name(str(self._run.run_id))

    @property
    def context_object(self) -> dict[str, Any]:
        """The ``Execution`` and ``StateMachine`` parts of the context object."""
        input = execution_input(self._context)
        if self._recorded is not None:
            return self._recorded.execution_context(input)
        machine = permitted_name(self._dag.dag_id)
        return execution_context(input, self.start_time, machine=machine, name=self._name)

    @property
    def start_time(self) -> float:
        """When the execution started, seconds since the epoch."""
        if is_mocked():
            return self._recorded.start if self._recorded is not None else EPOCH
        started = self._run.start_date
        return started.timestamp() if started is not None else timezone.utcnow().timestamp()

    @property
    def max_seconds(self) -> float:
        """How long the execution may take: the machine's TimeoutSeconds, and as on AWS a year at most."""
        limit = self._task.max_seconds
        return STANDARD_SECONDS if limit is None else min(limit, STANDARD_SECONDS)

    @property
    def deadline(self) -> float:
        """When the execution times out, seconds since the epoch."""
        return self.start_time + self.max_seconds

    def now(self, token: RoutingToken | None) -> float:
        """Return the time; with mocks, the virtual time at which the task before ended."""
        if not is_mocked():
            return timezone.utcnow().timestamp()
        return token.now if token else self.start_time
