"""What a DAG does not do as a state machine does, as tables.

A construct that comes to be translated alike loses its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.translate.definitions.placeholders import texts_of, without_partition
from sfn_provider.translate.findings import Effect, Finding

Json = Any
Fields = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Rule:
    """A construct that a DAG does not do as a state machine does.

    Args:
        code: short name.
        effect: see `Finding`.
        applies: whether a state, or a plan, has it.
        why: what is different and why.
        advice: what to do.
    """

    code: str
    effect: Effect
    applies: Callable[[Any], bool]
    why: str
    advice: str

    def finding(self, state: str | None = None, location: str = "") -> Finding:
        """The finding for a state, or for the machine."""
        return Finding(self.code, self.effect, self.why, self.advice, state, location)


# What a state's fields tell ------------------------------------------------------------------------------------------


def _resource(state: Fields) -> Resource | None:
    text = state.get("Resource")
    return parse_resource(text) if state.get("Type") == "Task" and isinstance(text, str) else None


def _is_kind(kind: str) -> Callable[[Fields], bool]:
    def applies(state: Fields) -> bool:
        resource = _resource(state)
        return resource is not None and resource.kind == kind

    return applies


def _waits_for_token(state: Fields) -> bool:
    resource = _resource(state)
    return resource is not None and resource.pattern == "waitForTaskToken"


@lru_cache(maxsize=1)
def _supported() -> dict[str, tuple[str, ...]]:
    """Ways to wait by ``service:action``, as the integrations have them."""
    from sfn_provider.integrations import supported_resources

    return {entry.resource.removeprefix("arn:aws:states:::"): tuple(entry.patterns) for entry in supported_resources()}


def _unsupported(state: Fields) -> bool:
    resource = _resource(state)
    if resource is None or resource.kind != "optimized":
        return False
    name = f"{resource.service}:{resource.action}"
    return "${" not in name and resource.pattern not in _supported().get(name, ())


def _unknown_resource(state: Fields) -> bool:
    return _is_kind("unknown")(state) and "${" not in str(state["Resource"])


def _without_value(state: Fields) -> bool:
    resource = _resource(state)
    return resource is not None and "${" in without_partition(resource.text)


def _has_heartbeat(state: Fields) -> bool:
    """Has a task heartbeats that no worker outside sends?"""
    answered = _waits_for_token(state) or _is_kind("activity")(state)
    return not answered and ("HeartbeatSeconds" in state or "HeartbeatSecondsPath" in state)


def _is_distributed(state: Fields) -> bool:
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    return isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"


_IDS = ("$$.Execution.Id", "$$.Execution.Name", "$$.Execution.RoleArn", "$$.StateMachine", "$$.Execution.RedriveTime")
_JSONATA_IDS = tuple(name.replace("$$", "$states.context") for name in _IDS)
_INSIDE = ("Branches", "ItemProcessor", "Iterator")


def _reads_ids(state: Fields) -> bool:
    own = {name: value for name, value in state.items() if name not in _INSIDE}
    return any(name in text for _, text in texts_of(own, "") for name in (*_IDS, *_JSONATA_IDS))


STATE_RULES: tuple[Rule, ...] = (
    Rule(
        "TASK_TOKEN",
        "differs",
        _waits_for_token,
        "The token is Airflow's: the worker must answer at the endpoint of Airflow's web server, not at AWS's.",
        "Set the endpoint URL of the worker's client, see docs/task-tokens.md.",
    ),
    Rule(
        "ACTIVITY",
        "differs",
        _is_kind("activity"),
        "The activity's workers must ask for work at the endpoint of Airflow's web server, not at AWS's.",
        "Set the endpoint URL of the workers' clients and the keys they sign with, see docs/task-tokens.md.",
    ),
    Rule(
        "HTTP_INVOKE",
        "differs",
        _is_kind("http:invoke"),
        "Airflow's worker calls the endpoint: it needs the way there, and the rights to read the connection's secret.",
        "Allow events:DescribeConnection and secretsmanager:GetSecretValue, and the worker's address at the endpoint.",
    ),
    Rule(
        "UNSUPPORTED_INTEGRATION",
        "fails",
        _unsupported,
        "This integration, or this way of waiting for it, is not among those that tasks can call, so the task fails.",
        "Use the aws-sdk integration of the same service, or an operator of Airflow.",
    ),
    Rule(
        "UNKNOWN_RESOURCE",
        "fails",
        _unknown_resource,
        "The Resource is no function, activity or integration, so the task fails.",
        "Correct the Resource.",
    ),
    Rule(
        "RESOURCE_WITHOUT_VALUE",
        "fails",
        _without_value,
        "The Resource has a placeholder without a value, so the task fails and names it.",
        "Give its value: --substitutions NAME=VALUE.",
    ),
    Rule(
        "HEARTBEAT",
        "differs",
        _has_heartbeat,
        "Heartbeats need a task token; without one the task times out once HeartbeatSeconds have passed.",
        "Leave HeartbeatSeconds out and set TimeoutSeconds.",
    ),
    Rule(
        "DISTRIBUTED_MAP",
        "differs",
        _is_distributed,
        "Child executions run within tasks, not as executions of their own: no map run to look at, no redrive of "
        "failed items, and items and results go through Airflow's database.",
        "Configure an XCom backend for large items, or leave large maps in Step Functions.",
    ),
    Rule(
        "CONTEXT_OBJECT",
        "differs",
        _reads_ids,
        "The context object's ids and names are those of the DAG and its run, not of an execution in Step Functions.",
        "Check who uses them, such as names of jobs and idempotency keys.",
    ),
)
"""What is different by the fields of a state, also of states inside of others."""


# What the plan tells -------------------------------------------------------------------------------------------------

TASK_RULES: dict[str, Rule] = {
    "ParallelStateOperator": Rule(
        "PARALLEL_IS_ONE_TASK",
        "looks",
        lambda task: True,
        "The branches run side by side within one task: Airflow shows and clears them as one.",
        "Look into the task's log for the branches.",
    ),
    "MapStateOperator": Rule(
        "MAP_IS_ONE_TASK",
        "looks",
        lambda task: True,
        "The iterations run within one task: Airflow shows and clears them as one.",
        "Look into the task's log for the iterations.",
    ),
    "ParallelJoinOperator": Rule(
        "BRANCHES_END_THEIR_STATE",
        "differs",
        lambda group: len(group.branches) > 1,
        "When a branch fails, the others stop before their next state; Step Functions stops them in the midst of it.",
        "Give states that must not run on after such a failure a timeout.",
    ),
    "MapJoinOperator": Rule(
        "ITEMS_END_THEIR_STATE",
        "differs",
        lambda group: True,
        "When an item fails, the others stop before their next state; Step Functions stops them in the midst of it. "
        "MaxConcurrency holds for each state inside, not for all of them together; up to Airflow 3.2, deferred tasks "
        "do not count.",
        "Give states that must not run on after such a failure a timeout. Before Airflow 3.3, set [sfn_provider] "
        "waiting = block where MaxConcurrency protects what the states call.",
    ),
    "LoopOperator": Rule(
        "LOOP_IS_ONE_TASK",
        "looks",
        lambda task: True,
        "States that lead back to one another run within one task, as Airflow's graph has no way back.",
        "Look into the task's log for the rounds.",
    ),
}
"""What is different by the operator of a task."""

MACHINE_RULES: tuple[Rule, ...] = (
    Rule(
        "MACHINE_TIMEOUT",
        "differs",
        lambda plan: plan.timeout is not None,
        "After TimeoutSeconds the DAG run is failed by Airflow's scheduler, which looks every few seconds; there is no "
        "status TIMED_OUT.",
        "Watch for failed runs where you watched for TIMED_OUT.",
    ),
    Rule(
        "SCHEDULE_WITHOUT_INPUT",
        "differs",
        lambda plan: plan.schedule is not None and not plan.params,
        "A scheduled run starts with an empty input; a rule of EventBridge without Input passes its event.",
        "Give the input that the states read: --input JSON.",
    ),
)
"""What is different by the plan as a whole."""

EXPRESS = Finding(
    "EXPRESS",
    "differs",
    "The machine is EXPRESS: it may run a state more than once, ends after 5 minutes and can answer at once. "
    "A DAG run does each state once, has no such limit, starts within seconds and answers nobody.",
    "Leave machines that must answer fast in Step Functions.",
)
