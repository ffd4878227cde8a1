"""What an integration is made of: data, and small functions of JSON values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from sfn_provider.asl.resources import Pattern
from sfn_provider.asl.scope import Json
from sfn_provider.integrations.errors import ErrorNames
from sfn_provider.integrations.value_shapes import OPTIMIZED_STYLE, Values, ValueStyle


@dataclass(frozen=True, slots=True)
class CallContext:
    """Who calls, for what an integration adds to its parameters.

    Args:
        pattern: how the task waits.
        execution_arn: the execution, ``""`` where unknown.
        machine_arn: the state machine, ``""`` where unknown.
    """

    pattern: Pattern
    execution_arn: str = ""
    machine_arn: str = ""


def unchanged_response(values: Values) -> Json:
    """Give the response as the result."""
    return values


def unchanged_parameters(parameters: Values, started: CallContext) -> Values:
    """Give the parameters as they are."""
    return parameters


@dataclass(frozen=True, slots=True)
class CallTemplate:
    """An operation with its parameters as a template.

    Args:
        operation: the operation: ``GetJobRun``.
        template: its parameters in PascalCase; a text ``$parameters.A.B`` or ``$response.A.0.B`` stands for a value of
            the submission.
    """

    operation: str
    template: Json = field(default_factory=dict)

    def fill(self, parameters: Values, response: Values) -> Json:
        """Put the submission's values into the template."""
        return fill_template(self.template, {"$parameters": parameters, "$response": response})


def fill_template(template: Json, sources: dict[str, Json]) -> Json:
    """Put values in the place of texts such as ``$response.A.0.B``, by the name before the first dot."""
    if isinstance(template, dict):
        return {key: fill_template(entry, sources) for key, entry in template.items()}
    if isinstance(template, list):
        return [fill_template(entry, sources) for entry in template]
    if isinstance(template, str) and template.startswith("$"):
        source, _, path = template.partition(".")
        return get_path(sources[source], path)
    return template


def get_path(value: Json, path: str) -> Json:
    """Give what a path such as ``Tasks.0.TaskArn`` leads to; None where it leads nowhere."""
    for step in path.split(".") if path else ():
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


@dataclass(frozen=True, slots=True)
class ResponsePart:
    """Gives a part of a response as the result: what the path leads to."""

    path: str

    def __call__(self, values: Values) -> Json:
        """Give the part."""
        return get_path(values, self.path)


@dataclass(frozen=True, slots=True)
class PollInterval:
    """Seconds between two looks at a job: they grow by half with each look, from ``first`` up to ``longest``."""

    first: float
    longest: float

    def after(self, looks: int) -> float:
        """Give the seconds until the next look after so many looks."""
        return min(self.longest, self.first * 1.5 ** min(looks, 40))


@dataclass(frozen=True, slots=True)
class BatchDescribe:
    """How many jobs are looked at by one call.

    Args:
        operation: the operation: ``DescribeJobs``.
        ids: its field that lists the ids of jobs; None where it lists all the jobs that there are, newest first.
        limit: how many jobs one call can tell of.
        items: path to the jobs in the answer.
        item: path to the one job in the answer of the call that describes one.
        id: path to the job's id in the parameters of that call; their other fields are the same for a whole batch.
        id_of: path to the id in a job of the answer.
        others: further parameters.
    """

    operation: str
    ids: str | None
    limit: int
    items: str
    item: str
    id: str
    id_of: str
    others: Values = field(default_factory=dict)

    def shared(self, describe: Values) -> Values:
        """Give the parameters that all jobs of a batch have, of those that describe one."""
        own = self.id.partition(".")[0]
        return {name: value for name, value in describe.items() if name != own}

    def parameters(self, jobs: Sequence[Values]) -> Values:
        """Make the parameters for jobs with the same shared ones, of those that describe each."""
        ids = {self.ids: [get_path(job, self.id) for job in jobs]} if self.ids is not None else {}
        return self.shared(jobs[0]) | ids | self.others

    def found(self, answer: Values) -> dict[Json, Json]:
        """Give the jobs of an answer by their ids."""
        return {get_path(job, self.id_of): job for job in get_path(answer, self.items) or ()}


class ServiceCaller(Protocol):
    """Calls operations with the task's credentials; what it may raise is botocore's."""

    def ask(self, operation: str, parameters: Values) -> Values:
        """Call another operation of the task's service."""

    def sibling(self, service: str) -> ServiceCaller:
        """Call operations of another service, by boto3's name of it."""


JobState = Literal["running", "succeeded", "failed"]

CallOperation = Callable[[str, Values], Values]
"""Calls an operation of the job's service; what it may raise is botocore's."""


