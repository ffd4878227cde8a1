"""The records of waits: what the task, the triggerer and the API server know of a task token.

A record is an Airflow Variable, because that is the one store which all three can read and write on every version of
Airflow, and which a new try of a task still finds: XComs go when a task starts anew, triggers of Airflow 3 do not see
the database, and a table of our own would have to be created in it. The task writes the record before it gives the
token away and deletes it when the wait is over; whoever takes the worker's answer writes it into the record. So there
is one record for each open wait, and a token without a record is worth nothing.
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

# No word in these keys is one for which Airflow masks the value in logs, such as "token": the masks would never go.
_PREFIX: Final = "sfn_provider_callback_"
_ACTIVITY_PREFIX: Final = "sfn_provider_activity_"

DEFAULT_TIMEOUT: Final = 99_999_999.0
"""Seconds that a wait lasts without TimeoutSeconds: the default of AWS."""


MIN_DEFERRAL_SECONDS: Final = 5.0
"""Seconds that a task stays deferred at least, where no time is due.

A scheduler that is slow to hear of the end of the process that has deferred takes a task that runs again by then for
one that was killed, and fails it ("state mismatch"; seen on 3.3.2 under load, 2.5 s after the deferral).
"""


def variable_key(identity: str) -> str:
    """The Variable of a wait that can be answered."""
    return _PREFIX + identity


def activity_key_prefix(activity_arn: str) -> str:
    """How the Variables of waits begin that no worker of an activity has taken yet."""
    return f"{_ACTIVITY_PREFIX}{hashlib.sha256(activity_arn.encode()).hexdigest()[:32]}_"


@dataclass(frozen=True, slots=True)
class ActivityTask:
    """What a worker of an activity is given.

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
        heartbeat: seconds within which the worker must show itself; None where it need not.
        beat: when it did so last; at first when the wait began.
        answer: how the worker has ended the task; None as long as it has not.
        work: what the worker is given, where the task is an activity's.
    """

    id: str
    waiter: TaskInstanceKey
    expires: float
    heartbeat: float | None = None
    beat: float = 0.0
    answer: WorkerAnswer | None = None
    work: ActivityTask | None = None

    @property
    def deadline(self) -> float:
        """Until when an answer or a heartbeat is in time, seconds since the epoch."""
        return self.expires if self.heartbeat is None else min(self.expires, self.beat + self.heartbeat)

    def take(self, answer: WorkerAnswer, now: float) -> Self:
        """The record once an answer, or a heartbeat, has come."""
        return replace(self, beat=now) if answer.action == "SendTaskHeartbeat" else replace(self, answer=answer)

    def begin(self, now: float) -> Self:
        """The record once a worker has taken the work: from now on heartbeats count."""
        return replace(self, beat=now)

    def to_text(self) -> str:
        """The record as the Variable holds it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` made."""
        data: dict[str, Json] = json.loads(text)
        data["waiter"] = TaskInstanceKey(**data["waiter"])
        for name, made_of in (("answer", WorkerAnswer), ("work", ActivityTask)):
            data[name] = made_of(**data[name]) if data[name] is not None else None
        return cls(**data)


def write_record(wait: WaitRecord) -> None:
    """Keep a record, from within a task or a trigger; an activity's that is new where its workers look for it."""
    from sfn_provider._compat import Variable

    key = variable_key(wait.id) if wait.work is None else activity_key_prefix(wait.work.activity_arn) + wait.id
    waiter = f"{wait.waiter.dag_id}, {wait.waiter.run_id}, {wait.waiter.task_id}"
    Variable.set(key, wait.to_text(), description=f"{waiter} waits for a worker; this goes when the wait is over")


def update_record(wait: WaitRecord) -> None:
    """Write a record anew that can be answered, from within a task or a trigger.

    Unlike the API server, which sees the database, this cannot tell that another answer comes at the same moment: then
    the one that is written last counts.
    """
    from sfn_provider._compat import Variable

    Variable.set(variable_key(wait.id), wait.to_text())


def read_record(identity: str) -> WaitRecord | None:
    """Look at a record, from within a task or a trigger; None where there is none, or no worker has the work yet."""
    from sfn_provider._compat import Variable

    # None is the default; the parameter's name differs between versions.
    text: str | None = Variable.get(variable_key(identity), None)
    return WaitRecord.from_text(text) if text is not None else None


def delete_record(identity: str, activity_arn: str | None = None) -> None:
    """Forget a record, from within a task: whoever answers now is told that the wait is over.

    Args:
        identity: the wait's id.
        activity_arn: its activity, where it has one.
    """
    from sfn_provider._compat import Variable

    Variable.delete(variable_key(identity))
    if activity_arn is not None:
        Variable.delete(activity_key_prefix(activity_arn) + identity)
