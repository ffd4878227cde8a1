"""Stores a record of each wait for a task token, shared by task, triggerer and API server.

A record is an Airflow Variable, because that is the one store which all three can read and write on every version of
Airflow, and which the next try of a task still finds: XComs are deleted when a task is retried, triggers of Airflow 3
have no database access, and a separate table would have to be created. The task writes the record before it hands the
token to a service and deletes it when the wait is over; the process that receives the worker's answer writes it into
the record. So there is one record for each open wait, and a token without a record is not accepted.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from sfn_provider.callbacks.task_tokens import TaskInstanceKey
from sfn_provider.callbacks.worker_requests import WorkerAnswer

if TYPE_CHECKING:
    from sfn_provider.asl.scope import Json

# Not with words such as "token": Airflow would mask the values in logs, and never remove the masks.
VARIABLE_PREFIX: Final = "sfn_provider_callback_"
"""What the keys of the Variables of waits that can be answered begin with."""

_ACTIVITY_PREFIX: Final = "sfn_provider_activity_"

DEFAULT_TIMEOUT: Final = 99_999_999.0
"""Seconds that a wait lasts without TimeoutSeconds: AWS's default."""


MIN_DEFERRAL_SECONDS: Final = 5.0
"""Seconds that a task stays deferred at least, where no time is due.

A scheduler that learns late of the end of the process that deferred would take a task that already runs again for a
killed one and fail it ("state mismatch"; seen on 3.3.2 under load, 2.5 s after the deferral).
"""


def variable_key(wait_id: str) -> str:
    """Return the key of the Variable of a wait that can be answered."""
    return VARIABLE_PREFIX + wait_id


def activity_key_prefix(activity_arn: str) -> str:
    """Return the key prefix of the Variables of waits that no worker of an activity has claimed yet."""
    return f"{_ACTIVITY_PREFIX}{hashlib.sha256(activity_arn.encode()).hexdigest()[:32]}_"


@dataclass(frozen=True, slots=True)
class ActivityTask:
    """The task that a worker of an activity gets.

    Args:
        activity_arn: the activity.
        token: the task token.
        input: the task's input, as JSON text.
    """

    activity_arn: str
    token: str
    input: str


@dataclass(frozen=True, slots=True)
class WaitRecord:
    """A task instance's wait for a worker.

    Args:
        id: the wait's id, which its token holds.
        waiter: the task instance.
        expires: when the wait ends without an answer, seconds since the epoch.
        heartbeat: seconds within which the worker must send a heartbeat; None without HeartbeatSeconds.
        beat: when it last did, seconds since the epoch; at first when the wait began.
        answer: the worker's answer; None while there is none.
        work: what the worker gets, for a task of an activity.
        state: the state that waits; empty in a record of an earlier version.
        since: when the wait began, seconds since the epoch; 0 in a record of an earlier version.
    """

    id: str
    waiter: TaskInstanceKey
    expires: float
    heartbeat: float | None = None
    beat: float = 0.0
    answer: WorkerAnswer | None = None
    work: ActivityTask | None = None
    state: str = ""
    since: float = 0.0

    @property
    def deadline(self) -> float:
        """Until when an answer or a heartbeat is accepted, seconds since the epoch."""
        return self.expires if self.heartbeat is None else min(self.expires, self.beat + self.heartbeat)

    def with_answer(self, answer: WorkerAnswer, now: float) -> Self:
        """Return the record with an answer, or a heartbeat."""
        return replace(self, beat=now) if answer.action == "SendTaskHeartbeat" else replace(self, answer=answer)

    def with_worker(self, now: float) -> Self:
        """Return the record after a worker has claimed the task: from now on heartbeats count."""
        return replace(self, beat=now)

    def to_text(self) -> str:
        """Serialize the record for the Variable."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Deserialize what `to_text` gave."""
        data: dict[str, Json] = json.loads(text)
        data["waiter"] = TaskInstanceKey(**data["waiter"])
        for name, cls_of_field in (("answer", WorkerAnswer), ("work", ActivityTask)):
            data[name] = cls_of_field(**data[name]) if data[name] is not None else None
        return cls(**data)


def write_record(wait: WaitRecord) -> None:
    """Write a new record, from within a task or a trigger; one of an activity where its workers find it."""
    from sfn_provider._compat import Variable

    key = variable_key(wait.id) if wait.work is None else activity_key_prefix(wait.work.activity_arn) + wait.id
    Variable.set(key, wait.to_text(), description=describe(wait))


def describe(wait: WaitRecord) -> str:
    """Return the description of a record's Variable; it begins with the id of the DAG and a comma."""
    waiter = f"{wait.waiter.dag_id}, {wait.waiter.run_id}, {wait.waiter.task_id}"
    return f"{waiter} waits for a worker; this goes when the wait is over"


def update_record(wait: WaitRecord) -> None:
    """Overwrite a record that can be answered, from within a task or a trigger.

    Unlike the API server, which has the database, this cannot detect a concurrent answer: the last one written counts.
    """
    from sfn_provider._compat import Variable

    Variable.set(variable_key(wait.id), wait.to_text(), description=describe(wait))


def read_record(wait_id: str) -> WaitRecord | None:
    """Read a record, from within a task or a trigger; None where there is none, or no worker has claimed it yet."""
    from sfn_provider._compat import Variable

    # None is the default; the parameter's name differs between versions.
    text: str | None = Variable.get(variable_key(wait_id), None)
    return WaitRecord.from_text(text) if text is not None else None


def delete_record(wait_id: str, activity_arn: str | None = None) -> None:
    """Delete a record, from within a task: later answers are rejected.

    Args:
        wait_id: the wait's id.
        activity_arn: its activity, where it has one.
    """
    from sfn_provider._compat import Variable

    Variable.delete(variable_key(wait_id))
    if activity_arn is not None:
        Variable.delete(activity_key_prefix(activity_arn) + wait_id)