@dataclass(frozen=True, slots=True)
class SyncJob:
    """How a job is followed to its end (``.sync``).

    Args:
        describe: the call that describes the job.
        status: path to the status in the description.
        succeeded: statuses of a job that is done.
        failed: statuses of a job that has failed; every other status is a job that goes on.
        result: makes the result of the description; a failure's cause is its JSON text.
        stop: the call that stops the job; None where Step Functions does not stop it.
        pace: how often to look.
        accepted: raises StatesError where the response to the submission says that nothing was started.
        judge: tells how a job stands that has one of the statuses in ``succeeded``, where the status does not say.
        keep: whether the response to the submission is part of the result, too.
        batch: how many jobs are looked at by one call; None where each needs its own.
        glance: further parameters of ``describe`` where only the status is wanted.
        gone: whether a job that its service knows no more is done: what is waited for is that it disappears. Its
            result is then the response to the submission.
    """

    describe: CallTemplate
    status: str
    succeeded: frozenset[str]
    failed: frozenset[str]
    result: Callable[[Values], Json]
    stop: CallTemplate | None
    pace: PollInterval
    accepted: Callable[[Values], None] | None = None
    judge: Callable[[Values, CallOperation], JobState] | None = None
    keep: bool = False
    gone: bool = False
    batch: BatchDescribe | None = None
    glance: Values = field(default_factory=dict)

    @property
    def ended(self) -> frozenset[str]:
        """The statuses of a job that does not go on."""
        return self.succeeded | self.failed

    @property
    def status_of_item(self) -> str:
        """Path to the status in a job of a batch."""
        return self.status.removeprefix(f"{self.batch.item}.") if self.batch is not None else self.status

    def verdict(self, description: Values, ask: CallOperation) -> JobState | None:
        """Tell how a job stands; None where the description has no such job."""
        status = get_path(description, self.status)
        if status is None:
            return None
        if status in self.succeeded:
            return self.judge(description, ask) if self.judge is not None else "succeeded"
        return "failed" if status in self.failed else "running"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What makes a call happen once, however often it is sent.

    Args:
        field: the field that takes the same text for the same call; parameters that have it keep theirs.
        taken: the error code that says that the call was made before; None where the service then answers as before.
        find: gives the response of the call made before, of the parameters; raises what botocore does.
    """

    field: str
    taken: str | None = None
    find: Callable[[Values, CallOperation], Values] | None = None


AdapterName = Literal["aws", "api gateway", "http", "kubernetes"]
"""What speaks to the service: boto3, or HTTPS of our own where no boto3 service has the operation."""


@dataclass(frozen=True, slots=True)
class Integration:
    """An operation as a Task calls it.

    Args:
        service: the service in the resource ARN: ``glue``, ``aws-sdk:dynamodb``.
        action: the action in the resource ARN.
        client: boto3's name of the service.
        operation: the operation it calls.
        errors: how it names errors.
        prepare: makes the operation's parameters of the task's.
        result: makes the task's result of the response; raises StatesError where the response tells of a failure.
        required: fields that the task's parameters must have, where they differ from the operation's.
        refused: fields of the operation that the integration does not take.
        once: what makes the call happen once, where the model does not mark the field that does.
        syncs: how its jobs are followed, by pattern.
        callback: it can pass a task token on (``.waitForTaskToken``).
        metadata: the result shows ``SdkHttpMetadata`` and ``SdkResponseMetadata``.
        style: how fields, times and bodies are written.
        pages: the fields of an operation that answers in pages: token asked with, token answered, items.
        complete: makes of the task's parameters and the operation's the latter with what must be asked from AWS first.
        conclude: makes of the task's parameters and its result another result, where that takes a call.
        wire: what speaks to the service.
    """

    service: str
    action: str
    client: str
    operation: str
    errors: ErrorNames
    prepare: Callable[[Values, CallContext], Values] = unchanged_parameters
    result: Callable[[Values], Json] = unchanged_response
    required: tuple[str, ...] | None = None
    refused: frozenset[str] = frozenset()
    once: Idempotency | None = None
    syncs: dict[Pattern, SyncJob] = field(default_factory=dict)
    callback: bool = False
    metadata: bool = True
    style: ValueStyle = OPTIMIZED_STYLE
    pages: tuple[str, str, str] | None = None
    complete: Callable[[Values, Values, ServiceCaller], Values] | None = None
    conclude: Callable[[Values, Json, ServiceCaller], Json] | None = None
    wire: AdapterName = "aws"

    @property
    def name(self) -> str:
        """Its key in the table: ``glue:startJobRun``."""
        return f"{self.service}:{self.action}"

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns it can be called with."""
        return (_REQUEST_RESPONSE, *self.syncs, *((_CALLBACK,) if self.callback else ()))


_REQUEST_RESPONSE: Final[Pattern] = "request_response"
_CALLBACK: Final[Pattern] = "waitForTaskToken"
